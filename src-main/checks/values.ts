import type { Cost } from '../attacks/cost.ts';
import { cost } from '../attacks/cost.ts';
import { rowsOf } from '../attacks/attack.ts';
import type { CountedProblem } from '../attacks/problem/counted.ts';

/** One number an image, measured at the clean picture. */
export interface CheckValue {
  cost: Cost;
  /** Null where there is nothing to measure. */
  measure(problem: CountedProblem): Promise<(number | null)[]>;
}

/** How far moving every pixel through its whole range changes the loss to first order, against the largest logit: Σ|∂L/∂x_j| / max|f_k|. */
async function slopes(problem: CountedProblem, loss: 'margin' | 'cross-entropy'): Promise<(number | null)[]> {
  const { gradient, logits } = await problem.gradient(new Float32Array(problem.clean.length), loss);
  const scores = rowsOf(logits, problem.count);
  return rowsOf(gradient, problem.count).map((g, image) => {
    const largest = scores[image]!.reduce((most, f) => Math.max(most, Math.abs(f)), 0);
    const all = g.reduce((sum, value) => sum + Math.abs(value), 0);
    return largest > 0 ? all / largest : all;
  });
}

export const VALUES = {
  /** Of the margin of two logits. */
  slope: { cost: cost(1), measure: (problem) => slopes(problem, 'margin') },
} as const satisfies Record<string, CheckValue>;
export type ValueName = keyof typeof VALUES;
