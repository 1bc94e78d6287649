import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { Preprocessing } from '../../shared/plan.ts';
import { DType, emptyGraph, GraphBuilder, loadGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import { chooseRows, wantedRows } from '../../src-main/runtime/rows.ts';
import { uniform } from '../autodiff/gradient.ts';
import { MODELS } from '../graph/run.ts';
import { convolutional, linear, weights } from '../model/networks.ts';

const picture = { channels: 3, height: 8, width: 8 };
const request = (graph: Graph) => ({
  graph,
  input: findImageInput(graph, null),
  preprocessing: Preprocessing.parse({}),
  picture,
  provider: 'cpu' as const,
});

/** Flatten, then what `body` makes of [batch, 192], then a matrix to 4 classes. */
function network(batch: number | string, body: (b: GraphBuilder, flat: string) => string): Graph {
  const b = new GraphBuilder(emptyGraph('g'));
  b.input('x', DType.float32, [batch, 3, 8, 8]);
  const hidden = body(b, b.node('Flatten', ['x'], { axis: 1 }));
  b.node('MatMul', [hidden, weights(b, [192, 4], 3)], {}, { outputs: ['y'] });
  b.output('y', DType.float32, [batch, 4]);
  return b.graph;
}
const fixedReshape = (batch: number) => network(batch, (b, flat) => b.node('Tanh', [b.node('Reshape', [flat, b.ints([batch, 192])])]));
/** Eight of the values replaced by constants that are there once for every row of the batch the model is made for. */
const fixedRows = (batch: number) =>
  network(batch, (b, flat) =>
    b.node('Tanh', [
      b.node(
        'Concat',
        [b.node('Slice', [flat, b.ints([0]), b.ints([184]), b.ints([1])]), b.constant(new Array<number>(8 * batch).fill(0.5), [batch, 8])],
        { axis: 1 },
      ),
    ]),
  );

describe('rows of a batch', () => {
  it.each<[string, Graph]>([
    ['a matrix', linear([3, 8, 8], 4)],
    ['a convolution', convolutional(3, 5)],
    ['a batch declared as 1, but free in fact', linear([3, 8, 8], 4, 1, 1)],
    ['a Reshape to one row, which says no more than that the batch was 1', fixedReshape(1)],
    ['a Reshape to four rows', fixedReshape(4)],
  ])('run together through %s', async (_, graph) => {
    expect(await chooseRows(request(graph), 16)).toEqual({ rows: 16, note: null });
  });

  it.each<[string, (b: GraphBuilder, flat: string) => string]>([
    [
      'the mean over the batch is taken off',
      (b, flat) => b.node('Sub', [flat, b.node('ReduceMean', [flat, b.ints([0])], { keepdims: 1 })]),
    ],
    ['a softmax runs over the batch', (b, flat) => b.node('Softmax', [flat], { axis: 0 })],
    [
      'each image sees its neighbour',
      (b, flat) =>
        b.node('Add', [
          flat,
          b.node(
            'Concat',
            [
              b.node('Slice', [flat, b.ints([1]), b.ints([1000]), b.ints([0])]),
              b.node('Slice', [flat, b.ints([0]), b.ints([1]), b.ints([0])]),
            ],
            { axis: 0 },
          ),
        ]),
    ],
    ['the order of rows counts', (b, flat) => b.node('CumSum', [flat, b.constant([0], [], DType.int64)])],
  ])('are kept apart, one by one, where %s', async (_, body) => {
    // CumSum has no gradient rule: then the batch is refused for that, and so is the model when its gradient is wanted.
    const choice = await chooseRows(request(network('N', body)), 16);
    expect(choice.rows).toBe(1);
    expect(choice.note).toMatch(
      /^Images run one by one: (in a batch, this model mixes the images|the model does not take a larger batch)\.$/,
    );
  });

  it('run one by one where the model holds values for one only', async () => {
    expect(await chooseRows(request(fixedRows(1)), 16)).toEqual({
      rows: 1,
      note: 'Images run one by one: the model does not take a larger batch.',
    });
    expect(await chooseRows(request(fixedRows(1)), 1)).toEqual({ rows: 1, note: null });
  });

  it('run four at a time where the model is made for four', async () => {
    expect(await chooseRows(request(fixedRows(4)), 16)).toEqual({
      rows: 4,
      note: 'Images run 4 at a time: the model does not take a larger batch.',
    });
    expect(await chooseRows(request(fixedRows(4)), 1)).toEqual({ rows: 4, note: null });
  });

  it.each([1, 4])("compute in a larger batch what they compute in the model's own, %i", async (own) => {
    const next = uniform(1);
    const x = Float32Array.from({ length: 16 * 192 }, next);
    const logits = async (rows: number) => {
      const model = await openDifferentiable({ ...request(fixedReshape(own)), rows });
      const out: number[] = [];
      for (let at = 0; at < x.length; at += rows * 192) out.push(...(await model.forward(x.slice(at, at + rows * 192))).logits);
      await model.close();
      return out;
    };
    const apart = await logits(own);
    (await logits(16)).forEach((v, i) => expect(v).toBeCloseTo(apart[i]!, 5));
  });

  it('cannot be kept apart in a fixed batch that mixes them', async () => {
    const choosing = chooseRows(
      request(
        network(4, (b, flat) =>
          b.node('Sub', [b.node('Reshape', [flat, b.ints([4, 192])]), b.node('ReduceMean', [flat, b.ints([0])], { keepdims: 1 })]),
        ),
      ),
      16,
    );
    await expect(choosing).rejects.toThrow(UserError);
    await expect(choosing).rejects.toThrow(
      'The model has a fixed batch of 4, and its result for an image depends on the row: export it with a batch of 1 or a free one.',
    );
  });

  it('a model that does not run at all says why, not that its batch is too small', async () => {
    const graph = network('N', (b, flat) => b.node('Reshape', [flat, b.ints([-1, 7])]));
    const choosing = chooseRows(request(graph), 16);
    await expect(choosing).rejects.toThrow(UserError);
    await expect(choosing).rejects.toThrow(/onnxruntime|does not run/);
  });

  it.each([
    [1000, 3 * 224 * 224, 4],
    [3, 3 * 224 * 224, 3],
    [0, 1, 1],
    // Of photographs fewer, until one fills a block.
    [1000, 3 * 1500 * 1000, 3],
    [1000, 3 * 6000 * 4000, 1],
  ])('for %i images of %i values, %i rows', (images, features, rows) => expect(wantedRows(images, features)).toBe(rows));
});

const KEPT_APART = [
  'classify-cifar10/vnncomp21_resnet_2b.onnx',
  'classify-cifar10/dinhanh7_tinymobilenet/model.onnx',
  'converted-from-weights/cifar10_akamaster_resnet20.onnx',
];

describe.skipIf(!existsSync(MODELS))('rows of published models (skipped where ../shared/models is missing)', () => {
  it.each(KEPT_APART)('run sixteen at a time: %s', async (file) => {
    const graph = loadGraph(`${MODELS}/${file}`);
    expect(await chooseRows({ ...request(graph), picture: { channels: 3, height: 32, width: 32 } }, 16)).toEqual({ rows: 16, note: null });
  });
});
