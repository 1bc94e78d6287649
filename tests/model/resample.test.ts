import { describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { cut, paste, resamplerOf, windowOf } from '../../src-main/model/preprocessing/index.ts';

const values = (count: number, seed: number): Float32Array => {
  let state = seed;
  return Float32Array.from({ length: count }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5);
};
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);

const CASES: [string, object, { channels: number; height: number; width: number }][] = [
  ['shrunk and cropped', { geometry: 'centre-crop', width: 14, height: 10, resizeTo: 17 }, { channels: 3, height: 31, width: 40 }],
  ['tall', { geometry: 'centre-crop', width: 9, height: 12, resizeTo: 12 }, { channels: 1, height: 61, width: 18 }],
  ['enlarged, bicubic', { geometry: 'stretch', width: 23, height: 9, interpolation: 'bicubic' }, { channels: 3, height: 8, width: 12 }],
  ['one axis alone', { geometry: 'stretch', width: 7, height: 8 }, { channels: 2, height: 8, width: 12 }],
  ['nearest', { geometry: 'stretch', width: 9, height: 21, interpolation: 'nearest' }, { channels: 1, height: 16, width: 12 }],
  ['letterbox with a border', { geometry: 'letterbox', width: 20, height: 20, padValue: 0.4 }, { channels: 3, height: 13, width: 30 }],
  ['padded', { geometry: 'pad', width: 12, height: 11, padValue: 0.7 }, { channels: 3, height: 8, width: 8 }],
];

describe('what stands before the network', () => {
  it.each(CASES)('its adjoint is the transpose: <Ax, y> = <x, Aᵀy> %s', (_, spec, picture) => {
    const resampler = resamplerOf(Preprocessing.parse(spec), picture)!;
    const { channels, height, width } = resampler.read;
    const x = values(2 * picture.channels * picture.height * picture.width, 3);
    const y = values(2 * channels * height * width, 5);
    const forward = dot(resampler.linear(x), y);
    expect(Math.abs(forward - dot(x, resampler.adjoint(y)))).toBeLessThan(1e-5 * Math.sqrt(dot(x, x) * dot(y, y)));
    expect(Math.abs(forward)).toBeGreaterThan(1e-3);
  });

  it('is affine: the border is a constant, and no part of what becomes of a change', () => {
    const resampler = resamplerOf(Preprocessing.parse({ geometry: 'pad', width: 4, height: 4, padValue: 0.25 }), {
      channels: 1,
      height: 2,
      width: 4,
    })!;
    expect([...resampler.forward(new Float32Array(8))]).toEqual([
      ...new Array<number>(4).fill(0.25),
      ...new Array<number>(8).fill(0),
      ...new Array<number>(4).fill(0.25),
    ]);
    expect(resampler.linear(new Float32Array(8)).every((v) => v === 0)).toBe(true);
  });

  it('gives each picture the same bits beside any other', () => {
    const picture = { channels: 3, height: 31, width: 40 };
    const resampler = resamplerOf(Preprocessing.parse(CASES[0]![1]), picture)!;
    const size = 3 * 31 * 40;
    const both = values(2 * size, 9);
    const read = resampler.forward(both);
    expect([...read.subarray(read.length / 2)]).toEqual([...resampler.forward(both.slice(size))]);
  });

  it.each(CASES.slice(0, 2))('reads a window of the picture alone, and gives the same from it: %s', (_, spec, picture) => {
    const preprocessing = Preprocessing.parse(spec);
    const window = windowOf(preprocessing, picture)!;
    const [whole, part] = [resamplerOf(preprocessing, picture)!, resamplerOf(preprocessing, picture, window)!];
    const x = values(picture.channels * picture.height * picture.width, 7);
    const read = whole.forward(x);
    expect([...part.forward(cut(x, picture, window))]).toEqual([...read]);
    // What lies outside changes nothing, and its gradient is 0.
    const outside = paste(values(x.length, 8), picture, window, cut(x, picture, window));
    expect([...whole.forward(outside)]).toEqual([...read]);
    const y = values(read.length, 11);
    const gradient = whole.adjoint(y);
    expect([...paste(new Float32Array(x.length), picture, window, part.adjoint(y))]).toEqual([...gradient]);
    // No smaller window would do: each of its edges is read.
    const { top, left, height, width } = window;
    for (const edge of [
      { ...window, height: 1 },
      { ...window, width: 1 },
      { ...window, top: top + height - 1, height: 1 },
      { ...window, left: left + width - 1, width: 1 },
    ])
      expect(cut(gradient, picture, edge).some((v) => v !== 0)).toBe(true);
  });

  it('reads all of a picture that is not cropped', () => {
    for (const [, spec, picture] of CASES.slice(2))
      if (!JSON.stringify(spec).includes('nearest')) expect(windowOf(Preprocessing.parse(spec), picture)).toBeNull();
  });

  it('is nothing where a picture is read as it is', () => {
    expect(
      resamplerOf(Preprocessing.parse({ geometry: 'centre-crop', width: 8, height: 8 }), { channels: 3, height: 8, width: 8 }),
    ).toBeNull();
  });

  it('costs a photograph of 24 megapixels little more memory than itself', () => {
    const picture = { channels: 1, height: 4000, width: 6000 };
    const resampler = resamplerOf(Preprocessing.parse({ geometry: 'centre-crop', width: 224, height: 224, resizeTo: 256 }), picture)!;
    const before = process.memoryUsage().arrayBuffers;
    const read = resampler.forward(new Float32Array(4000 * 6000).fill(0.5));
    expect(read.every((v) => Math.abs(v - 0.5) < 1e-6)).toBe(true);
    // The picture, and one pass of it shrunk along one axis.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1.2 * 4 * 4000 * 6000);
  });
});
