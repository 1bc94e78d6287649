import type { CurvePoint } from '../../shared/results.ts';

/** The robust accuracy of one of several models. */
export interface NamedCurve {
  name: string;
  points: readonly CurvePoint[];
}

/** The curves as CSV, one row per model and step. */
export function curvesCsv(curves: readonly NamedCurve[]): string {
  const rows = curves.flatMap(({ name, points }) =>
    points.map(({ eps, accuracy, low, high, right, total }) => [name, eps, accuracy, low, high, right, total].join(',')),
  );
  return ['model,eps,robust_accuracy,low,high,right,total', ...rows].map((row) => `${row}\r\n`).join('');
}
