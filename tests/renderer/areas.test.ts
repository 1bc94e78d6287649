import { describe, expect, it } from 'vitest';
import { areaSizes, borders, inverted, painted, rectangle, stroke, tint } from '../../src-renderer/logic/areas.ts';
import { cutOptions, FIRST_CUT, fitsMask, type Cut } from '../../src-renderer/logic/subsets.ts';
import { byMask } from '../../src-main/norms/partition.ts';

/** A mask drawn as text: rows of digits. */
const draw = (mask: readonly number[], width: number): string[] =>
  Array.from({ length: mask.length / width }, (_, y) => mask.slice(y * width, (y + 1) * width).join(''));
const free = (width: number, height: number): number[] => new Array<number>(width * height).fill(0);

describe('painting a mask', () => {
  it('draws lines without gaps, cut off at the edges', () => {
    const size = { width: 6, height: 4 };
    const thin = painted(free(6, 4), size, stroke({ x: 0, y: 0 }, { x: 5, y: 3 }, 1), 1);
    // Every column of the longer side has exactly one pixel, and neighbours touch.
    expect(draw(thin, 6)).toEqual(['100000', '011000', '000110', '000001']);
    const round = painted(free(6, 4), size, stroke({ x: 5, y: 0 }, { x: 5, y: 0 }, 3), 2);
    expect(draw(round, 6)).toEqual(['000022', '000022', '000000', '000000']);
  });

  it('has brushes as wide as they say', () => {
    for (let across = 1; across <= 9; across++) {
      const points = [...stroke({ x: 20, y: 20 }, { x: 20, y: 20 }, across)];
      const xs = points.map(({ x }) => x);
      expect(Math.max(...xs) - Math.min(...xs) + 1, `${across}`).toBe(across);
      expect(Math.max(...points.map(({ y }) => y)) - Math.min(...points.map(({ y }) => y)) + 1).toBe(across);
    }
  });

  it('fills rectangles from any corner, and turns a mask round', () => {
    const mask = painted(free(4, 3), { width: 4, height: 3 }, rectangle({ x: 2, y: 2 }, { x: 1, y: 1 }), 3);
    expect(draw(mask, 4)).toEqual(['0000', '0330', '0330']);
    expect(draw(inverted(mask, 1), 4)).toEqual(['1111', '1001', '1001']);
    expect([...areaSizes([2, 0, 1, 2])]).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('finds each border once, as straight runs', () => {
    // 1 1 | 2        one run down the right, one below the 3 x 1 on top
    // 1 1 | 2
    // 0 0   0
    expect(borders([1, 1, 2, 1, 1, 2, 0, 0, 0], { width: 3, height: 3 })).toEqual([
      [0, 2, 3, 2],
      [2, 0, 2, 2],
    ]);
    expect(borders(free(3, 3), { width: 3, height: 3 })).toEqual([]);
  });

  it('leaves nothing outside an area without its sign', () => {
    const colours = tint([0, 1, 2]);
    expect(colours).toHaveLength(12);
    expect(new Set([0, 1, 2].map((p) => colours.slice(4 * p, 4 * p + 4).join())).size).toBe(3);
  });
});

describe('what a cut is to an attack', () => {
  const mask: Cut = { ...FIRST_CUT, partition: 'mask', mask: [0, 1, 1, 0, 2, 0], width: 3, height: 2 };

  it('is only what differs from the defaults', () => {
    expect(cutOptions(FIRST_CUT, 'linf')).toEqual({});
    expect(cutOptions({ ...FIRST_CUT, partition: 'block', block: 8 }, 'l0')).toEqual({ partition: 'block', block: 8 });
    expect(cutOptions({ ...FIRST_CUT, partition: 'row' }, 'l0')).toEqual({ partition: 'row' });
  });

  it('makes areas one subset under ℓ∞ and pixels subsets under ℓ₀, unless told otherwise', () => {
    const subsets = (cut: Cut, norm: 'linf' | 'l0Pixels'): number =>
      byMask({ channels: 3, width: 3, height: 2 }, cutOptions(cut, norm)['mask'] as number[]).count;
    expect([subsets(mask, 'linf'), subsets(mask, 'l0Pixels')]).toEqual([2, 3]);
    expect([subsets({ ...mask, areaPixels: 'each' }, 'linf'), subsets({ ...mask, areaPixels: 'together' }, 'l0Pixels')]).toEqual([3, 2]);
  });

  it('fits pictures of its own size alone', () => {
    expect([
      fitsMask(mask, { width: 3, height: 2 }),
      fitsMask(mask, { width: 2, height: 3 }),
      fitsMask(FIRST_CUT, { width: 0, height: 0 }),
    ]).toEqual([true, false, false]);
  });
});
