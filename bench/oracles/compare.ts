import { median } from '../gradient/report.ts';

/** Ours beside a reference's, image by image; Infinity where it failed. */
export interface Comparison {
  success: [number, number];
  median: [number, number];
  /** Over the images that both broke. */
  mean: [number, number];
  /** Images where ours is smaller, equal (to a thousandth), larger. */
  order: [number, number, number];
  /** Whether ours is no worse in success, median and mean, but for two standard errors of the paired differences. */
  noWorse: boolean;
}

/** @param fixed only whether an image was broken counts, not how far away */
export function compare(ours: readonly number[], theirs: readonly number[], fixed: boolean): Comparison {
  const pairs = ours.map((a, i) => [a, theirs[i]!] as const);
  const broken = (side: 0 | 1): number[] => pairs.map((pair) => (pair[side] < Infinity ? 1 : 0));
  const both = pairs.filter(([a, b]) => a < Infinity && b < Infinity);
  const order: Comparison['order'] = [0, 0, 0];
  for (const [a, b] of pairs) order[a === b || Math.abs(a - b) <= 1e-3 * Math.min(a, b) ? 1 : a < b ? 0 : 2]++;
  const success: [number, number] = [average(broken(0)), average(broken(1))];
  const mean: [number, number] = [average(both.map(([a]) => a)), average(both.map(([, b]) => b))];
  const medians: [number, number] = [median([...ours]), median([...theirs])];
  const slack = 2 * standardError(both.map(([a, b]) => a - b));
  const reaches = success[0] >= success[1] - 2 * standardError(pairs.map(([a, b]) => Number(a < Infinity) - Number(b < Infinity)));
  const noWorse = reaches && (fixed || (mean[0] <= mean[1] + slack && (medians[0] <= medians[1] + slack || medians[0] === medians[1])));
  return { success, median: medians, mean, order, noWorse };
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Of the mean of some numbers; 0 of fewer than two. */
function standardError(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = average(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1) / values.length);
}
