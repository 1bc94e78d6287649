import { distanceAt, farther, nearer } from '../../src-main/goals/distance.ts';
import { afterAll, describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { DType, emptyGraph, GraphBuilder, parseGraph, saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import type { ImageShape } from '../../src-main/model/differentiable.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openOutput } from '../../src-main/runtime/openOutput.ts';
import type { OpenOutput } from '../../src-main/runtime/openOutput.ts';
import { openOriginalOutput } from '../../src-main/runtime/original.ts';
import { chooseRows } from '../../src-main/runtime/rows.ts';
import { gaussian } from '../autodiff/gradient.ts';
import { weights } from '../model/networks.ts';
import { pictures } from './open.ts';

const grey = { channels: 1, height: 8, width: 8 };
const colour = { channels: 3, height: 8, width: 8 };

interface Form {
  batch?: number | string;
  /** Puts out channels last. */
  last?: boolean;
  /** Beside the picture: a mask of its size, and a number that its values are multiplied by before the tanh. */
  beside?: boolean;
  /** Puts out a row of five features. */
  vector?: boolean;
  channels?: number;
}

/** Picture to picture without kinks: Conv, tanh, ConvTranspose, sigmoid. */
function smooth({ batch = 'N', last = false, beside = false, vector = false, channels = 1 }: Form = {}): Graph {
  const b = new GraphBuilder(emptyGraph('smooth'));
  b.input('x', DType.float32, [batch, channels, 8, 8]);
  let x = 'x';
  if (beside) {
    b.input('mask', DType.float32, [batch, 1, 8, 8]);
    b.input('level', DType.float32, [1]);
    x = b.node('Mul', [b.node('Add', ['x', 'mask']), 'level']);
  }
  const hidden = b.node('Tanh', [
    b.node('Conv', [x, weights(b, [6, channels, 3, 3], 1)], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ]);
  if (vector) {
    b.node('MatMul', [b.node('Reshape', [hidden, b.ints([-1, 96])]), weights(b, [96, 5], 2)], {}, { outputs: ['y'] });
    b.output('y', DType.float32, [batch, 5]);
    return b.graph;
  }
  const planes = b.node('Sigmoid', [
    b.node('ConvTranspose', [hidden, weights(b, [6, channels, 4, 4], 3)], { kernel_shape: [4, 4], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ]);
  b.node(last ? 'Transpose' : 'Identity', [planes], last ? { perm: [0, 2, 3, 1] } : {}, { outputs: ['y'] });
  b.output('y', DType.float32, last ? [batch, 8, 8, channels] : [batch, channels, 8, 8]);
  return b.graph;
}

const opened: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const one of opened) await one.close();
});

async function open(graph: Graph, picture: ImageShape, { rows = 3, spec = {}, fixed = {}, output = null as string | null } = {}) {
  const source = parseGraph(saveGraph(graph).bytes);
  const request = {
    graph: source,
    input: findImageInput(source, 'x', fixed),
    preprocessing: Preprocessing.parse({ channels: picture.channels === 1 ? 'grey' : 'rgb', ...spec }),
    provider: 'cpu' as const,
  };
  const field = await openOutput({ ...request, picture, rows }, output);
  const original = await openOriginalOutput({ ...request, output: field.model.output });
  opened.push(field, original);
  return { field, original, request };
}

const block = (list: readonly Float32Array[]): Float32Array => {
  const out = new Float32Array(list.length * list[0]!.length);
  list.forEach((one, r) => out.set(one, r * one.length));
  return out;
};
const normal = (count: number, seed: number): Float32Array => Float32Array.from({ length: count }, gaussian(seed));
const row = (all: Float32Array, r: number, width: number) => all.subarray(r * width, (r + 1) * width);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((s, x, i) => s + x * b[i]!, 0);

const FORMS: [string, Graph, ImageShape, object][] = [
  ['picture to picture', smooth(), grey, {}],
  ['colour, normalised', smooth({ channels: 3 }), colour, { spec: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] } }],
  ['behind a resize', smooth(), { channels: 1, height: 12, width: 10 }, { spec: { geometry: 'stretch', width: 8, height: 8 } }],
  ['to channels last', smooth({ last: true, channels: 3 }), colour, {}],
  ['to a vector', smooth({ vector: true }), grey, {}],
  ['to an inner value', smooth(), grey, { output: 'hl_tanh_1' }],
  ['with a batch of its own, 1', smooth({ batch: 1 }), grey, { rows: 1 }],
  [
    'with inputs beside it',
    smooth({ beside: true }),
    grey,
    { fixed: { level: 1.5, mask: Array.from({ length: 64 }, (_, i) => (i % 5) / 10) } },
  ],
  ['with inputs beside it and a batch of 1', smooth({ beside: true, batch: 1 }), grey, { rows: 1, fixed: { level: [2] } }],
];

describe.each(FORMS)('a network %s', (_name, graph, picture, options) => {
  const features = picture.channels * picture.height * picture.width;
  let field: OpenOutput;
  let original: Awaited<ReturnType<typeof open>>['original'];
  const ready = async () => ({ field, original } = field ? { field, original } : await open(graph, picture, options));

  it('gives the same output as the original file', async () => {
    await ready();
    const x = pictures(picture, field.rows);
    const y = await field.output(block(x));
    for (let r = 0; r < field.rows; r++) {
      const own = await original.output(x[r]!, picture);
      row(y, r, field.width).forEach((v, i) => expect(Math.abs(v - own[i]!)).toBeLessThan(2e-6));
    }
  });

  it("has J'u and Jv that agree with central differences of the original, row by row, and with each other", async () => {
    await ready();
    const x = pictures(picture, field.rows, 9);
    const u = normal(field.rows * field.width, 5);
    const v = normal(field.rows * features, 6);
    const pulled = await field.vjp(block(x), u);
    const pushed = await field.jvp(block(x), v);
    expect(Array.from(pushed.output)).toEqual(Array.from(await field.output(block(x))));
    for (let r = 0; r < field.rows; r++) {
      const h = 2e-3;
      const at = (sign: number) =>
        original.output(
          x[r]!.map((p, i) => p + sign * h * v[r * features + i]!),
          picture,
        );
      const [up, down] = [await at(1), await at(-1)];
      const slope = up.map((y, i) => (y - down[i]!) / (2 * h));
      const size = Math.hypot(...slope);
      const tangent = row(pushed.tangent, r, field.width);
      expect(Math.hypot(...slope.map((s, i) => s - tangent[i]!)) / size).toBeLessThan(2e-3);
      const along = dot(row(pulled.gradient, r, features), row(v, r, features));
      expect(Math.abs(along - dot(row(u, r, field.width), slope)) / (size * Math.hypot(...row(u, r, field.width)))).toBeLessThan(2e-3);
      // <J'u, v> = <u, Jv>.
      expect(along).toBeCloseTo(dot(row(u, r, field.width), tangent), 3);
    }
  });

  it('keeps rows apart to the bit', async () => {
    await ready();
    if (field.rows === 1) return;
    const [a, b, c] = pictures(picture, 3) as [Float32Array, Float32Array, Float32Array];
    const [u, v] = [normal(field.width, 1), normal(features, 2)];
    const all = async (list: Float32Array[], at: number) => {
      const us = block(list.map((_, r) => (r === at ? u : normal(field.width, 7 + r))));
      const vs = block(list.map((one, r) => (r === at ? v : one)));
      const [pulled, pushed] = [await field.vjp(block(list), us), await field.jvp(block(list), vs)];
      return [row(pulled.output, at, field.width), row(pulled.gradient, at, features), row(pushed.tangent, at, field.width)].map((one) =>
        Array.from(one),
      );
    };
    expect(await all([b, a, c], 1)).toEqual(await all([a, b, c], 0));
  });
});

describe('a goal on the output', () => {
  it.each(['deviation', 'match'] as const)(
    '%s: two scores that turn at the threshold, with the gradient of central differences',
    async (goal) => {
      const { field, original } = await open(smooth(), grey);
      const tau = distanceAt(20, 1);
      expect(tau).toBeCloseTo(0.1, 12);
      const scored = (goal === 'deviation' ? farther : nearer)(tau);
      const model = await field.scored(scored);
      expect(await field.scored(scored)).toBe(model);
      const x = pictures(grey, 3, 3);
      const y = await Promise.all(x.map((one) => original.output(one, grey)));
      const reference = normal(3 * 64, 8).map((z) => 0.5 + 0.2 * z);
      const apart = (r: number, out: ArrayLike<number> = y[r]!) =>
        Math.sqrt(Array.from(out).reduce((s, z, i) => s + (z - reference[r * 64 + i]!) ** 2, 0) / 64);
      const sign = goal === 'deviation' ? 1 : -1;
      const { logits } = await model.forward(block(x), reference);
      for (let r = 0; r < 3; r++) {
        expect(logits[2 * r]).toBe(0);
        expect(logits[2 * r + 1]).toBeCloseTo(sign * (apart(r) - tau), 5);
      }
      const { gradient } = await model.gradient('margin', block(x), new Int32Array(3), null, reference);
      const v = normal(64, 9);
      for (let r = 0; r < 3; r++) {
        const h = 2e-3;
        const at = async (s: number) =>
          apart(
            r,
            await original.output(
              x[r]!.map((p, i) => p + s * h * v[i]!),
              grey,
            ),
          );
        const slope = ((await at(1)) - (await at(-1))) / (2 * h);
        // margin = f₀ - f₁
        expect(dot(row(gradient, r, 64), v)).toBeCloseTo(-sign * slope, 4);
      }
    },
  );

  it('has gradient 0, not NaN, where the output is its own reference', async () => {
    const { field } = await open(smooth(), grey);
    const model = await field.scored(farther(0.1));
    const x = block(pictures(grey, 3));
    const { gradient } = await model.gradient('margin', x, new Int32Array(3), null, await field.output(x));
    expect(gradient.every((g) => Math.abs(g) < 1e-3)).toBe(true);
  });
});

describe('the rows of a block', () => {
  it('are as many as asked for, one by one where the model takes no more, and where it mixes images', async () => {
    const choose = async (graph: Graph) => {
      const { request } = await open(graph, grey, { rows: 1 });
      return chooseRows({ ...request, picture: grey }, 4, { output: null });
    };
    expect(await choose(smooth())).toEqual({ rows: 4, note: null });
    const b = new GraphBuilder(emptyGraph('mixing'));
    b.input('x', DType.float32, ['N', 1, 8, 8]);
    b.node('Sub', ['x', b.node('ReduceMean', ['x', b.ints([0])], { keepdims: 1 })], {}, { outputs: ['y'] });
    b.output('y', DType.float32, ['N', 1, 8, 8]);
    expect(await choose(b.graph)).toMatchObject({ rows: 1, note: expect.stringMatching(/mixes the images/) as string });
  });
});
