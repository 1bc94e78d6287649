import { describe, expect, it } from 'vitest';
import {
  byBlock,
  byChannel,
  byColumn,
  byFeature,
  byMask,
  byPixel,
  byRow,
  subsetsChanged,
  subsetSizes,
} from '../../src-main/norms/partition.ts';
import { bestSubsets, subsetGains, subsetStep } from '../../src-main/norms/subset.ts';

/** Two planes of two rows and three columns. */
const SHAPE = { channels: 2, height: 2, width: 3 };

describe('partitions', () => {
  it.each([
    ['pixel', byPixel(SHAPE), [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]],
    ['feature', byFeature(SHAPE), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ['channel', byChannel(SHAPE), [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]],
    ['row', byRow(SHAPE), [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]],
    ['column', byColumn(SHAPE), [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]],
    ['block of 2, the last one smaller', byBlock(SHAPE, 2, 2), [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]],
    ['block of 1 x 2', byBlock(SHAPE, 1, 2), [0, 0, 1, 2, 2, 3, 0, 0, 1, 2, 2, 3]],
    ['block of 2 x 1', byBlock(SHAPE, 2, 1), [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]],
    ['mask, 0 left out', byMask(SHAPE, [7, 0, 3, 3, 7, 0]), [1, -1, 0, 0, 1, -1, 1, -1, 0, 0, 1, -1]],
  ] as const)('by %s', (_, partition, of) => {
    expect([...partition.of]).toEqual(of);
    expect(partition.count).toBe(Math.max(...of) + 1);
    const sizes = [...subsetSizes(partition)];
    expect(sizes).toEqual(sizes.map((_, s) => of.filter((one) => one === s).length));
  });
  it('counts the subsets that a change touches', () => {
    const delta = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, -1, 2];
    expect(subsetsChanged(byPixel(SHAPE), delta)).toBe(2);
    expect(subsetsChanged(byFeature(SHAPE), delta)).toBe(3);
    expect(subsetsChanged(byChannel(SHAPE), delta)).toBe(2);
    expect(subsetsChanged(byMask(SHAPE, [7, 0, 3, 3, 7, 0]), delta)).toBe(1);
  });
  it('refuses blocks and masks that do not fit', () => {
    for (const [high, wide] of [
      [0, 2],
      [2, 0],
      [1.5, 2],
      [2, 1.5],
    ] as const)
      expect(() => byBlock(SHAPE, high, wide)).toThrow(RangeError);
    expect(() => byMask(SHAPE, [1, 2])).toThrow(RangeError);
  });
});

describe('the closed form (23)', () => {
  const gradient = [1, -2, 0, 4, 0.5, -1, 2, 0, -3, 1, 1, 1];
  const from = [0.5, 0.9, 0.5, 0.05, 0.5, 0.5, 1, 0.5, 0.5, 0.5, 0.5, 0.5];
  it('without the box is ε times the sum of |g|; the step has signs against g', () => {
    const gains = subsetGains(byPixel(SHAPE), gradient, null, 0.2);
    const expected = [0.6, 0.4, 0.6, 1, 0.3, 0.4];
    gains.forEach((gain, s) => expect(gain).toBeCloseTo(expected[s]!, 12));
    const out = new Float32Array(12).fill(9);
    subsetStep(byPixel(SHAPE), gradient, null, 0.2, [0, 1], out);
    expect([...out]).toEqual([-0.2, 0.2, 0, 0, 0, 0, -0.2, 0, 0, 0, 0, 0].map(Math.fround));
  });
  it('inside the box a feature gives what room it has', () => {
    const gains = subsetGains(byPixel(SHAPE), gradient, from, 0.2);
    expect(gains[1]).toBeCloseTo(2 * 0.1, 12);
    expect(gains[3]).toBeCloseTo(4 * 0.05 + 0.2, 12);
    expect(bestSubsets(gains, new Uint8Array(6), 1)).toEqual([0]);
    expect(bestSubsets(gains, Uint8Array.of(1, 0, 0, 0, 0, 0), 2)).toEqual([2, 3]);
    expect(bestSubsets(new Float64Array(6), new Uint8Array(6), 2)).toEqual([]);
  });
});
