import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { DType, emptyGraph, GraphBuilder, loadGraph, parseGraph, saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import type { ImageShape } from '../../src-main/model/differentiable.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openOutput } from '../../src-main/runtime/openOutput.ts';
import type { OpenOutput } from '../../src-main/runtime/openOutput.ts';
import { checkProducts } from '../../src-main/runtime/gradcheck.ts';
import { openOriginalOutput } from '../../src-main/runtime/original.ts';
import type { OriginalOutput } from '../../src-main/runtime/original.ts';
import { MODELS } from '../graph/run.ts';
import { weights } from '../model/networks.ts';
import { pictures } from './open.ts';

const picture = { channels: 3, height: 10, width: 8 };
const opened: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const one of opened) await one.close();
});

async function open(
  source: Graph | string,
  shape: ImageShape,
  rows = 4,
  spec: object = {},
): Promise<{ model: OpenOutput; original: OriginalOutput }> {
  const graph = typeof source === 'string' ? loadGraph(source) : parseGraph(saveGraph(source).bytes);
  const request = { graph, input: findImageInput(graph, null), preprocessing: Preprocessing.parse(spec), provider: 'cpu' as const };
  const model = await openOutput({ ...request, picture: shape, rows }, null);
  const original = await openOriginalOutput({ ...request, output: model.model.output });
  opened.push(model, original);
  return { model, original };
}

/** Picture to picture, with rectifiers, max-pooling and a way back up; `last` ends it. */
function autoencoder(last = 'Sigmoid'): Graph {
  const b = new GraphBuilder(emptyGraph('autoencoder'));
  b.input('x', DType.float32, ['N', 3, 10, 8]);
  const wide = b.node('Relu', [b.node('Conv', ['x', weights(b, [6, 3, 3, 3], 1)], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })]);
  const small = b.node('MaxPool', [wide], { kernel_shape: [2, 2], strides: [2, 2] });
  const up = b.node('ConvTranspose', [small, weights(b, [6, 3, 2, 2], 2)], { kernel_shape: [2, 2], strides: [2, 2] });
  b.node(last, [up], {}, { outputs: ['y'] });
  b.output('y', DType.float32, ['N', 3, 10, 8]);
  return b.graph;
}

describe('the check of an honest network passes', () => {
  it.each(['Sigmoid', 'Tanh', 'Identity'])('with %s at its end', async (last) => {
    const { model, original } = await open(autoencoder(last), picture);
    const check = await checkProducts(model, original, pictures(picture, 3));
    expect(check).toMatchObject({ ok: true, directions: 5, straightThrough: [] });
    expect(check.forwardError).toBeLessThan(1e-5);
    expect(check.gradientError).toBeLessThan(1e-3);
    expect(check.tangentError).toBeLessThan(1e-3);
  });

  it('behind a preprocessing', async () => {
    const { model, original } = await open(autoencoder(), { channels: 3, height: 15, width: 15 }, 2, {
      geometry: 'stretch',
      height: 10,
      width: 8,
      channels: 'bgr',
      mean: [0.4],
      std: [0.3],
    });
    expect(await checkProducts(model, original, pictures({ channels: 3, height: 15, width: 15 }, 2))).toMatchObject({ ok: true });
  });
});

describe('the check of a planted fault fails', () => {
  let model: OpenOutput;
  let original: OriginalOutput;
  beforeAll(async () => ({ model, original } = await open(autoencoder(), picture)));

  const altered = (change: Partial<Record<'output' | 'vjp' | 'jvp', (row: Float32Array) => Float32Array>>): OpenOutput => {
    const as = (row: 'output' | 'vjp' | 'jvp') => change[row] ?? ((data: Float32Array) => data);
    const fault: Pick<OpenOutput, 'output' | 'vjp' | 'jvp'> = {
      output: async (x) => as('output')(await model.output(x)),
      vjp: async (x, u) => ({ output: new Float32Array(), gradient: as('vjp')((await model.vjp(x, u)).gradient) }),
      jvp: async (x, v) => ({ output: new Float32Array(), tangent: as('jvp')((await model.jvp(x, v)).tangent) }),
    };
    // Pictures of the network's own size: the products are the same there.
    return { ...model, straightThrough: [], fallbacks: [], ...fault, core: { ...model.core, ...fault } };
  };

  it('but nothing done is no fault', async () => {
    expect(await checkProducts(altered({}), original, pictures(picture, 3))).toMatchObject({ ok: true });
  });

  it.each<[string, (row: Float32Array) => Float32Array]>([
    ['one per cent too large', (row) => row.map((a) => 1.01 * a)],
    ['of the wrong sign', (row) => row.map((a) => -a)],
    ['with one value in ten missing', (row) => row.map((a, i) => (i % 10 === 3 ? 0 : a))],
    ['no number in one place', (row) => row.map((a, i) => (i === 17 ? NaN : a))],
  ])('%s', async (_, fault) => {
    const vjp = await checkProducts(altered({ vjp: fault }), original, pictures(picture, 1), { directions: 1 });
    expect([vjp.ok, vjp.gradientError > 1e-3, vjp.tangentError! > 1e-3]).toEqual([false, true, true]);
    const jvp = await checkProducts(altered({ jvp: fault }), original, pictures(picture, 1), { directions: 1 });
    expect([jvp.ok, jvp.gradientError <= 1e-3, jvp.tangentError! > 1e-3]).toEqual([false, true, true]);
    const output = await checkProducts(altered({ output: fault }), original, pictures(picture, 1), { directions: 1 });
    expect([output.ok, output.forwardError > 1e-3]).toEqual([false, true]);
  });
});

describe.skipIf(!existsSync(MODELS))('published networks pass (skipped where ../shared/models is missing)', () => {
  it.each<[string, ImageShape]>([
    ['image2image/renan_mnist_autoencoder.onnx', { channels: 1, height: 28, width: 28 }],
    ['image2image/renan_mnist_autoencoder2.onnx', { channels: 1, height: 28, width: 28 }],
  ])('%s', async (file, shape) => {
    const { model, original } = await open(`${MODELS}/${file}`, shape, 4, { channels: 'grey' });
    expect(await checkProducts(model, original, pictures(shape, 2), { directions: 3 })).toMatchObject({ ok: true, straightThrough: [] });
  });
});
