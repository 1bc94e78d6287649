import { expect, it } from 'vitest';
import { compare } from '../../bench/oracles/compare.ts';

it('counts a failure as infinite in the median and leaves it out of the mean', () => {
  const { success, median, mean, order } = compare([1, 3, 8, Infinity], [2, 3.001, 7, 9], false);
  expect(success).toEqual([0.75, 1]);
  expect(median).toEqual([5.5, 5.0005]);
  expect(mean[0]).toBeCloseTo(4, 12);
  expect(mean[1]).toBeCloseTo(12.001 / 3, 12);
  expect(order).toEqual([1, 1, 2]);
});
it('forgives two standard errors and no more', () => {
  const theirs = Array.from({ length: 100 }, (_, i) => 10 + i / 7);
  // Differences alternate between -1 and 1 + shift: their mean is shift / 2, its standard error a tenth of their spread.
  const shifted = (shift: number): number[] => theirs.map((x, i) => x + (i % 2 ? 1 + shift : -1));
  expect(compare(shifted(0.3), theirs, false).noWorse).toBe(true);
  expect(compare(shifted(0.6), theirs, false).noWorse).toBe(false);
});
it('forgives no failure that the other never has, and under a fixed budget asks for nothing else', () => {
  const theirs = new Array<number>(30).fill(2);
  expect(compare([...theirs.slice(6), ...new Array<number>(6).fill(Infinity)], theirs, false).noWorse).toBe(false);
  expect(
    compare(
      theirs.map((x) => 3 * x),
      theirs,
      true,
    ).noWorse,
  ).toBe(true);
  expect(
    compare(
      theirs.map((x) => 3 * x),
      theirs,
      false,
    ).noWorse,
  ).toBe(false);
});
