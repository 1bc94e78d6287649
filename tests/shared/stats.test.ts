import { describe, expect, it } from 'vitest';
import { within } from '../../shared/norms.ts';
import { atLeast, bounds, curvePoint, mean, median, robustAccuracy, robustCurve, wilson } from '../../shared/stats.ts';

describe('Wilson interval', () => {
  // Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (score, no continuity correction).
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i in %i is [%d, %d], as published', (right, total, low, high) => {
    const [l, h] = wilson(right, total);
    expect(l).toBeCloseTo(low, 4);
    expect(h).toBeCloseTo(high, 4);
  });

  it('holds exactly the shares p whose own standard error reaches the share found', () => {
    // The definition: |p̂ - p| = z sqrt(p (1 - p) / n) at both ends, which no closed form was used for.
    for (const [right, total] of [
      [1, 3],
      [7, 10],
      [150, 1000],
      [999, 1000],
    ] as const)
      for (const p of wilson(right, total))
        expect(Math.abs(right / total - p)).toBeCloseTo(1.959963984540054 * Math.sqrt((p * (1 - p)) / total), 12);
  });

  it('stays inside [0, 1] and reaches the ends only when all or none are right', () => {
    expect(wilson(0, 5)[0]).toBe(0);
    expect(wilson(5, 5)[1]).toBe(1);
    expect(wilson(0, 0)).toEqual([0, 1]);
    for (const total of [1, 2, 10, 1000]) {
      expect(wilson(0, total)[1]).toBeLessThan(1);
      expect(wilson(total, total)[0]).toBeGreaterThan(0);
      // Mirrored: as many wrong as right turns the interval around.
      for (let right = 0; right <= total; right += Math.ceil(total / 7)) {
        const [low, high] = wilson(right, total);
        expect(low + wilson(total - right, total)[1]).toBeCloseTo(1, 12);
        expect(low).toBeLessThanOrEqual(right / total);
        expect(high).toBeGreaterThanOrEqual(right / total);
      }
    }
  });
});

describe('robust accuracy', () => {
  // Ten images: two wrong already, three broken at 1, 1 and 4, five never broken.
  const distances = [1, null, 4, null, 1, null, null, null];

  it('counts what is right when clean and not broken within the budget', () => {
    expect([0, 0.99, 1, 3, 4, 100].map((eps) => robustAccuracy(distances, 10, eps).accuracy)).toEqual([0.8, 0.8, 0.6, 0.6, 0.5, 0.5]);
    expect(robustAccuracy(distances, 10, 1)).toEqual(curvePoint(1, 6, 10));
  });

  it('takes a float32 budget for the budget it stands for', () => {
    const eps = 8 / 255;
    expect(Math.fround(eps)).not.toBe(eps);
    for (const d of [Math.fround(eps), eps + 1e-9, eps]) expect(robustAccuracy([d], 1, eps).right).toBe(0);
    expect(robustAccuracy([9 / 255], 1, eps).right).toBe(1);
    expect(within(2, 1)).toBe(false);
  });

  it('has bounds where not every attack ended: images of which nobody knows count as broken, and as right', () => {
    // Two more: an attack failed on one, and one that broke at 3 was not finished.
    const point = robustAccuracy([...distances, 3], 11, 2);
    expect(point).toMatchObject({ right: 7, total: 11 });
    const open = [
      { distance: null, why: 'failed' as const },
      { distance: 3, why: 'unfinished' as const },
    ];
    expect(bounds(open, 12)(point)).toEqual({ ...point, least: 6 / 12, most: 8 / 12, failed: 1, unfinished: 1 });
    // At 3 it is broken, whatever else would be found.
    const at3 = robustAccuracy([...distances, 3], 11, 3);
    expect(bounds(open, 12)(at3)).toEqual({ ...at3, least: 6 / 12, most: 7 / 12, failed: 1 });
    expect(bounds([], 11)(point)).toBe(point);
    expect([atLeast(bounds(open, 12)(point)), atLeast(point), atLeast(robustAccuracy([], 0, 1))]).toEqual([0.5, 7 / 11, null]);
  });

  it('of no images is none, with an interval that says nothing', () => {
    expect(robustAccuracy([], 0, 1)).toEqual({ eps: 1, accuracy: null, low: 0, high: 1, right: 0, total: 0 });
  });

  it('has a step at every distance, and agrees with the points', () => {
    const curve = robustCurve(distances, 10);
    expect(curve.map((p) => [p.eps, p.right])).toEqual([
      [0, 8],
      [1, 6],
      [4, 5],
    ]);
    for (const point of curve) expect(point).toEqual(robustAccuracy(distances, 10, point.eps));
    const close = [8 / 255, Math.fround(8 / 255), 16 / 255];
    for (const point of robustCurve(close, 3)) expect(point).toEqual(robustAccuracy(close, 3, point.eps));
    expect(robustCurve([], 0)).toHaveLength(1);
    expect(robustCurve([null, null], 3).map((p) => p.right)).toEqual([2]);
  });

  it('counts an image that breaks without any change', () => {
    expect(robustCurve([0, 2], 2).map((p) => [p.eps, p.right])).toEqual([
      [0, 1],
      [2, 0],
    ]);
  });
});

describe('middle and mean', () => {
  it.each<[(number | null)[], number | null]>([
    [[], null],
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[1, null, 2], 2],
    [[1, null, null], null],
    [[1, 2, null], 2],
    [[1, null], null],
    [[1, 2, 3, null], 2.5],
    [[10, 9, 100], 10],
  ])('the median of %j is %j', (values, expected) => expect(median(values)).toBe(expected));

  it('the mean is of what was found', () => {
    expect(mean([1, null, 4])).toBe(2.5);
    expect(mean([null])).toBeNull();
    expect(mean([])).toBeNull();
  });
});
