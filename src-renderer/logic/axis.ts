import { isCount } from '../../shared/norms.ts';
import type { Norm } from '../../shared/norms.ts';
import { significant } from '../../shared/format.ts';
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

/** Ticks of a budget axis; l∞ in levels of 1/255, counts whole. */
export function budgetTicks(norm: Norm, end: number, wanted = 6): { eps: number; text: string }[] {
  const unit = norm === 'linf' ? 255 : 1;
  return ticks(end * unit, wanted)
    .filter((value) => !isCount(norm) || Number.isInteger(value))
    .map((value) => ({ eps: value / unit, text: significant(value, 3) }));
}

/**
 * Where the budget axis ends, as in the report: a little beyond the largest budget, and further, up to
 * four times as far, while the curve still falls.
 */
export function axisEnd(norm: Norm, points: readonly Step[], budgets: readonly number[]): number {
  const largest = Math.max(0, ...budgets);
  const last = points.find((point) => (point.accuracy ?? 1) <= 0.02) ?? points.at(-1);
  const reach = (last?.eps ?? 0) * 1.08;
  const end = Math.max(1.2 * largest, largest > 0 ? Math.min(reach, 4 * largest) : reach);
  return end > 0 ? (isCount(norm) ? Math.ceil(end) : end) : 1;
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
