import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import type { Gradient } from '../../src-main/model/differentiable.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';
import { checkGradient } from '../../src-main/runtime/gradcheck.ts';
import type { Original } from '../../src-main/runtime/original.ts';
import { MODELS } from '../graph/run.ts';
import { convolutional, linear, weights } from '../model/networks.ts';
import { openBoth, pictures } from './open.ts';

const picture = { channels: 3, height: 12, width: 12 };

/** Rectifiers and max-pooling: a kink every few thousandths of a pixel. `last` ends the network. */
function kinked(last: string | null = null): Graph {
  const b = new GraphBuilder(emptyGraph('kinked'));
  b.input('x', DType.float32, ['N', 3, 12, 12]);
  const conv = b.node('Relu', [b.node('Conv', ['x', weights(b, [12, 3, 3, 3], 1)], { kernel_shape: [3, 3] })]);
  const pooled = b.node('MaxPool', [conv], { kernel_shape: [2, 2], strides: [2, 2] });
  const z = b.node('Gemm', [b.node('Flatten', [pooled], { axis: 1 }), weights(b, [6, 300], 2), weights(b, [6], 3)], { transB: 1 });
  b.node(last ?? 'Identity', [z], {}, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', 6]);
  return b.graph;
}

describe('the check of an honest model passes', () => {
  it.each<[string, Graph, object]>([
    ['linear', linear([3, 12, 12], 4), {}],
    ['smooth, behind a crop', convolutional(3, 5), { geometry: 'centre-crop', width: 8, height: 8, resizeTo: 9, mean: [0.5], std: [0.25] }],
    ['with kinks', kinked(), {}],
    ['with kinks and a softmax', kinked('Softmax'), {}],
    ['with kinks and a log-softmax', kinked('LogSoftmax'), {}],
    ['with kinks and a sigmoid', kinked('Sigmoid'), {}],
  ])('%s', async (_, graph, spec) => {
    const { model, original } = await openBoth(graph, picture, spec, 8);
    const check = await checkGradient(model, original, pictures(picture, 3));
    expect(check).toMatchObject({ ok: true, directions: 5, straightThrough: [] });
    expect(check.forwardError).toBeLessThan(1e-5);
    expect(check.gradientError).toBeLessThan(1e-3);
  });
});

describe('the check of a planted fault fails', () => {
  let model: OpenModel;
  let original: Original;
  beforeAll(async () => ({ model, original } = await openBoth(kinked(), picture, {}, 8)));

  /** The same model with something done to what it says. */
  const altered = (gradient: (g: Gradient) => Gradient, logits: (z: Float32Array) => Float32Array = (z) => z): OpenModel => {
    const fault = {
      forward: { value: async (x: Float32Array) => ({ logits: logits((await model.forward(x)).logits) }) },
      gradient: { value: async (...args: Parameters<OpenModel['gradient']>) => gradient(await model.gradient(...args)) },
    };
    // Pictures of the network's own size: it is the same model there.
    return Object.create(model, { ...fault, core: { value: Object.create(model.core, fault) } }) as OpenModel;
  };
  /** `f` of every entry: its value, its channel, its place in the channel, and the whole gradient. */
  const entries = (f: (v: number, channel: number, place: number, all: Float32Array) => number) => (g: Gradient) => ({
    ...g,
    gradient: g.gradient.map((v, i, all) => f(v, Math.floor(i / 144) % 3, i % 144, all.subarray(i - (i % 432), i - (i % 432) + 432))),
  });

  it('but nothing done is no fault', async () => {
    expect(
      await checkGradient(
        altered((g) => g),
        original,
        pictures(picture, 3),
      ),
    ).toMatchObject({ ok: true });
  });

  it.each([
    ['one per cent too large', entries((v) => 1.01 * v)],
    ['half a per cent too small', entries((v) => 0.995 * v)],
    ['of the wrong sign', entries((v) => -v)],
    ['without its first channel', entries((v, c) => (c === 0 ? 0 : v))],
    ['without its lowest row of pixels', entries((v, _c, i) => (i >= 132 ? 0 : v))],
    ['with its colours in another order', entries((_v, c, i, all) => all[144 * (2 - c) + i]!)],
    ['with rows and columns exchanged', entries((_v, c, i, all) => all[144 * c + 12 * (i % 12) + Math.floor(i / 12)]!)],
    ['zero', entries(() => 0)],
    ['no number in one place', entries((v, c, i) => (c === 0 && i === 7 ? NaN : v))],
  ])('a gradient %s', async (_, fault) => {
    const check = await checkGradient(altered(fault), original, pictures(picture, 3));
    expect(check.ok).toBe(false);
    expect(check.gradientError).toBeGreaterThan(1e-3);
    expect(check.forwardError).toBeLessThan(1e-5);
  });

  it.each<[string, (z: Float32Array) => Float32Array]>([
    ['one per cent off', (z) => z.map((v) => 1.01 * v)],
    ['off in one class', (z) => z.map((v, k) => (k % 6 === 2 ? v + 0.1 : v))],
    ['no number', (z) => z.map(() => NaN)],
    ['infinite', (z) => z.map((v, k) => (k === 1 ? Infinity : v))],
  ])('logits %s', async (_, f) => {
    const check = await checkGradient(
      altered((g) => g, f),
      original,
      pictures(picture, 3),
    );
    expect(check.ok).toBe(false);
    expect(check.forwardError).toBeGreaterThan(1e-3);
  });

  it('in the preprocessing', async () => {
    const other = await openBoth(kinked(), picture, { channels: 'bgr' }, 8);
    expect(await checkGradient(other.model, original, pictures(picture, 1))).toMatchObject({ ok: false });
  });
});

/** One sigmoid as two probabilities, of red less green, as far from 1/2 as `steep` makes it. */
function pair(steep: number): Graph {
  const b = new GraphBuilder(emptyGraph('pair'));
  b.input('x', DType.float32, ['N', 3, 12, 12]);
  const mean = b.node('ReduceMean', ['x', b.ints([2, 3])], { keepdims: 0 });
  const s = b.node('Sigmoid', [b.node('MatMul', [mean, b.constant([steep, -steep, 0], [3, 1])])]);
  b.node('Concat', [b.node('Sub', [b.scalar(1), s]), s], { axis: 1 }, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', 2]);
  return b.graph;
}

describe('probabilities near 1, whose differences are made of rounding', () => {
  const red = Float32Array.from({ length: 432 }, (_, i) => (i < 144 ? 0.9 : 0.1));
  it.each([6, 8, 10, 11, 12, 13, 14, 16, 18, 22])('are no fault of the gradient: a slope of %d', async (steep) => {
    const { model, original } = await openBoth(pair(steep), picture, {}, 4);
    expect(await checkGradient(model, original, [red])).not.toMatchObject({ verdict: 'failed' });
  });
});

describe('surrogates', () => {
  it('are named, and only the forward pass is held to account', async () => {
    const b = new GraphBuilder(emptyGraph('rounded'));
    b.input('x', DType.float32, ['N', 3, 12, 12]);
    const flat = b.node('Flatten', [b.node('Round', [b.node('Mul', ['x', b.scalar(16)])])], { axis: 1 });
    b.node('MatMul', [flat, weights(b, [432, 4], 1)], {}, { outputs: ['y'] });
    b.output('y', DType.float32, ['N', 4]);
    const { model, original } = await openBoth(b.graph, picture);
    expect(await checkGradient(model, original, pictures(picture, 1))).toMatchObject({ ok: true, straightThrough: ['Round'] });
  });

  // Quantise, dequantise, compute, again: onnxruntime fuses these in the file, and not alike behind a preprocessing.
  it.each([
    [1.01, true],
    [1.1, false],
  ])('are known before the first forward pass is judged: logits off by a factor of %d', async (factor, ok) => {
    const b = new GraphBuilder(emptyGraph('quantised'));
    b.input('x', DType.float32, ['N', 3, 12, 12]);
    const step = [b.scalar(1 / 64), b.constant([0], [], DType.int8)];
    const read = b.node('DequantizeLinear', [b.node('QuantizeLinear', ['x', ...step]), ...step]);
    b.node('MatMul', [b.node('Flatten', [read], { axis: 1 }), weights(b, [432, 4], 1)], {}, { outputs: ['y'] });
    b.output('y', DType.float32, ['N', 4]);
    const { model, original } = await openBoth(b.graph, picture);
    const off: Original = Object.create(original, {
      predict: {
        value: async (...args: Parameters<Original['predict']>) => {
          const scores = await original.predict(...args);
          return { ...scores, logits: scores.logits.map((z) => z * factor) };
        },
      },
      unfused: { value: () => Promise.resolve(Object.create(off, { close: { value: () => Promise.resolve() } })) },
    }) as Original;
    expect(await checkGradient(model, off, pictures(picture, 1))).toMatchObject({ ok, straightThrough: ['QuantizeLinear'] });
    // A file that is as far from itself when nothing is fused cannot be held to less; its own plain session is the same here.
    const rough: Original = Object.create(off, {
      unfused: { value: () => Promise.resolve(Object.create(original, { close: { value: () => Promise.resolve() } })) },
    }) as Original;
    expect(await checkGradient(model, rough, pictures(picture, 1))).toMatchObject({ ok: true });
  });
});

const PUBLISHED: [string, object][] = [
  ['classify-mnist/vnncomp21_Convnet_maxpool.onnx', { channels: 'grey' }],
  ['classify-mnist/renan_lightModel.onnx', { channels: 'grey' }],
  ['classify-cifar10/vnncomp21_resnet_2b.onnx', {}],
  ['classify-cifar10/vnncomp23_vit_ibp_3_3_8.onnx', {}],
];

describe.skipIf(!existsSync(MODELS))('the check of published models passes (skipped where ../shared/models is missing)', () => {
  it.each(PUBLISHED)('%s', async (file, spec) => {
    const shape = file.includes('mnist') ? { channels: 1, height: 28, width: 28 } : { channels: 3, height: 32, width: 32 };
    const { model, original } = await openBoth(`${MODELS}/${file}`, shape, spec, 4);
    expect(await checkGradient(model, original, pictures(shape, 2), { directions: 3 })).toMatchObject({ ok: true, straightThrough: [] });
  });
});
