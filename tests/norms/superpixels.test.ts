import { describe, expect, it } from 'vitest';
import { byBlock } from '../../src-main/norms/partition.ts';
import type { Partition } from '../../src-main/norms/partition.ts';
import { bySuperpixel } from '../../src-main/norms/superpixels.ts';

/** A tilted edge, a disc and soft shading: areas that no grid follows. */
function picture(channels: number, height: number, width: number): Float32Array {
  const plane = height * width;
  return Float32Array.from({ length: channels * plane }, (_, j) => {
    const [c, y, x] = [Math.floor(j / plane), Math.floor((j % plane) / width), j % width];
    const disc = (y - height * 0.6) ** 2 + (x - width * 0.3) ** 2 < (height / 5) ** 2;
    return Math.min(
      1,
      Math.max(
        0,
        (disc ? [0.9, 0.2, 0.1][c]! : y + 1.7 * x > width ? [0.2, 0.6, 0.9][c]! : [0.1, 0.3, 0.2][c]!) + 0.03 * Math.sin(x * 1.3 + y * 2.1),
      ),
    );
  });
}

/** Number of 4-connected pieces of each subset. */
function pieces({ of, count }: Partition, height: number, width: number): number[] {
  const out = new Array<number>(count).fill(0);
  const seen = new Uint8Array(height * width);
  for (let start = 0; start < seen.length; start++) {
    if (seen[start]) continue;
    out[of[start]!]!++;
    const stack = [start];
    seen[start] = 1;
    for (let p = stack.pop(); p !== undefined; p = stack.pop())
      for (const [dy, dx] of [
        [0, 1],
        [0, -1],
        [1, 0],
        [-1, 0],
      ] as const) {
        const [y, x] = [Math.floor(p / width) + dy, (p % width) + dx];
        const q = y * width + x;
        if (y < 0 || x < 0 || y >= height || x >= width || seen[q] || of[q] !== of[start]) continue;
        seen[q] = 1;
        stack.push(q);
      }
  }
  return out;
}

/** Mean squared distance of a pixel's values from its subset's mean. */
function spread({ of, count }: Partition, pixels: Float32Array, channels: number): number {
  const plane = pixels.length / channels;
  let total = 0;
  for (let c = 0; c < channels; c++) {
    const [sum, n] = [new Float64Array(count), new Float64Array(count)];
    for (let p = 0; p < plane; p++) [sum[of[p]!], n[of[p]!]] = [sum[of[p]!]! + pixels[c * plane + p]!, n[of[p]!]! + 1];
    for (let p = 0; p < plane; p++) total += (pixels[c * plane + p]! - sum[of[p]!]! / n[of[p]!]!) ** 2;
  }
  return total / plane;
}

describe.each([
  [3, 48, 64, 48],
  [1, 28, 28, 20],
  [3, 33, 21, 9],
])('superpixels of %i x %i x %i', (channels, height, width, count) => {
  const pixels = picture(channels, height, width);
  const shape = { channels, height, width };
  const found = bySuperpixel(shape, pixels, count, 10);
  it('cover the picture in connected areas, all channels alike', () => {
    const plane = height * width;
    expect(new Set(found.of).size).toBe(found.count);
    expect(pieces(found, height, width)).toEqual(new Array(found.count).fill(1));
    found.of.forEach((s, j) => expect(s).toBe(found.of[j % plane]));
  });
  it('are about as many as asked for, none tiny', () => {
    expect(found.count).toBeGreaterThan(count * 0.5);
    expect(found.count).toBeLessThan(count * 2);
    const sizes = new Array<number>(found.count).fill(0);
    for (let p = 0; p < height * width; p++) sizes[found.of[p]!]!++;
    // The first area of the first row has no neighbour before it to join.
    expect(Math.min(...sizes.slice(1))).toBeGreaterThanOrEqual((height * width) / count / 4 - 1);
  });
  it('are of one colour far more than blocks of the same size', () => {
    const side = Math.max(1, Math.floor(Math.sqrt((height * width) / found.count)));
    expect(spread(found, pixels, channels)).toBeLessThan(0.5 * spread(byBlock(shape, side, side), pixels, channels));
  });
  it('are the same every time, and squares when compactness is all', () => {
    expect(bySuperpixel(shape, pixels, count, 10)).toEqual(found);
    const square = bySuperpixel(shape, pixels, count, 1000);
    expect(spread(square, pixels, channels)).toBeGreaterThan(spread(found, pixels, channels));
  });
});

describe('superpixels at the edge', () => {
  it('one area, one pixel, or nonsense', () => {
    const shape = { channels: 1, height: 3, width: 2 };
    expect(bySuperpixel(shape, new Float32Array(6), 1, 10).count).toBe(1);
    expect(bySuperpixel({ channels: 3, height: 1, width: 1 }, [0, 1, 0], 5, 10)).toEqual({ count: 1, of: new Int32Array(3) });
    expect(bySuperpixel(shape, new Float32Array(6), 6, 10).count).toBeLessThanOrEqual(6);
    for (const [count, compactness] of [
      [0, 1],
      [3, 0],
      [NaN, 1],
    ])
      expect(() => bySuperpixel(shape, new Float32Array(6), count!, compactness!)).toThrow(RangeError);
  });
});
