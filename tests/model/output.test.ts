import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import type { Answer } from '../../shared/plan.ts';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import { findLogits, scoreNotes } from '../../src-main/model/output.ts';
import type { ClassifierOutput } from '../../src-main/model/output.ts';
import { readScores } from '../../src-main/model/scores.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';

/** What is found in a model whose input `x` [rows, ...dims] goes through `body`; `body` declares the outputs. */
async function found(
  dims: number[],
  body: (b: GraphBuilder) => void,
  { rows = 2, opset = 18 } = {},
  said?: Answer,
): Promise<ClassifierOutput> {
  const b = new GraphBuilder(emptyGraph('g', opset));
  b.input('x', DType.float32, ['N', ...dims]);
  b.node('Relu', ['x'], {}, { outputs: ['z'] });
  body(b);
  return findLogits(b.graph, await traceFacts(b.graph, { x: [rows, ...dims] }), rows, said);
}

const out = (b: GraphBuilder, value: string, name = 'y', type: DType = DType.float32) => {
  b.node('Identity', [value], {}, { outputs: [name] });
  b.output(name, type, ['N', '?']);
};

/** A layer whose weights are told apart by where they are. */
const gemm = (b: GraphBuilder, value: string, from: number, to: number): string =>
  b.node('Gemm', [
    value,
    b.constant(
      Array.from({ length: from * to }, (_, i) => Math.sin(i)),
      [from, to],
    ),
  ]);
/** The best three and their classes. */
function best(b: GraphBuilder, row: string, count = 3): void {
  b.node('TopK', [row, b.ints([count])], { axis: 1 }, { outputs: ['values', 'indices'] });
  b.output('values', DType.float32, ['N', count]);
  b.output('indices', DType.int64, ['N', count]);
}

describe('class scores taken back to logits', () => {
  it.each<[string, number[], (b: GraphBuilder) => string, Partial<ClassifierOutput>, { rows?: number; opset?: number }]>([
    ['plain logits', [5], () => 'z', { kind: 'logits', logits: 'y', width: 5, classes: 5 }, {}],
    ['softmax', [5], (b) => b.node('Softmax', ['z'], { axis: -1 }), { kind: 'softmax', logits: 'z', width: 5, classes: 5 }, {}],
    ['softmax, no axis written', [5], (b) => b.node('Softmax', ['z']), { kind: 'softmax', logits: 'z' }, {}],
    ['log-softmax', [5], (b) => b.node('LogSoftmax', ['z'], { axis: 1 }), { kind: 'log-softmax', logits: 'z' }, {}],
    ['sigmoid of each class', [5], (b) => b.node('Sigmoid', ['z']), { kind: 'sigmoid', logits: 'z', width: 5, classes: 5 }, {}],
    ['one sigmoid for two classes', [1], (b) => b.node('Sigmoid', ['z']), { kind: 'sigmoid', logits: 'z', width: 1, classes: 2 }, {}],
    ['as many classes as rows', [4], (b) => b.node('Softmax', ['z'], { axis: 1 }), { kind: 'softmax', logits: 'z' }, { rows: 4 }],
    [
      'reshape after softmax',
      [5, 1, 1],
      (b) => b.node('Reshape', [b.node('Softmax', ['z'], { axis: 1 }), b.ints([-1, 5])]),
      { kind: 'softmax', logits: 'z', width: 5 },
      {},
    ],
    [
      'flatten and dropout after softmax',
      [5, 1, 1],
      (b) => b.node('Dropout', [b.node('Flatten', [b.node('Softmax', ['z'], { axis: 1 })])]),
      { kind: 'softmax', logits: 'z' },
      {},
    ],
    [
      'squeeze after log-softmax',
      [5, 1, 1],
      (b) => b.node('Squeeze', [b.node('LogSoftmax', ['z'], { axis: 1 }), b.ints([2, 3])]),
      { kind: 'log-softmax', logits: 'z' },
      {},
    ],
    [
      'a cast after softmax',
      [5],
      (b) => b.node('Cast', [b.node('Cast', [b.node('Softmax', ['z'])], { to: DType.float64 })], { to: DType.float32 }),
      { kind: 'softmax', logits: 'z' },
      {},
    ],
    [
      'softmax over the classes of [N, K, 1, 1]',
      [5, 1, 1],
      (b) => b.node('Softmax', ['z'], { axis: 1 }),
      { kind: 'softmax', logits: 'z', width: 5 },
      {},
    ],
    [
      'softmax over the classes of [N, 1, K]',
      [1, 5],
      (b) => b.node('Softmax', ['z'], { axis: 2 }),
      { kind: 'softmax', logits: 'z', width: 5 },
      {},
    ],
    [
      'softmax of opset 11, which runs over all axes from 1 on',
      [5, 1, 1],
      (b) => b.node('Softmax', ['z']),
      { kind: 'softmax', logits: 'z' },
      { opset: 11 },
    ],
    [
      'softmax of opset 11 over [N, 1, K]',
      [1, 5],
      (b) => b.node('Softmax', ['z'], { axis: 1 }),
      { kind: 'softmax', logits: 'z' },
      { opset: 11 },
    ],
  ])('%s', async (_, dims, body, expected, at) => {
    expect(await found(dims, (b) => out(b, body(b)), at)).toMatchObject({ name: 'y', ...expected });
  });

  it.each<[string, number[], (b: GraphBuilder) => string, { rows?: number; opset?: number }]>([
    ['over the rows', [4], (b) => b.node('Softmax', ['z'], { axis: 0 }), { rows: 4 }],
    ['over the rows, opset 11', [4], (b) => b.node('Softmax', ['z'], { axis: 0 }), { rows: 4, opset: 11 }],
    ['over a single value of [N, K, 1, 1]', [5, 1, 1], (b) => b.node('Softmax', ['z'], { axis: 3 }), {}],
    ['over a single value of [N, 1, K]', [1, 5], (b) => b.node('Softmax', ['z'], { axis: 1 }), {}],
    [
      'over pairs, not over the classes',
      [6],
      (b) => b.node('Reshape', [b.node('Softmax', [b.node('Reshape', ['z', b.ints([-1, 3, 2])])], { axis: 2 }), b.ints([-1, 6])]),
      {},
    ],
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

  it.each<[string, number[], (b: GraphBuilder) => void, Partial<ClassifierOutput>]>([
    [
      'the row after the features that lead to it',
      [7],
      (b) => (out(b, 'z', 'first'), out(b, gemm(b, 'z', 7, 5), 'second')),
      { name: 'second', width: 5, others: ['first'], why: 'the others only lead to it' },
    ],
    [
      'the row that is called so, of two beside each other',
      [7],
      (b) => (out(b, gemm(b, 'z', 7, 4), 'embedding'), out(b, gemm(b, 'z', 7, 5), 'logits')),
      { name: 'logits', others: ['embedding'], why: 'its name says so' },
    ],
    [
      'the first of two that nothing tells apart',
      [7],
      (b) => (out(b, gemm(b, 'z', 7, 4), 'a'), out(b, gemm(b, 'z', 7, 5), 'b')),
      { name: 'a', others: ['b'], why: 'it comes first' },
    ],
    [
      'a row rather than a single number',
      [7],
      (b) => (out(b, gemm(b, 'z', 7, 1), 'age'), out(b, gemm(b, 'z', 7, 5), 'y')),
      { name: 'y', width: 5, why: 'the others are single numbers' },
    ],
    [
      'a row rather than the sigmoid of one number',
      [7],
      (b) => (out(b, b.node('Sigmoid', [gemm(b, 'z', 7, 1)]), 'male'), out(b, gemm(b, 'z', 7, 5), 'y')),
      { name: 'y', width: 5 },
    ],
    [
      'what the best few were chosen from',
      [5],
      (b) => best(b, b.node('Softmax', ['z'], {}, { outputs: ['p'] })),
      { name: 'p', logits: 'z', kind: 'softmax', classes: 5 },
    ],
    [
      'what all scores were sorted from',
      [5],
      (b) => best(b, b.node('Softmax', ['z'], {}, { outputs: ['p'] }), 5),
      { name: 'p', kind: 'softmax', classes: 5 },
    ],
    [
      'what percentages of the best few were chosen from',
      [5],
      (b) =>
        out(
          b,
          b.node('Mul', [
            b.node('TopK', [b.node('Softmax', ['z'], {}, { outputs: ['p'] }), b.ints([3])], { axis: 1 }, { outputs: ['v', 'i'] }),
            b.scalar(100),
          ]),
        ),
      { name: 'p', classes: 5 },
    ],
    [
      'what the best score was chosen from',
      [5],
      (b) => out(b, b.node('ReduceMax', [b.node('Softmax', ['z'], {}, { outputs: ['p'] }), b.ints([1])], { keepdims: 1 }), 'score'),
      { name: 'p', classes: 5 },
    ],
    [
      'what the label was chosen from, though another row comes first',
      [5],
      (b) => (out(b, gemm(b, 'z', 5, 9), 'probs'), out(b, b.node('ArgMax', ['z'], { axis: 1 }), 'label', DType.int64)),
      { name: 'z', classes: 5, others: ['probs'], why: 'the file chooses its label from it' },
    ],
  ])('is %s', async (_, dims, body, expected) => {
    expect(await found(dims, body)).toMatchObject(expected);
  });

  it('is the row that is named, inner values included', async () => {
    const two = (b: GraphBuilder) => (out(b, gemm(b, 'z', 7, 4), 'a'), out(b, b.node('Softmax', [gemm(b, 'z', 7, 5)]), 'b'));
    expect(await found([7], two, {}, { output: 'b', threshold: null })).toMatchObject({
      name: 'b',
      kind: 'softmax',
      classes: 5,
      why: 'it was named',
    });
    expect(await found([7], two, {}, { output: 'z', threshold: null })).toMatchObject({ name: 'z', kind: 'logits', classes: 7 });
    await expect(found([7], two, {}, { output: 'c', threshold: null })).rejects.toThrow('The model has no output or inner value called c');
    await expect(found([7], two, {}, { output: 'b', threshold: 0 })).rejects.toThrow(
      "The model's output b holds 5 numbers an image, and a threshold is for a single one",
    );
  });

  it.each<[string, (b: GraphBuilder) => string, { rows: number }, Partial<ClassifierOutput>]>([
    [
      'a sigmoid without a dimension of its own',
      (b) => b.node('Squeeze', [b.node('Sigmoid', [gemm(b, 'z', 7, 1)]), b.ints([1])]),
      { rows: 2 },
      { kind: 'sigmoid', width: 1, classes: 2 },
    ],
    [
      'the same of one image',
      (b) => b.node('Squeeze', [b.node('Sigmoid', [gemm(b, 'z', 7, 1)])]),
      { rows: 1 },
      { kind: 'sigmoid', width: 1, classes: 2 },
    ],
    [
      'one of two rows whose batch was squeezed away',
      (b) => (out(b, b.node('Squeeze', [gemm(b, 'z', 7, 3)]), 'features'), b.node('Squeeze', [b.node('Softmax', [gemm(b, 'z', 7, 5)])])),
      { rows: 1 },
      { kind: 'softmax', width: 5, classes: 5 },
    ],
    [
      'a row whose batch was squeezed away',
      (b) => b.node('Squeeze', [b.node('Softmax', [gemm(b, 'z', 7, 5)])]),
      { rows: 1 },
      { kind: 'softmax', width: 5, classes: 5 },
    ],
  ])('has no batch in %s', async (_, body, at, expected) => {
    expect(await found([7], (b) => out(b, body(b)), at)).toMatchObject({ name: 'y', ...expected });
  });

  it('may be a single number, with a threshold', async () => {
    const one = (b: GraphBuilder) => out(b, gemm(b, 'z', 7, 1));
    const output = await found([7], one, {}, { output: null, threshold: 0.25 });
    expect(output).toMatchObject({ kind: 'logits', width: 1, classes: 2, threshold: 0.25 });
    expect([0.2, 0.25, 0.3].map((value) => readScores([value], output).prediction)).toEqual([0, 0, 1]);
    // By the definition of the logistic function, of the distance from the threshold.
    expect(readScores([0.75], output).probabilities[1]).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 12);
    const sigmoid = await found([7], (b) => out(b, b.node('Sigmoid', [gemm(b, 'z', 7, 1)])), {}, { output: null, threshold: 0.9 });
    expect([0.89, 0.91].map((value) => readScores([value], sigmoid).prediction)).toEqual([0, 1]);
    const { logits } = readScores([0.9], sigmoid);
    expect(logits[1]! - logits[0]!).toBeCloseTo(0, 12);
  });

  it('is a row of sigmoids, of which it is said that they are several labels', async () => {
    expect(scoreNotes(await found([5], (b) => out(b, b.node('Sigmoid', ['z']))))).toEqual([
      expect.stringMatching(/^The output y ends in a sigmoid for each of 5 classes, as of a model that gives a picture several labels/),
    ]);
    expect(scoreNotes(await found([5], (b) => out(b, b.node('Softmax', ['z']))))).toEqual([]);
  });

  it('is what a label was made from, where there is only a label', async () => {
    const result = await found([5], (b) =>
      out(
        b,
        b.node('Squeeze', [b.node('ArgMax', [b.node('Softmax', ['z'], {}, { outputs: ['p'] })], { axis: 1 }), b.ints([1])]),
        'label',
        DType.int64,
      ),
    );
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
    [
      'a picture',
      [3, 4, 4],
      () => 'z',
      DType.float32,
      'No output of the model is one row of class scores per image (y [2, 3, 4, 4]): choose a goal on its output, such as deviation, or name the value that is (--output).',
    ],
    [
      'a count',
      [5],
      (b) => b.node('Cast', [b.node('ReduceSum', ['z'], { keepdims: 0 })], { to: DType.int64 }),
      DType.int64,
      'No output of the model is one row of class scores per image (y []',
    ],
    [
      'a single number without a sigmoid',
      [1],
      (b) => b.node('Neg', ['z']),
      DType.float32,
      "The model's output y is a single number without a sigmoid, so there are no classes to tell apart: where it decides between two, say from which value on it stands for the second (--threshold 0 for a logit, 0.5 for a probability).",
    ],
    [
      'a single number after a softmax',
      [1],
      (b) => b.node('Softmax', ['z']),
      DType.float32,
      'is a single number that comes from a Softmax',
    ],
  ])('none, when there is only %s', async (_, dims, body, type, message) => {
    const finding = found(dims, (b) => out(b, body(b), 'y', type));
    await expect(finding).rejects.toThrow(UserError);
    await expect(finding).rejects.toThrow(message);
  });
});

describe('what the file chooses the smallest of', () => {
  it.each<[string, (b: GraphBuilder, d: string) => void]>([
    [
      'the nearest three',
      (b, d) => (b.node('TopK', [d, b.ints([3])], { axis: 1, largest: 0 }, { outputs: ['v', 'i'] }), out(b, 'i', 'y', DType.int64)),
    ],
    ['the nearest', (b, d) => out(b, b.node('ArgMin', [d], { axis: 1 }), 'y', DType.int64)],
    ['the distances and the nearest', (b, d) => (out(b, d, 'distances'), out(b, b.node('ArgMin', [d], { axis: 1 }), 'y', DType.int64))],
    ['the least distance', (b, d) => out(b, b.node('ReduceMin', [d, b.ints([1])], { keepdims: 1 }))],
  ])('is taken with the sign turned: %s', async (_, body) => {
    const output = await found([5], (b) => body(b, b.node('Neg', ['z'], {}, { outputs: ['d'] })));
    expect(output).toMatchObject({ classes: 5, kind: 'logits', smallest: true });
    expect(readScores([3, 1, 2, 5, 4], output).prediction).toBe(1);
    expect(scoreNotes(output)[0]).toMatch(/^The file chooses the smallest number of /);
  });

  it('is not, where it chooses the largest as well', async () => {
    const both = (b: GraphBuilder) =>
      (['ArgMin', 'ArgMax'] as const).forEach((op) => out(b, b.node(op, ['z'], { axis: 1 }), op, DType.int64));
    expect((await found([5], both)).smallest).toBeUndefined();
  });
});

describe('probabilities without a softmax of their own', () => {
  const p = (b: GraphBuilder, k: number) => b.node('Softmax', [gemm(b, b.node('Mul', ['z', b.scalar(k)]), 7, 5)], { axis: 1 });
  const half = (b: GraphBuilder) => b.node('Div', [b.node('Add', [p(b, 1), p(b, 2)]), b.scalar(2)]);
  it.each<[string, (b: GraphBuilder) => string]>([
    ['the mean of two', half],
    ['a weighted sum', (b) => b.node('Add', [b.node('Mul', [p(b, 1), b.scalar(0.25)]), b.node('Mul', [b.scalar(0.75), p(b, 2)])])],
    ['the mean of three', (b) => b.node('Mean', [p(b, 1), p(b, 2), p(b, 3)])],
    [
      'a mean over stacked ones',
      (b) =>
        b.node(
          'ReduceMean',
          [
            b.node(
              'Concat',
              [1, 2].map((k) => b.node('Unsqueeze', [p(b, k), b.ints([1])])),
              { axis: 1 },
            ),
            b.ints([1]),
          ],
          { keepdims: 0 },
        ),
    ],
  ])('are told by what they sum to: %s', async (_, body) => {
    expect(await found([7], (b) => out(b, body(b)))).toMatchObject({ kind: 'softmax', logits: 'y', classes: 5 });
  });

  it.each<[string, (b: GraphBuilder) => string]>([
    ['a sum of two', (b) => b.node('Add', [p(b, 1), p(b, 2)])],
    ['a bend of their mean', (b) => b.node('Relu', [half(b)])],
  ])('but not %s', async (_, body) => {
    expect(await found([7], (b) => out(b, body(b)))).toMatchObject({ kind: 'logits' });
  });
});

describe('what speaks against class scores', () => {
  const unit = (b: GraphBuilder) =>
    b.node('Div', ['z', b.node('Clip', [b.node('ReduceL2', ['z', b.ints([1])], { keepdims: 1 }), b.scalar(1e-12)])]);
  it.each<[string, (b: GraphBuilder) => void, string | undefined]>([
    ['the name', (b) => out(b, gemm(b, 'z', 7, 4), 'embedding'), 'its name speaks against it'],
    ['the name', (b) => out(b, gemm(b, 'z', 7, 4), 'distances'), 'its name speaks against it'],
    ['a length of 1', (b) => out(b, unit(b)), 'it is divided by its own length at the end, as embeddings are'],
    [
      'the axis of its softmax',
      (b) => out(b, b.node('Softmax', ['z'], { axis: 0 })),
      'its softmax runs over its first dimension, which counts images',
    ],
    ['nothing', (b) => out(b, gemm(b, 'z', 7, 4), 'output'), undefined],
    ['nothing, after a softmax', (b) => out(b, b.node('Softmax', ['z']), 'features'), undefined],
  ])('is %s', async (_, body, doubt) => {
    const output = await found([7], body);
    expect(output.doubt).toBe(doubt);
    expect(scoreNotes(output).some((note) => note.includes('--goal deviation'))).toBe(doubt !== undefined);
  });

  it('is not a false reason: the same answer before and after its softmax is no choice', async () => {
    const both = (b: GraphBuilder) => (out(b, b.node('Softmax', ['z']), 'probs'), out(b, 'z', 'logits'));
    expect((await found([5], both)).why).toBe('logits is the same answer, but for a last softmax or the like');
  });

  it('is a softmax over what should be the images', async () => {
    await expect(
      found(
        [5],
        (b) => (
          b.node('Softmax', [b.node('Transpose', ['z'], { perm: [1, 0] })], { axis: 0 }, { outputs: ['y'] }),
          b.output('y', DType.float32, [5, 'N'])
        ),
      ),
    ).rejects.toThrow("The model's output y [5, 2] ends in a softmax over its first dimension");
  });
});

it.each([1, 2])('classes before the images are no rows, with %d of them', async (rows) => {
  const turned = (b: GraphBuilder) => (
    b.node('Transpose', [b.node('Softmax', [gemm(b, 'z', 7, 5)])], { perm: [1, 0] }, { outputs: ['y'] }),
    b.output('y', DType.float32, [5, 'N'])
  );
  await expect(found([7], turned, { rows })).rejects.toThrow(
    `The model's output y [5, ${rows}] has as many columns as there are images${rows === 1 ? ' (one)' : ''}, so that what may be classes stands where images should: export it with images first.`,
  );
});

describe('a single number', () => {
  it.each<[string, (b: GraphBuilder) => string, Partial<ClassifierOutput>]>([
    [
      'taken out of a dimension',
      (b) => b.node('Gather', [b.node('Sigmoid', [gemm(b, 'z', 7, 1)]), b.constant([0], [], DType.int64)], { axis: 1 }),
      { kind: 'sigmoid', width: 1 },
    ],
    [
      'sliced',
      (b) => b.node('Slice', [b.node('Sigmoid', [gemm(b, 'z', 7, 1)]), b.ints([0]), b.ints([1]), b.ints([1])]),
      { kind: 'sigmoid', width: 1 },
    ],
  ])('is a sigmoid though it is %s', async (_, body, expected) => {
    expect(await found([7], (b) => out(b, body(b)))).toMatchObject(expected);
  });

  const second = (b: GraphBuilder) =>
    out(b, b.node('Gather', [b.node('Softmax', [gemm(b, 'z', 7, 2)]), b.constant([1], [], DType.int64)], { axis: 1 }));
  it('that is one of two probabilities is asked for a threshold that it can reach', async () => {
    await expect(found([7], second)).rejects.toThrow(/a single number that comes from a Softmax.*\(--threshold 0\.5 for a probability\)/);
    await expect(found([7], second, {}, { output: null, threshold: 0 })).rejects.toThrow(
      'lies between 0 and 1, so that the threshold 0 tells nothing apart',
    );
    expect(await found([7], second, {}, { output: null, threshold: 0.5 })).toMatchObject({ classes: 2, threshold: 0.5 });
  });
});
