import { afterEach, describe, expect, it } from 'vitest';
import { NORMS } from '../../shared/norms.ts';
import { Preprocessing } from '../../shared/plan.ts';
import { robustAccuracy } from '../../shared/stats.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { gaussian, randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { exactDistances, predict } from '../../src-main/linear/accuracy.ts';
import { linearGraph } from '../../src-main/linear/export.ts';
import { recogniseLinear } from '../../src-main/linear/recognise.ts';
import { proveAffine } from '../../src-main/model/affine.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { leastDrop } from '../../src-main/norms/linearP.ts';
import { smallestDrop } from '../../src-main/norms/linear.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';
import { linearCase, logitsOf, OPEN } from '../attacks/linear.ts';

const random = randomStream('exact linear');
const SHAPE = { channels: 3, height: 6, width: 6 };
let open: OpenModel | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

async function openGraph(graph: Graph, preprocessing = {}): Promise<OpenModel> {
  open = await openDifferentiable({
    graph,
    input: findImageInput(graph, null),
    preprocessing: Preprocessing.parse(preprocessing),
    picture: SHAPE,
    rows: 4,
    provider: 'cpu',
  });
  return open;
}

/** Convolution, normalisation, average pooling and a full layer; `middle` may put something between them. */
function network(middle: (b: GraphBuilder, x: string) => string = (_, x) => x, end?: (b: GraphBuilder, x: string) => string): Graph {
  const b = new GraphBuilder(emptyGraph('net'));
  const numbers = (n: number, scale = 1): Float32Array => Float32Array.from({ length: n }, () => scale * gaussian(random));
  b.input('x', DType.float32, ['N', 3, 6, 6]);
  let y = b.node('Conv', ['x', b.constant(numbers(4 * 27, 0.3), [4, 3, 3, 3]), b.constant(numbers(4), [4])], { pads: [1, 1, 1, 1] });
  y = b.node('BatchNormalization', [
    y,
    b.constant(numbers(4), [4]),
    b.constant(numbers(4), [4]),
    b.constant(numbers(4), [4]),
    b.constant(
      numbers(4).map((v) => 0.5 + v * v),
      [4],
    ),
  ]);
  y = middle(b, y);
  y = b.node('AveragePool', [y], { kernel_shape: [2, 2], strides: [2, 2] });
  y = b.node('Flatten', [b.node('Add', [y, b.scalar(0.25)])], { axis: 1 });
  y = b.node('Gemm', [y, b.constant(numbers(5 * 36), [5, 36]), b.constant(numbers(5), [5])], { transB: 1 });
  b.node('Identity', [end ? end(b, y) : y], {}, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', 5]);
  return b.graph;
}

describe('recognition', () => {
  it('proves a network of affine operators and gives the weights that onnxruntime computes with', async () => {
    const model = await openGraph(network(), { mean: [0.1, 0.2, 0.3], std: [0.5, 0.7, 0.9], channels: 'bgr' });
    const found = await recogniseLinear(model);
    expect(found.affine).toBe('proven');
    const pixels = Float32Array.from({ length: 4 * 108 }, () => random());
    const { logits } = await model.forward(pixels);
    for (let row = 0; row < 4; row++)
      logitsOf(found.model!.weights, found.model!.bias, pixels.subarray(row * 108, (row + 1) * 108), 5).forEach((logit, k) =>
        expect(logits[row * 5 + k]).toBeCloseTo(logit, 3),
      );
  });

  it('sees the logits behind a softmax', async () => {
    expect((await recogniseLinear(await openGraph(network(undefined, (b, x) => b.node('Softmax', [x], { axis: 1 }))))).affine).toBe(
      'proven',
    );
  });

  it('refuses a network with a Relu, and names it', async () => {
    const found = await recogniseLinear(await openGraph(network((b, x) => b.node('Relu', [x]))));
    expect(found).toMatchObject({ affine: 'no', model: null });
    expect(found.why).toMatch(/Relu/);
  });

  it('a Relu that never switches is probed, not proven', async () => {
    const found = await recogniseLinear(await openGraph(network((b, x) => b.node('Relu', [b.node('Add', [x, b.scalar(1000)])]))));
    expect(found.affine).toBe('probed');
    expect(found.why).toMatch(/nothing is proven/);
  });

  it.each([
    ['a square', (b: GraphBuilder, x: string) => b.node('Mul', [x, x]), /Mul/],
    ['a division by the picture', (b: GraphBuilder, x: string) => b.node('Div', [b.scalar(1), b.node('Add', [x, b.scalar(100)])]), /Div/],
    ['maximum pooling', (b: GraphBuilder, x: string) => b.node('MaxPool', [x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }), /MaxPool/],
    [
      'rounding by a cast',
      (b: GraphBuilder, x: string) => b.node('Cast', [b.node('Cast', [x], { to: DType.int32 })], { to: DType.float32 }),
      /Cast/,
    ],
  ])('does not prove %s', (_, middle, named) => {
    const proof = proveAffine(network(middle));
    expect(proof.affine).toBe(false);
    if (!proof.affine) expect(proof.because).toMatch(named);
  });
});

describe('exact robust accuracy', () => {
  it.each(NORMS)('in %s: no attack is below it, the strong ones reach it', async (norm) => {
    const test = linearCase(`exact ${norm}`, 4, SHAPE, 24, false);
    const all = test.images.map(({ pixels, label }) => ({ pixels, label }));
    const exact = exactDistances(norm, test.model, all, SHAPE.channels);
    expect(exact.length).toBe(24);
    const attacks = norm === 'l0' || norm === 'l0Pixels' ? ['sigma-zero'] : norm === 'l2' ? ['ddn', 'fmn'] : ['fmn', 'linear-minimum'];
    const options = { 'sigma-zero': { steps: 200 }, fmn: { steps: 300 } } as Record<string, object>;
    const runs = await Promise.all(
      attacks.map((attack) =>
        attackBatch({
          model: test.differentiable,
          images: test.images,
          norm,
          eps: [1],
          attack,
          options: { ...options[attack] },
          seed: 1,
          maxQueries: null,
          gate: OPEN,
        }),
      ),
    );
    const best = test.images.map((_, i) => Math.min(...runs.map((found) => found[i]!.float?.[norm] ?? Infinity)));
    exact.forEach((distance, i) => {
      if (distance === null) return expect(best[i]).toBe(Infinity);
      expect(best[i]).toBeGreaterThanOrEqual(distance * (1 - 1e-4));
      expect(best[i]).toBeLessThanOrEqual(distance * 1.01);
    });
    const budgets = exact.filter((distance) => distance !== null).map((distance) => distance * 1.011);
    for (const eps of budgets) expect(robustAccuracy(exact, 24, eps).right).toBe(best.filter((distance) => distance > eps).length);
  });

  it('leaves out what is wrong already', () => {
    const test = linearCase('wrong', 3, SHAPE, 5, false);
    const all = test.images.map(({ pixels, label }, i) => ({ pixels, label: i === 0 ? (label + 1) % 3 : label }));
    expect(predict(test.model, all[0]!.pixels)).not.toBe(all[0]!.label);
    expect(exactDistances('l2', test.model, all, 3)).toEqual(exactDistances('l2', test.model, all.slice(1), 3));
  });
});

describe('any exponent p', () => {
  const cases = Array.from({ length: 20 }, () => ({
    gradient: Float64Array.from({ length: 12 }, () => gaussian(random)),
    clean: Float32Array.from({ length: 12 }, () => (random() < 0.3 ? Math.round(random()) : random())),
    drop: 2 * random(),
  }));

  it('p = 2 is the closed form, and p = 400 nearly that of l∞', () => {
    for (const { gradient, clean, drop } of cases) {
      const out = new Float64Array(12);
      const two = smallestDrop('l2', gradient, clean, drop, out);
      expect(leastDrop(2, gradient, clean, drop)).toBeCloseTo(two, 8);
      if (two === Infinity) continue;
      expect(leastDrop(400, gradient, clean, drop) / smallestDrop('linf', gradient, clean, drop, out)).toBeCloseTo(1, 1);
    }
  });

  it('p = 1.5 and 3: no change of the box that falls as far is shorter', () => {
    for (const p of [1.5, 3])
      for (const { gradient, clean, drop } of cases) {
        const least = leastDrop(p, gradient, clean, drop);
        for (let trial = 0; trial < 200; trial++) {
          const delta = gradient.map((g, j) => Math.max(-clean[j]!, Math.min(1 - clean[j]!, -Math.sign(g) * random() ** (3 * random()))));
          const fall = -gradient.reduce((sum, g, j) => sum + g * delta[j]!, 0);
          if (fall < drop) continue;
          // Drawn back to the least multiple that still falls far enough; it stays in the box.
          expect(delta.reduce((sum, v) => sum + Math.abs((v * drop) / fall) ** p, 0) ** (1 / p)).toBeGreaterThanOrEqual(least - 1e-9);
        }
        if (least === Infinity)
          expect(gradient.reduce((sum, g, j) => sum + Math.max(g * clean[j]!, -g * (1 - clean[j]!)), 0)).toBeLessThan(drop);
      }
    expect(() => leastDrop(1, [1], [0.5], 0.1)).toThrow(RangeError);
  });
});

it('an exported model puts out W x + b in onnxruntime and is recognised again', async () => {
  const test = linearCase('export', 5, SHAPE, 4, false);
  const model = await openGraph(linearGraph(test.model, SHAPE));
  const pixels = Float32Array.from(test.images.flatMap((image) => [...image.pixels]));
  const { logits } = await model.forward(pixels);
  test.images.forEach((image, row) =>
    logitsOf(test.model.weights, test.model.bias, image.pixels, 5).forEach((logit, k) => expect(logits[row * 5 + k]).toBeCloseTo(logit, 3)),
  );
  const found = await recogniseLinear(model);
  expect(found.affine).toBe('proven');
  Array.from(found.model!.weights).forEach((w, j) => expect(w).toBeCloseTo(test.model.weights[j]!, 5));
});
