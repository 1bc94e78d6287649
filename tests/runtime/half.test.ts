import { describe, expect, it } from 'vitest';
import { halfToFloat, inspectGraph, parseGraph } from '../../src-main/graph/index.ts';
import { checkGradient } from '../../src-main/runtime/gradcheck.ts';
import { floatToHalf } from '../../src-main/runtime/values.ts';
import { gaussian } from '../autodiff/gradient.ts';
import { ATTRIBUTE, GRAPH, initializer, model as written, node, NODE, TENSOR, value } from '../graph/wire.ts';
import type { Field } from '../graph/wire.ts';
import { openBoth, pictures } from './open.ts';

const HALF = 10;
const SIDE = 6;
const CLASSES = 4;

function halves(count: number, seed: number, scale: number): number[] {
  const next = gaussian(seed);
  return Array.from({ length: count }, () => halfToFloat(floatToHalf(scale * next())));
}
const KERNEL = halves(5 * 3 * 9, 1, 0.3);
const MATRIX = halves(CLASSES * 5 * 4, 2, 0.4);
const BIAS = halves(CLASSES, 3, 0.5);

const words = (values: number[]): Field[] => [[TENSOR.rawData, new Uint8Array(Uint16Array.from(values, floatToHalf).buffer)]];
const ints = (name: string, values: number[]): Field => [
  NODE.attribute,
  [[ATTRIBUTE.name, name], ...values.map((v): Field => [ATTRIBUTE.ints, v]), [ATTRIBUTE.type, 7]],
];

/** Everything in 16 bits: input, weights, output. Convolution of stride 1, rectifier, max-pooling by 2, matrix, softmax. */
const bytes = written([
  [GRAPH.input, value('x', ['N', 3, SIDE, SIDE], HALF)],
  initializer('k', [5, 3, 3, 3], words(KERNEL), HALF),
  initializer('m', [CLASSES, 20], words(MATRIX), HALF),
  initializer('b', [CLASSES], words(BIAS), HALF),
  node('Conv', ['x', 'k'], ['c']),
  node('Relu', ['c'], ['r']),
  node('MaxPool', ['r'], ['p'], [ints('kernel_shape', [2, 2]), ints('strides', [2, 2])]),
  node('Flatten', ['p'], ['f']),
  node(
    'Gemm',
    ['f', 'm', 'b'],
    ['z'],
    [
      [
        NODE.attribute,
        [
          [ATTRIBUTE.name, 'transB'],
          [ATTRIBUTE.i, 1],
          [ATTRIBUTE.type, 2],
        ],
      ],
    ],
  ),
  node('Softmax', ['z'], ['y']),
  [GRAPH.output, value('y', ['N', CLASSES], HALF)],
]);

/** The same network in float64. */
function plain(x: Float32Array): number[] {
  const at = (c: number, i: number, j: number) => x[(c * SIDE + i) * SIDE + j]!;
  const conv = (o: number, i: number, j: number) => {
    let sum = 0;
    for (let c = 0; c < 3; c++)
      for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) sum += KERNEL[((o * 3 + c) * 3 + a) * 3 + b]! * at(c, i + a, j + b);
    return Math.max(0, sum);
  };
  const pooled: number[] = [];
  for (let o = 0; o < 5; o++)
    for (let i = 0; i < 4; i += 2)
      for (let j = 0; j < 4; j += 2) pooled.push(Math.max(conv(o, i, j), conv(o, i, j + 1), conv(o, i + 1, j), conv(o, i + 1, j + 1)));
  return BIAS.map((bias, k) => pooled.reduce((sum, p, f) => sum + p * MATRIX[k * 20 + f]!, bias));
}

describe('a model in 16 bits', () => {
  const picture = { channels: 3, height: SIDE, width: SIDE };
  const open = () => openBoth(parseGraph(bytes), picture, {}, 2);

  it('is told to be one', () => {
    const { inputs, outputs } = inspectGraph(parseGraph(bytes));
    expect([inputs[0]!.type, outputs[0]!.type]).toEqual(['float16', 'float16']);
  });

  it('has the logits of its definition, and the original the probabilities, as far as 16 bits go', async () => {
    const { model, original } = await open();
    for (const x of pictures(picture, 4)) {
      const z = plain(x);
      const total = z.reduce((sum, v) => sum + Math.exp(v), 0);
      const { logits } = await model.forward(Float32Array.from([...x, ...x]));
      z.forEach((v, k) => expect(Math.abs(logits[k]! - v)).toBeLessThan(1e-2));
      (await original.predict(x, picture)).probabilities.forEach((p, k) =>
        expect(Math.abs(p - Math.exp(z[k]!) / total)).toBeLessThan(5e-3),
      );
    }
  });

  it('has a gradient that the check lets pass, within what 16 bits allow', async () => {
    const { model, original } = await open();
    expect(await checkGradient(model, original, pictures(picture, 3), { half: true })).toMatchObject({ ok: true, straightThrough: [] });
  });
});
