import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import { findLogits } from '../../src-main/model/output.ts';
import type { ClassifierOutput } from '../../src-main/model/output.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';

/** What is found in a model whose input `x` [rows, ...dims] goes through `body`; `body` declares the outputs. */
async function found(dims: number[], body: (b: GraphBuilder) => void, { rows = 2, opset = 18 } = {}): Promise<ClassifierOutput> {
  const b = new GraphBuilder(emptyGraph('g', opset));
  b.input('x', DType.float32, ['N', ...dims]);
  b.node('Relu', ['x'], {}, { outputs: ['z'] });
  body(b);
  return findLogits(b.graph, await traceFacts(b.graph, { x: [rows, ...dims] }), rows);
}

const out = (b: GraphBuilder, value: string, name = 'y', type: DType = DType.float32) => {
  b.node('Identity', [value], {}, { outputs: [name] });
  b.output(name, type, ['N', '?']);
};

describe('class scores taken back to logits', () => {
  it.each<[string, number[], (b: GraphBuilder) => string, Partial<ClassifierOutput>, { rows?: number; opset?: number }]>([
    ['plain logits', [5], () => 'z', { kind: 'logits', logits: 'y', width: 5, classes: 5 }, {}],
    ['softmax', [5], (b) => b.node('Softmax', ['z'], { axis: -1 }), { kind: 'softmax', logits: 'z', width: 5, classes: 5 }, {}],
    ['softmax, no axis written', [5], (b) => b.node('Softmax', ['z']), { kind: 'softmax', logits: 'z' }, {}],
    ['log-softmax', [5], (b) => b.node('LogSoftmax', ['z'], { axis: 1 }), { kind: 'log-softmax', logits: 'z' }, {}],
    ['sigmoid of each class', [5], (b) => b.node('Sigmoid', ['z']), { kind: 'sigmoid', logits: 'z', width: 5, classes: 5 }, {}],
    ['one sigmoid for two classes', [1], (b) => b.node('Sigmoid', ['z']), { kind: 'sigmoid', logits: 'z', width: 1, classes: 2 }, {}],
    ['as many classes as rows', [4], (b) => b.node('Softmax', ['z'], { axis: 1 }), { kind: 'softmax', logits: 'z' }, { rows: 4 }],
    ['reshape after softmax', [5, 1, 1], (b) => b.node('Reshape', [b.node('Softmax', ['z'], { axis: 1 }), b.ints([-1, 5])]), { kind: 'softmax', logits: 'z', width: 5 }, {}],
    ['flatten and dropout after softmax', [5, 1, 1], (b) => b.node('Dropout', [b.node('Flatten', [b.node('Softmax', ['z'], { axis: 1 })])]), { kind: 'softmax', logits: 'z' }, {}],
    ['squeeze after log-softmax', [5, 1, 1], (b) => b.node('Squeeze', [b.node('LogSoftmax', ['z'], { axis: 1 }), b.ints([2, 3])]), { kind: 'log-softmax', logits: 'z' }, {}],
    ['a cast after softmax', [5], (b) => b.node('Cast', [b.node('Cast', [b.node('Softmax', ['z'])], { to: DType.float64 })], { to: DType.float32 }), { kind: 'softmax', logits: 'z' }, {}],
    ['softmax over the classes of [N, K, 1, 1]', [5, 1, 1], (b) => b.node('Softmax', ['z'], { axis: 1 }), { kind: 'softmax', logits: 'z', width: 5 }, {}],
    ['softmax over the classes of [N, 1, K]', [1, 5], (b) => b.node('Softmax', ['z'], { axis: 2 }), { kind: 'softmax', logits: 'z', width: 5 }, {}],
    ['softmax of opset 11, which runs over all axes from 1 on', [5, 1, 1], (b) => b.node('Softmax', ['z']), { kind: 'softmax', logits: 'z' }, { opset: 11 }],
    ['softmax of opset 11 over [N, 1, K]', [1, 5], (b) => b.node('Softmax', ['z'], { axis: 1 }), { kind: 'softmax', logits: 'z' }, { opset: 11 }],
  ])('%s', async (_, dims, body, expected, at) => {
    expect(await found(dims, (b) => out(b, body(b)), at)).toMatchObject({ name: 'y', ...expected });
  });

  it.each<[string, number[], (b: GraphBuilder) => string, { rows?: number; opset?: number }]>([
    ['over the rows', [4], (b) => b.node('Softmax', ['z'], { axis: 0 }), { rows: 4 }],
    ['over the rows, opset 11', [4], (b) => b.node('Softmax', ['z'], { axis: 0 }), { rows: 4, opset: 11 }],
    ['over a single value of [N, K, 1, 1]', [5, 1, 1], (b) => b.node('Softmax', ['z'], { axis: 3 }), {}],
    ['over a single value of [N, 1, K]', [1, 5], (b) => b.node('Softmax', ['z'], { axis: 1 }), {}],
    ['over pairs, not over the classes', [6], (b) => b.node('Reshape', [b.node('Softmax', [b.node('Reshape', ['z', b.ints([-1, 3, 2])])], { axis: 2 }), b.ints([-1, 6])]), {}],
    ['inside the network', [5], (b) => b.node('Relu', [b.node('Softmax', ['z'])]), {}],
  ])('a softmax %s is part of the network', async (_, dims, body, at) => {
    expect(await found(dims, (b) => out(b, body(b)), at)).toMatchObject({ name: 'y', logits: 'y', kind: 'logits' });
  });
});

describe('which output holds the scores', () => {
  it('is the first row of floats, past labels and feature maps', async () => {
    const result = await found([5], (b) => {
      out(b, b.node('ArgMax', ['z'], { axis: 1 }), 'label', DType.int64);
      out(b, b.node('Reshape', [b.node('Concat', ['z', 'z'], { axis: 1 }), b.ints([-1, 2, 5])]), 'features');
      out(b, b.node('Softmax', ['z']), 'scores');
      out(b, 'z', 'again');
    });
    expect(result).toMatchObject({ name: 'scores', logits: 'z', kind: 'softmax' });
  });

  it('is what a label was made from, where there is only a label', async () => {
    const result = await found([5], (b) => out(b, b.node('Squeeze', [b.node('ArgMax', [b.node('Softmax', ['z'], {}, { outputs: ['p'] })], { axis: 1 }), b.ints([1])]), 'label', DType.int64));
    expect(result).toMatchObject({ name: 'p', logits: 'z', kind: 'softmax', classes: 5 });
  });

  it('is what a ZipMap was made from', async () => {
    const result = await found([3], (b) => {
      b.graph.model.opsetImport.push({ ...b.graph.model.opsetImport[0]!, domain: 'ai.onnx.ml', version: 1n });
      const p = b.node('Softmax', ['z'], {}, { outputs: ['p'] });
      b.node('ZipMap', [p], { classlabels_int64s: [0, 1, 2] }, { outputs: ['maps'], domain: 'ai.onnx.ml' });
      b.graph.outputs.push({ ...b.graph.inputs[0]!, name: 'maps', type: undefined });
    });
    expect(result).toMatchObject({ name: 'p', logits: 'z', kind: 'softmax', classes: 3 });
  });

  it.each<[string, number[], (b: GraphBuilder) => string, DType, string]>([
    ['a picture', [3, 4, 4], () => 'z', DType.float32, 'No output of the model is one row of class scores per image (y [2, 3, 4, 4]): choose a goal on its output, such as deviation.'],
    ['a count', [5], (b) => b.node('Cast', [b.node('ReduceSum', ['z'], { keepdims: 0 })], { to: DType.int64 }), DType.int64, 'No output of the model is one row of class scores per image (y []'],
    ['a single number without a sigmoid', [1], () => 'z', DType.float32, "The model's output y is a single number without a sigmoid, so there are no classes to tell apart."],
    ['a single number after a softmax', [1], (b) => b.node('Softmax', ['z']), DType.float32, 'is a single number without a sigmoid'],
  ])('none, when there is only %s', async (_, dims, body, type, message) => {
    const finding = found(dims, (b) => out(b, body(b), 'y', type));
    await expect(finding).rejects.toThrow(UserError);
    await expect(finding).rejects.toThrow(message);
  });
});
