import { toBinary } from '@bufbuild/protobuf';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TensorProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { checkNode } from '../../bench/onnx-nodes/check.ts';
import type { NodeOutcome } from '../../bench/onnx-nodes/check.ts';
import { nodesPage } from '../../bench/onnx-nodes/page.ts';
import { testsIn } from '../../bench/onnx-nodes/tests.ts';
import { DType, elementCount, emptyGraph, GraphBuilder, makeTensor, saveGraph } from '../../src-main/graph/index.ts';
import { scratch } from '../graph/folder.ts';

const folder = scratch();
const F = DType.float32;

/** A test as onnx lays them out: a model of inputs a, b, ... and its output y, beside what goes in. */
function laid(
  name: string,
  inputs: [DType, number[], number[]][],
  write: (b: GraphBuilder, names: string[]) => string,
  type: DType = F,
): string {
  const b = new GraphBuilder(emptyGraph());
  const names = inputs.map(([t, dims], i) => b.input('abc'[i]!, t, dims));
  b.node('Identity', [write(b, names)], {}, { outputs: ['y'] });
  b.output('y', type, []);
  b.graph.outputs[0]!.type = undefined as never;
  const file = join(name, 'test_data_set_0', 'input_0.pb');
  mkdirSync(join(folder.path, dirname(file)), { recursive: true });
  const model = folder.write(join(name, 'model.onnx'), saveGraph(b.graph).bytes);
  inputs.forEach(([t, dims, data], i) =>
    folder.write(file.replace('0.pb', `${i}.pb`), toBinary(TensorProtoSchema, makeTensor('', t, dims, data))),
  );
  expect(data(inputs)).toBe(true);
  return dirname(model);
}
const data = (inputs: [DType, number[], number[]][]) => inputs.every(([, dims, values]) => elementCount(dims) === values.length);
const three: [DType, number[], number[]] = [F, [3], [1, -2, 0.5]];

describe('a node test', () => {
  it('passes by each of its float inputs, the others and its integers held', async () => {
    const outcome = await checkNode(
      laid('mul', [three, [DType.int64, [3], [2, 0, 1]], [F, [3], [3, 4, 5]]], (b, [x, i, z]) =>
        b.node('Mul', [b.node('Gather', [x!, i!]), b.node('Tanh', [z!])]),
      ),
    );
    expect(outcome).toMatchObject({ result: 'passes', forward: 0 });
    expect(outcome.held).toBeUndefined();
  });

  it('tells an input that may not move from one that passes', async () => {
    const outcome = await checkNode(
      laid(
        'norm',
        [
          [F, [1, 1, 2, 2], [1, 2, 3, 4]],
          [F, [1], [2]],
        ],
        (b, [x, s]) => b.node('BatchNormalization', [x!, s!, b.constant([0], [1]), b.constant([0], [1]), b.constant([1], [1])]),
      ),
    );
    expect(outcome.result).toBe('passes');
    expect(outcome.held).toEqual({ b: expect.stringContaining('input 1 depends on the image') as string });
  });

  it.each<[string, NodeOutcome['result'], RegExp, (b: GraphBuilder, names: string[]) => string]>([
    [
      'det',
      'refused',
      /^No gradient rule for Det/,
      (b, [x]) => b.node('Det', [b.node('MatMul', [b.node('Reshape', [x!, b.ints([3, 1])]), b.node('Reshape', [x!, b.ints([1, 3])])])]),
    ],
    ['noise', 'random', /another answer each time/, (b, [x]) => b.node('Add', [x!, b.node('RandomNormalLike', [x!])])],
    ['wobble', 'not run', /it knows no operator Wobble/, (b, [x]) => b.node('Wobble', [x!])],
    ['floor', 'surrogate', /^Floor$/, (b, [x]) => b.node('Floor', [x!])],
  ])('%s: %s', async (name, result, detail, write) => {
    const outcome = await checkNode(laid(name, [three], write));
    expect(outcome.result).toBe(result);
    expect(outcome.detail).toMatch(detail);
  });

  it('of integers, or that asks a question, has no gradient', async () => {
    expect(await checkNode(laid('ints', [[DType.int64, [2], [1, 2]]], (b, [x]) => b.node('Add', [x!, x!]), DType.int64))).toMatchObject({
      result: 'no float',
    });
    expect(await checkNode(laid('asks', [three], (b, [x]) => b.node('IsNaN', [x!]), DType.bool))).toMatchObject({ result: 'no float' });
  });

  it('is found however deep it lies, where there are data', () => {
    laid('deep/er/one', [three], (b, [x]) => b.node('Relu', [x!]));
    folder.write('light.onnx', new Uint8Array(1));
    expect(testsIn(join(folder.path, 'deep'))).toEqual([join(folder.path, 'deep/er/one')]);
  });
});

describe('docs/onnx-nodes.md', () => {
  it('counts all, and has one line for those that fail alike', () => {
    const outcomes = new Map<string, NodeOutcome>([
      ['test_a', { result: 'passes', operator: 'A', forward: 2e-5, error: 1e-4 }],
      ['test_a_expanded', { result: 'differs', forward: 0.5, error: 0.25, detail: 'by x' }],
      ['test_b_1', { result: 'refused', operator: 'B', detail: 'No gradient rule for B at node y: its mode is a|b.' }],
      ['test_b_2', { result: 'refused', operator: 'B', detail: 'No gradient rule for B at node out/2: its mode is a|b.' }],
    ]);
    const page = nodesPage('onnx 1.2.3', outcomes).split('\n');
    expect(page).toContain('| passes | 1 | 2.0e-5 | 1.0e-4 |');
    expect(page.filter((line) => line.includes('differs**') || line.includes('| B |'))).toEqual([
      '| A, written out | 1 | **differs** | 5.0e-1 | 2.5e-1 | by x | a_expanded |',
      '| B | 2 | refused |  |  | No gradient rule for B at node y: its mode is a\\|b. | b_1, b_2 |',
    ]);
  });
});
