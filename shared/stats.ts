import { within } from './norms.ts';
import type { CurvePoint } from './results.ts';

/** Two-sided 95 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/**
 * Wilson score interval of a share, 95 %.
 * @param right successes, 0..total
 * @returns [low, high] in [0,1]; [0, 1] when total is 0
 * Source: Wilson 1927, JASA 22:209, equation for the interval of a binomial proportion.
 */
export function wilson(right: number, total: number): [number, number] {
  if (total === 0) return [0, 1];
  const p = right / total;
  const z2 = Z * Z;
  const centre = (p + z2 / (2 * total)) / (1 + z2 / total);
  const half = (Z / (1 + z2 / total)) * Math.sqrt((p * (1 - p)) / total + z2 / (4 * total * total));
  return [right === 0 ? 0 : centre - half, right === total ? 1 : centre + half];
}

/** Of no images there is no accuracy, and an interval that says nothing. */
export function curvePoint(eps: number, right: number, total: number): CurvePoint {
  const [low, high] = wilson(right, total);
  return { eps, accuracy: total === 0 ? null : right / total, low, high, right, total };
}

/** An image on which not every attack ended: the smallest change found so far, if any, and why there may be a smaller one. */
export interface Open {
  distance: number | null;
  why: 'failed' | 'unfinished';
}

/**
 * Adds to points what they are of all images, when those that nobody knows of at their ε count as broken, and as right.
 * @param open images that an attack failed on or was not through with, whether or not they count in the points
 * @param images how many there are, those that do not count included
 */
export function bounds(open: readonly Open[], images: number): (point: CurvePoint) => CurvePoint {
  const [failedAt, unfinishedAt] = (['failed', 'unfinished'] as const).map((why) =>
    notWithin(open.flatMap((one) => (one.why === why ? [one.distance ?? Infinity] : []))),
  );
  return (point) => {
    const [failed, unfinished] = [failedAt!(point.eps), unfinishedAt!(point.eps)];
    if (failed + unfinished === 0) return point;
    const lost = point.total - point.right;
    return {
      ...point,
      least: (images - lost - failed - unfinished) / images,
      most: (images - lost) / images,
      ...(failed > 0 && { failed }),
      ...(unfinished > 0 && { unfinished }),
    };
  };
}

/** How many distances are not within a budget; asked for thousands of budgets, of thousands of distances. */
function notWithin(distances: number[]): (eps: number) => number {
  const sorted = distances.sort((a, b) => a - b);
  return (eps) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (within(sorted[middle]!, eps)) low = middle + 1;
      else high = middle;
    }
    return sorted.length - low;
  };
}

/** The share that is certain: what a gate may rely on. Null of no images. */
export function atLeast({ least, accuracy }: Pick<CurvePoint, 'least' | 'accuracy'>): number | null {
  return least ?? accuracy;
}

/**
 * Robust accuracy at a budget: the share of all images that are right when clean and not broken within ε.
 * @param distances one entry per image that is right when clean: smallest change that breaks it, or null when none was found
 * @param total all images that count, those wrong already included
 */
export function robustAccuracy(distances: readonly (number | null)[], total: number, eps: number): CurvePoint {
  return curvePoint(eps, distances.filter((d) => d === null || !within(d, eps)).length, total);
}

/** The whole curve: ε = 0, and a point at every distance found; every point is what `robustAccuracy` gives there. */
export function robustCurve(distances: readonly (number | null)[], total: number): CurvePoint[] {
  const sorted = distances.filter((d): d is number => d !== null).sort((a, b) => a - b);
  let broken = 0;
  return [...new Set([0, ...sorted])].map((eps) => {
    while (broken < sorted.length && within(sorted[broken]!, eps)) broken++;
    return curvePoint(eps, distances.length - broken, total);
  });
}

/** Median with null as infinity; null when the median itself is infinite or there is nothing. */
export function median(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.map((v) => v ?? Infinity).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const m = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return Number.isFinite(m) ? m : null;
}

/** Mean of what is not null; null when nothing is. */
export function mean(values: readonly (number | null)[]): number | null {
  const found = values.filter((v): v is number => v !== null);
  return found.length === 0 ? null : found.reduce((a, b) => a + b, 0) / found.length;
}

/** Probability of `least` or more successes in `total` trials with probability `p` each. */
export function binomialTail(least: number, total: number, p: number): number {
  if (least <= 0) return 1;
  let [term, sum] = [Math.pow(1 - p, total), 0];
  for (let k = 0; k <= total; k++) {
    if (k >= least) sum += term;
    term *= ((total - k) / (k + 1)) * (p / (1 - p));
  }
  return Math.min(1, sum);
}
