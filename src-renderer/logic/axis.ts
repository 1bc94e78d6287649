import type { Norm } from '../../shared/norms.ts';
import { formatEps } from '../../shared/format.ts';
import type { CurvePoint } from '../../shared/results.ts';

type Step = Pick<CurvePoint, 'eps' | 'accuracy'>;

/** Round distances between ticks: 1, 2 or 5 times a power of ten, about `wanted` of them. */
export function ticks(end: number, wanted: number): number[] {
  if (!(end > 0)) return [0];
  const rough = end / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, index) => index * step);
}

/** Ticks of a budget axis; l∞ in whole steps of 1/255. */
export function budgetTicks(norm: Norm, end: number, wanted = 6): { eps: number; text: string }[] {
  const unit = norm === 'linf' ? 255 : 1;
  return ticks(end * unit, wanted)
    .filter((value) => norm !== 'l0' || Number.isInteger(value))
    .map((value) => ({ eps: value / unit, text: value === 0 ? '0' : formatEps(norm, value / unit) }));
}

/**
 * Where the budget axis ends: past the last budget of the plan, and as far as the curve still falls,
 * but not so far that one very robust image squeezes everything else to the left.
 */
export function axisEnd(points: readonly Step[], budgets: readonly number[]): number {
  const largest = Math.max(0, ...budgets);
  const lowest = Math.min(1, ...points.map((point) => point.accuracy));
  const bottom = points.find((point) => point.accuracy === lowest)?.eps ?? 0;
  const end = Math.max(largest, Math.min(bottom, largest > 0 ? 2.5 * largest : bottom));
  return end > 0 ? end * 1.06 : 1;
}

/** Accuracy at a budget: that of the last step at or before it. Null before the first. */
export function at<P extends Step>(points: readonly P[], eps: number): P | null {
  let found: P | null = null;
  for (const point of points) {
    if (point.eps > eps) break;
    found = point;
  }
  return found;
}
