import { describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { findLogits } from '../../src-main/model/output.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import { openOriginal } from '../../src-main/runtime/original.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';

const PICTURE = { channels: 3, height: 4, width: 4 } as const;
const CLASSES = 5;
const weights = Array.from({ length: 48 * CLASSES }, (_, i) => Math.sin(3 * i + 1));
/** Pixels of an 8-bit picture. */
const pixels = Float32Array.from({ length: 48 }, (_, i) => ((i * 53 + 7) % 256) / 255);

type Body = (b: GraphBuilder, image: string) => string;

/** Scores of a picture that a network reads as whole numbers, NHWC; `body` makes floats of it. */
async function open(body: Body, type: DType = DType.uint8, size = 4) {
  const b = new GraphBuilder(emptyGraph('g', 18));
  b.input('image', type, ['N', size, size, 3]);
  const flat = b.node('Reshape', [body(b, 'image'), b.ints([-1, 48])]);
  b.node('Gemm', [flat, b.constant(weights, [48, CLASSES])], {}, { outputs: ['scores'] });
  b.output('scores', DType.float32, ['N', CLASSES]);
  const input = findImageInput(b.graph, null);
  const preprocessing = Preprocessing.parse({ layout: 'nhwc', scale: type === DType.uint16 ? 65535 : 255 });
  const output = findLogits(b.graph, await traceFacts(b.graph, { image: [1, size, size, 3] }), 1);
  return {
    derived: await openDifferentiable({ graph: b.graph, input, preprocessing, picture: PICTURE, rows: 2, provider: 'cpu' }),
    original: await openOriginal({ graph: b.graph, input, preprocessing, output, provider: 'cpu' }),
  };
}

const toFloat: Body = (b, x) => b.node('Cast', [x], { to: DType.float32 });
const share: Body = (b, x) => b.node('Div', [toFloat(b, x), b.scalar(255)]);
/** By hand: the scores of x with one weight for each value, in the order that the network has it. */
const byHand = (x: Float32Array, unit = 1): number[] =>
  Array.from({ length: CLASSES }, (_, k) =>
    Array.from({ length: 48 }, (__, i) => unit * x[(i % 3) * 16 + Math.floor(i / 3)]! * weights[i * CLASSES + k]!).reduce(
      (a, c) => a + c,
      0,
    ),
  );

describe('a network that reads whole numbers', () => {
  it.each<[string, Body, DType, number]>([
    ['a Cast', share, DType.uint8, 1],
    ['a Cast of 16 bits', (b, x) => b.node('Div', [toFloat(b, x), b.scalar(65535)]), DType.uint16, 1],
    [
      'a Cast by way of int32',
      (b, x) => b.node('Div', [toFloat(b, b.node('Cast', [x], { to: DType.int32 })), b.scalar(255)]),
      DType.uint8,
      1,
    ],
    ['DequantizeLinear', (b, x) => b.node('DequantizeLinear', [x, b.scalar(1 / 255), b.scalar(0, DType.uint8)]), DType.uint8, 1],
    [
      'a Clip and two Transposes before it',
      (b, x) =>
        share(
          b,
          b.node(
            'Transpose',
            [b.node('Transpose', [b.node('Clip', [x, b.scalar(0, DType.uint8), b.scalar(255, DType.uint8)])], { perm: [0, 3, 1, 2] })],
            { perm: [0, 2, 3, 1] },
          ),
        ),
      DType.uint8,
      1,
    ],
  ])('behind %s: scores as by hand, the same of both graphs, and their derivative', async (_, body, type, unit) => {
    const { derived, original } = await open(body, type);
    try {
      const expected = byHand(pixels, unit);
      const seen = await original.predict(pixels, PICTURE);
      const both = Float32Array.from([...pixels, ...pixels]);
      const { logits } = await derived.forward(both);
      expected.forEach((value, k) => {
        expect(seen.logits[k]).toBeCloseTo(value, 4);
        expect(logits[k]).toBeCloseTo(value, 4);
      });
      const [first, second] = [...expected.keys()].sort((a, c) => expected[c]! - expected[a]!) as [number, number];
      const { gradient } = await derived.gradient('margin', both, Int32Array.of(first, first), null);
      // The network is linear: each value's weight, as far as the margin has it, in one direction or the other.
      const slopes = Array.from({ length: 48 }, (__, p) => {
        const i = (p % 16) * 3 + Math.floor(p / 16);
        return unit * (weights[i * CLASSES + first]! - weights[i * CLASSES + second]!);
      });
      const sign = Math.sign(gradient[0]! * slopes[0]!);
      slopes.forEach((slope, p) => expect(sign * gradient[p]!).toBeCloseTo(slope, 4));
      expect(derived.straightThrough).toEqual([]);
    } finally {
      await derived.close();
      await original.close();
    }
  });

  it('is given the nearest whole numbers by the judge', async () => {
    const { derived, original } = await open(share);
    const between = pixels.map((value, i) => Math.min(1, value + (i % 2 === 0 ? 0.4 : 0.1) / 255));
    const seen = await original.predict(between, PICTURE);
    byHand(pixels).forEach((value, k) => expect(seen.logits[k]).toBeCloseTo(value, 4));
    await derived.close();
    await original.close();
  });

  it('rounds what lies between pixels as its judge does, and says that its gradient passes that by a surrogate', async () => {
    const b = new GraphBuilder(emptyGraph('g', 18));
    b.input('image', DType.uint8, ['N', 4, 4, 3]);
    b.node(
      'Gemm',
      [b.node('Reshape', [share(b, 'image'), b.ints([-1, 48])]), b.constant(weights, [48, CLASSES])],
      {},
      { outputs: ['scores'] },
    );
    b.output('scores', DType.float32, ['N', CLASSES]);
    const input = findImageInput(b.graph, null);
    const output = findLogits(b.graph, await traceFacts(b.graph, { image: [1, 4, 4, 3] }), 1);
    // Halved, every value is the mean of four: half of them lie just between two whole numbers, or a quarter off.
    const preprocessing = Preprocessing.parse({ layout: 'nhwc', scale: 255, geometry: 'stretch', width: 4, height: 4 });
    const picture = { channels: 3, height: 8, width: 8 } as const;
    const large = Float32Array.from({ length: 192 }, (_, i) => ((i * 91 + 5) % 256) / 255);
    const derived = await openDifferentiable({ graph: b.graph, input, preprocessing, picture, rows: 1, provider: 'cpu' });
    const original = await openOriginal({ graph: b.graph, input, preprocessing, output, provider: 'cpu' });
    const read = original.read(large, picture);
    expect(read.filter((value) => Math.abs(value - Math.floor(value) - 0.5) < 1e-3).length).toBeGreaterThan(5);
    const seen = await original.predict(large, picture);
    const { logits, gradient } = await derived.gradient('margin', large, Int32Array.of(0), null);
    logits.forEach((value, k) => expect(value).toBeCloseTo(seen.logits[k]!, 4));
    expect(gradient.some((value) => value !== 0)).toBe(true);
    expect(derived.straightThrough).toEqual(['Round']);
    await derived.close();
    await original.close();
  });

  it('is refused by name where it computes with them as such', async () => {
    await expect(open((b, x) => toFloat(b, b.node('Mod', [x, b.scalar(7, DType.uint8)])))).rejects.toThrow(
      'The model reads uint8 numbers and computes with them as such (Mod), which cannot be differentiated: export it with a floating-point input.',
    );
  });
});
