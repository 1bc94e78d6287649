import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { Preprocessing } from '../../shared/plan.ts';
import { saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { composePixels, PORT } from '../../src-main/model/compose.ts';
import { LOSSES } from '../../src-main/model/differentiable.ts';
import type { ImageShape, Loss } from '../../src-main/model/differentiable.ts';
import { findImageInput, networkInput } from '../../src-main/model/network.ts';
import { preprocess } from '../../src-main/model/preprocessing/index.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { gaussian, uniform } from '../autodiff/gradient.ts';
import { convolutional, linear } from './networks.ts';

const ROWS = 3;
const opened: OpenModel[] = [];
afterAll(async () => {
  for (const model of opened) await model.close();
});

async function open(graph: Graph, picture: ImageShape, spec: object, rows = ROWS): Promise<OpenModel> {
  const model = await openDifferentiable({
    graph,
    input: findImageInput(graph, null),
    preprocessing: Preprocessing.parse(spec),
    picture,
    rows,
    provider: 'cpu',
  });
  opened.push(model);
  return model;
}

/**
 * The same logits without anything of the composed graph: pixels through the preprocessing's plain loops, the original
 * network in a session of its own.
 */
async function plainLogits(graph: Graph, picture: ImageShape, spec: object, pictures: Float32Array[]): Promise<number[][]> {
  const preprocessing = Preprocessing.parse(spec);
  const input = findImageInput(graph, null);
  const rows = input.dims[0] ?? pictures.length;
  const { dims, image } = networkInput(input, preprocessing, picture, rows);
  const session = await openSession(saveGraph(graph));
  const logits: number[][] = [];
  for (let at = 0; at < pictures.length; at += rows) {
    const read = stack(pictures.slice(at, at + rows).map((x) => preprocess(preprocessing, x, picture, image.channels).data));
    const y = (await session.run({ x: new Tensor('float32', read, dims) }))['y']!.data as Float32Array;
    for (let r = 0; r < rows; r++) logits.push(Array.from(y.subarray((r * y.length) / rows, ((r + 1) * y.length) / rows)));
  }
  await session.release();
  return logits;
}

function randomPictures({ channels, height, width }: ImageShape, count: number): Float32Array[] {
  const next = uniform(11);
  return Array.from({ length: count }, () => Float32Array.from({ length: channels * height * width }, next));
}

function stack(pictures: Float32Array[]): Float32Array {
  const out = new Float32Array(pictures.length * pictures[0]!.length);
  pictures.forEach((x, r) => out.set(x, r * x.length));
  return out;
}

const colour = (height: number, width: number): ImageShape => ({ channels: 3, height, width });
const grey = (height: number, width: number): ImageShape => ({ channels: 1, height, width });
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const CASES: [string, Graph, ImageShape, object][] = [
  ['nothing, linear', linear([3, 4, 5], 4), colour(4, 5), {}],
  ['nothing, convolution of any size', convolutional(3, 5), colour(9, 7), imagenet],
  ['stretch, bilinear', convolutional(3, 5), colour(9, 7), { geometry: 'stretch', width: 6, height: 5, ...imagenet }],
  ['stretch, bicubic, larger', convolutional(3, 5), colour(5, 6), { geometry: 'stretch', width: 9, height: 11, interpolation: 'bicubic' }],
  ['stretch, nearest', linear([3, 5, 4], 4), colour(8, 7), { geometry: 'stretch', width: 4, height: 5, interpolation: 'nearest' }],
  ['centre crop', convolutional(3, 5), colour(8, 11), { geometry: 'centre-crop', width: 6, height: 6, resizeTo: 7, ...imagenet }],
  ['letterbox', convolutional(3, 5), colour(6, 11), { geometry: 'letterbox', width: 8, height: 8, padValue: 0.5, ...imagenet }],
  ['pad', linear([3, 8, 9], 3), colour(5, 6), { geometry: 'pad', width: 9, height: 8, padValue: 1, mean: [0.5], std: [0.25] }],
  [
    'bytes, BGR, NHWC',
    convolutional(3, 5, { nhwc: true, size: [7, 6] }),
    colour(7, 6),
    { layout: 'nhwc', channels: 'bgr', scale: 255, mean: [103.939, 116.779, 123.68], std: [58, 57, 57] },
  ],
  [
    'letterbox into NHWC',
    convolutional(3, 5, { nhwc: true, size: [8, 8] }),
    colour(5, 9),
    { layout: 'nhwc', geometry: 'letterbox', width: 8, height: 8 },
  ],
  ['colour to grey', convolutional(1, 5, { size: [7, 6] }), colour(7, 6), { channels: 'grey', mean: [0.1307], std: [0.3081] }],
  ['grey into three channels', convolutional(3, 5, { size: [7, 6] }), grey(7, 6), imagenet],
  ['grey, flat', linear([42], 2), grey(7, 6), {}],
  ['grey, flat with a one at the end, two classes', linear([42, 1], 2, 1, 1), grey(7, 6), { mean: [0.5], std: [0.5] }],
  ['colour, flat, channels last', linear([126], 4), colour(7, 6), { layout: 'nhwc' }],
];

describe('pixels, preprocessing, network and loss as one graph', () => {
  it.each(CASES)('logits and gradients with %s', async (_, graph, picture, spec) => {
    const model = await open(graph, picture, spec);
    const pictures = randomPictures(picture, ROWS);
    const x = stack(pictures);
    const expected = await plainLogits(graph, picture, spec, pictures);
    const classes = model.classes;
    expect(classes).toBe(expected[0]!.length);
    const largest = Math.max(...expected.flat().map(Math.abs));
    const { logits } = await model.forward(x);
    expected.forEach((row, r) => row.forEach((v, k) => expect(Math.abs(logits[r * classes + k]! - v) / largest).toBeLessThan(1e-5)));

    // Every pixel of the first picture, moved both ways at once.
    const first = pictures[0]!;
    const h = 0.02;
    const moved = Array.from(first).flatMap((_v, j) => [h, -h].map((step) => first.map((v, i) => (i === j ? v + step : v))));
    const away = await plainLogits(graph, picture, spec, moved);
    for (const loss of LOSSES.filter((l) => classes > 2 || l !== 'dlr')) {
      const label = Int32Array.from({ length: ROWS }, (_v, r) => r % classes);
      const got = await model.gradient(loss, x, label, null);
      expected.forEach((row, r) => expect(got.loss[r]).toBeCloseTo(value(loss, row, r % classes), 3));
      const slopes = Array.from(first, (_v, j) => (value(loss, away[2 * j]!, 0) - value(loss, away[2 * j + 1]!, 0)) / (2 * h));
      // A DLR loss whose class comes third is constant; then the gradient must be as flat.
      const scale = Math.max(...slopes.map(Math.abs), 0.05);
      slopes.forEach((s, j) => expect(Math.abs(got.gradient[j]! - s) / scale, `${loss}, pixel ${j}`).toBeLessThan(5e-3));
    }
  });

  it('targeted losses have the gradient of their definition', async () => {
    const graph = convolutional(3, 5);
    const picture = colour(6, 6);
    const model = await open(graph, picture, {});
    const pictures = randomPictures(picture, ROWS);
    const direction = gaussian(5);
    const v = Float32Array.from({ length: 108 }, () => direction());
    const h = 1e-2;
    const [ahead, behind] = await plainLogits(
      graph,
      picture,
      {},
      [1, -1].map((side) => pictures[0]!.map((p, i) => p + side * h * v[i]!)),
    );
    const label = Int32Array.of(0, 1, 2);
    const target = Int32Array.of(3, 4, 0);
    const plain: Record<Loss, (z: number[]) => number> = {
      margin: (z) => Math.max(z[0]!, z[1]!, z[2]!, z[4]!) - z[3]!,
      'cross-entropy': (z) => Math.log(z.reduce((sum, f) => sum + Math.exp(f), 0)) - z[3]!,
      dlr: (z) => {
        const sorted = [...z].sort((a, b) => b - a);
        return (z[0]! - z[3]!) / (sorted[0]! - (sorted[2]! + sorted[3]!) / 2);
      },
      'probability-margin': (z) => {
        const p = probabilities(z);
        return Math.max(p[0]!, p[1]!, p[2]!, p[4]!) - p[3]!;
      },
    };
    for (const loss of LOSSES) {
      const { gradient } = await model.gradient(loss, stack(pictures), label, target);
      const slope = (plain[loss](ahead!) - plain[loss](behind!)) / (2 * h);
      const along = v.reduce((sum, w, i) => sum + w * gradient[i]!, 0);
      expect(Math.abs(along - slope) / Math.max(1, Math.abs(slope)), loss).toBeLessThan(2e-3);
    }
  });

  it.each([
    ['softmax', 4, ['Softmax']],
    ['log-softmax', 4, ['LogSoftmax']],
    ['sigmoid', 4, ['Sigmoid']],
  ] as const)('logits come from before a final %s', async (kind, classes, [op]) => {
    const graph = linear([3, 4, 4], classes);
    const picture = colour(4, 4);
    const pictures = randomPictures(picture, ROWS);
    const raw = await plainLogits(graph, picture, {}, pictures);
    graph.nodes.at(-1)!.output[0] = 'z';
    graph.nodes.push({ ...graph.nodes[0]!, opType: op, name: 'last', input: ['z'], output: ['y'], attribute: [] });
    const model = await open(graph, picture, {});
    expect(model.pixels.output).toMatchObject({ kind, classes, logits: 'z' });
    const { logits } = await model.forward(stack(pictures));
    raw.flat().forEach((v, i) => expect(logits[i]).toBeCloseTo(v, 5));
  });

  it('one sigmoid becomes two logits, 0 and its own', async () => {
    const graph = linear([3, 4, 4], 1);
    const picture = colour(4, 4);
    const pictures = randomPictures(picture, ROWS);
    const raw = await plainLogits(graph, picture, {}, pictures);
    graph.nodes.at(-1)!.output[0] = 'z';
    graph.nodes.push({ ...graph.nodes[0]!, opType: 'Sigmoid', name: 'last', input: ['z'], output: ['y'], attribute: [] });
    const model = await open(graph, picture, {});
    expect(model.classes).toBe(2);
    const { logits } = await model.forward(stack(pictures));
    raw.forEach(([z], r) => {
      expect(logits[2 * r]).toBe(0);
      expect(logits[2 * r + 1]).toBeCloseTo(z!, 5);
    });
    const { loss } = await model.gradient('margin', stack(pictures), Int32Array.of(1, 1, 0), null);
    [raw[0]![0]!, raw[1]![0]!, -raw[2]![0]!].forEach((z, r) => expect(loss[r]).toBeCloseTo(z, 5));
  });

  it('leaves the file as it was, and puts out nothing but logits', async () => {
    const graph = convolutional(3, 5);
    const before = saveGraph(graph).bytes;
    const model = await composePixels({
      graph,
      input: findImageInput(graph, null),
      preprocessing: Preprocessing.parse({}),
      picture: colour(6, 6),
      rows: 2,
      trace: traceFacts,
    });
    expect(saveGraph(graph).bytes).toEqual(before);
    expect(model.graph.outputs.map((o) => o.name)).toEqual([PORT.logits]);
    expect(model.graph.inputs.map((i) => i.name)).toEqual([PORT.pixels]);
    expect(model.network).toEqual({ dims: [2, 3, 6, 6], image: colour(6, 6), embed: null });
  });

  it('refuses an operator without a gradient rule by name, when a gradient is wanted', async () => {
    const graph = linear([3, 4, 4], 4);
    graph.nodes.unshift({ ...graph.nodes[0]!, opType: 'Det', name: 'odd', input: ['m'], output: ['d'], attribute: [] });
    graph.nodes.unshift({ ...graph.nodes[0]!, opType: 'Identity', name: 'even', input: ['x'], output: ['m'], attribute: [] });
    graph.nodes.push({ ...graph.nodes[0]!, opType: 'ReduceMean', name: 'mean', input: ['d'], output: ['e'], attribute: [] });
    graph.nodes.at(-2)!.output[0] = 'z';
    graph.nodes.push({ ...graph.nodes[0]!, opType: 'Add', name: 'last', input: ['z', 'e'], output: ['y'], attribute: [] });
    const model = await open(graph, colour(4, 4), {});
    const asking = model.gradient('margin', new Float32Array(ROWS * 48), new Int32Array(ROWS), null);
    await expect(asking).rejects.toThrow(UserError);
    await expect(asking).rejects.toThrow(/Det at node odd/);
  });
});

/** Untargeted losses in float64, by definition. */
function probabilities(z: number[]): number[] {
  const sum = z.reduce((all, f) => all + Math.exp(f), 0);
  return z.map((f) => Math.exp(f) / sum);
}

function value(loss: Loss, z: number[], y: number): number {
  if (loss === 'probability-margin') return value('margin', probabilities(z), y);
  const gap = z[y]! - Math.max(...z.filter((_, k) => k !== y));
  if (loss === 'margin') return gap;
  if (loss === 'cross-entropy') return z[y]! - Math.log(z.reduce((sum, f) => sum + Math.exp(f), 0));
  const sorted = [...z].sort((a, b) => b - a);
  return gap / (sorted[0]! - sorted[2]!);
}
