import { describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { DType, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';
import { channelMap } from '../../src-main/model/preprocessing/channels.ts';
import { emitPreprocessing, preprocess, resamplerOf } from '../../src-main/model/preprocessing/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';

const spec = (values: object): Preprocessing => Preprocessing.parse(values);

interface Shape {
  channels: number;
  height: number;
  width: number;
}

function build(preprocessing: Preprocessing, picture: Shape, channels: number, rows: number): GraphBuilder {
  const builder = new GraphBuilder();
  const pixels = builder.input('pixels', DType.float32, [rows, picture.channels, picture.height, picture.width]);
  const size = preprocessing.geometry === 'none' ? picture : { height: preprocessing.height!, width: preprocessing.width! };
  const network = { channels, height: size.height, width: size.width };
  const read = emitPreprocessing(builder, { pixels, spec: preprocessing, picture, network, rows });
  const dims = builder.facts.get(read)!.dims;
  builder.node('Identity', [read], {}, { outputs: ['read'] });
  builder.output('read', DType.float32, dims);
  return builder;
}

async function run(
  preprocessing: Preprocessing,
  pixels: Float32Array,
  picture: Shape,
  channels: number,
  rows: number,
): Promise<{ data: Float32Array; dims: readonly number[] }> {
  const resampler = resamplerOf(preprocessing, picture);
  const read = resampler?.read ?? picture;
  const session = await openSession(saveGraph(build(preprocessing, read, channels, rows).graph));
  const out = await session.run({
    pixels: new Tensor('float32', resampler?.forward(pixels) ?? pixels, [rows, read.channels, read.height, read.width]),
  });
  await session.release();
  return { data: out['read']!.data as Float32Array, dims: out['read']!.dims };
}

function randomPixels(count: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length: count }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

const norm = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const CASES: [string, object, Shape, number][] = [
  ['nothing', {}, { channels: 3, height: 5, width: 6 }, 3],
  ['mean and std, one per channel', norm, { channels: 3, height: 5, width: 6 }, 3],
  ['mean and std, one for all', { mean: [0.5], std: [0.25] }, { channels: 3, height: 5, width: 6 }, 3],
  [
    'Caffe: BGR bytes minus a mean pixel',
    { channels: 'bgr', scale: 255, mean: [103.939, 116.779, 123.68] },
    { channels: 3, height: 4, width: 3 },
    3,
  ],
  ['colour to grey', { channels: 'grey', mean: [0.1307], std: [0.3081] }, { channels: 3, height: 4, width: 3 }, 1],
  ['colour to a grey network whatever the order says', {}, { channels: 3, height: 4, width: 3 }, 1],
  ['colour to grey in three channels', { channels: 'grey', ...norm }, { channels: 3, height: 4, width: 3 }, 3],
  ['grey into a colour network', norm, { channels: 1, height: 4, width: 3 }, 3],
  ['grey to grey', { channels: 'grey', scale: 255 }, { channels: 1, height: 4, width: 3 }, 1],
  ['NHWC', { layout: 'nhwc', ...norm }, { channels: 3, height: 4, width: 5 }, 3],
  ['bilinear crop', { geometry: 'centre-crop', width: 14, height: 10, resizeTo: 17, ...norm }, { channels: 3, height: 31, width: 40 }, 3],
  [
    'bicubic stretch, NHWC, BGR',
    { geometry: 'stretch', width: 9, height: 21, interpolation: 'bicubic', layout: 'nhwc', channels: 'bgr' },
    { channels: 3, height: 16, width: 12 },
    3,
  ],
  ['nearest stretch', { geometry: 'stretch', width: 9, height: 21, interpolation: 'nearest' }, { channels: 1, height: 16, width: 12 }, 1],
  [
    'letterbox with a grey border',
    { geometry: 'letterbox', width: 20, height: 20, padValue: 0.447, ...norm },
    { channels: 3, height: 13, width: 30 },
    3,
  ],
  ['letterbox that enlarges', { geometry: 'letterbox', width: 20, height: 17, padValue: 1 }, { channels: 3, height: 5, width: 9 }, 3],
  ['pad with zeros', { geometry: 'pad', width: 12, height: 11, mean: [0.5], std: [0.5] }, { channels: 3, height: 8, width: 8 }, 3],
  [
    'crop larger than the picture',
    { geometry: 'centre-crop', width: 9, height: 12, resizeTo: 8, padValue: 0.2 },
    { channels: 3, height: 20, width: 10 },
    3,
  ],
];

describe('preprocessing before and in the graph', () => {
  it.each(CASES)('is what the direct version computes: %s', async (_, values, picture, channels) => {
    const preprocessing = spec(values);
    const size = picture.channels * picture.height * picture.width;
    const pixels = randomPixels(2 * size);
    const { data, dims } = await run(preprocessing, pixels, picture, channels, 2);
    for (const row of [0, 1]) {
      const direct = preprocess(preprocessing, pixels.slice(row * size, (row + 1) * size), picture, channels);
      expect(dims).toEqual([2, ...direct.shape]);
      const got = data.slice(row * direct.data.length, (row + 1) * direct.data.length);
      // float32 in units of the network's own values.
      const unit = preprocessing.scale / Math.min(...preprocessing.std);
      const worst = direct.data.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
      expect(worst / unit).toBeLessThan(1e-6);
    }
  });

  it('adds no node where nothing is to be done', () => {
    const ops = (values: object, picture: Shape, channels: number) =>
      build(spec(values), picture, channels, 1).graph.nodes.map((node) => node.opType);
    expect(ops({}, { channels: 3, height: 8, width: 8 }, 3)).toEqual(['Identity']);
    expect(ops({ geometry: 'stretch', width: 8, height: 8, channels: 'grey' }, { channels: 1, height: 8, width: 8 }, 1)).toEqual([
      'Identity',
    ]);
    expect(ops({ scale: 255 }, { channels: 3, height: 8, width: 8 }, 3)).toEqual(['Mul', 'Identity']);
  });

  it('keeps pixels exact through crops, padding and channel order', async () => {
    const picture = { channels: 3, height: 6, width: 6 };
    const pixels = randomPixels(108);
    const { data } = await run(spec({ geometry: 'pad', width: 8, height: 8, channels: 'bgr' }), pixels, picture, 3, 1);
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < 6; y++)
        for (let x = 0; x < 6; x++) expect(data[(c * 8 + y + 1) * 8 + x + 1]).toBe(pixels[((2 - c) * 6 + y) * 6 + x]);
  });
});

describe('channels', () => {
  it('take luma as ITU-R BT.601 and PIL do', () => {
    expect(channelMap(spec({ channels: 'grey' }), 3, 1)).toEqual({ matrix: [[0.299, 0.587, 0.114]], bias: [0] });
  });

  it('refuse numbers that do not fit', () => {
    expect(() => channelMap(spec({ mean: [1, 2] }), 3, 3)).toThrow('2 values of mean, but the network reads 3 channels: give 1 or 3');
    expect(() => channelMap(spec({ std: [1, 2, 3] }), 1, 1)).toThrow('3 values of std');
    expect(() => channelMap(spec({}), 3, 4)).toThrow('the network reads 4');
  });
});
