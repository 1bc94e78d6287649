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

/** How often a picture is shown to the model. */
const AGAIN = 3;

/** The largest difference of a logit from that of the first time, against the largest logit. */
async function drift(problem: CountedProblem): Promise<(number | null)[]> {
  const delta = new Float32Array(problem.clean.length);
  const first = (await problem.query(delta)).logits.slice();
  const most = new Float64Array(problem.count);
  for (let time = 1; time < AGAIN; time++) {
    const { logits } = await problem.query(delta);
    for (let image = 0; image < problem.count; image++)
      for (let k = image * problem.classes; k < (image + 1) * problem.classes; k++)
        most[image] = Math.max(most[image]!, Math.abs(logits[k]! - first[k]!));
  }
  return rowsOf(first, problem.count).map((scores, image) => {
    const largest = scores.reduce((all, f) => Math.max(all, Math.abs(f)), 0);
    return largest > 0 ? most[image]! / largest : most[image]!;
  });
}

export const VALUES = {
  /** Of the margin of two logits. */
  slope: { cost: cost(1), measure: (problem) => slopes(problem, 'margin') },
  'entropy-slope': { cost: cost(1), measure: (problem) => slopes(problem, 'cross-entropy') },
  drift: { cost: cost(0, AGAIN), measure: drift },
  /** By what share of its whole fall the loss still fell in the last ten steps: told by the run `longer`, of images that it does not break. */
  falling: { cost: cost(0), measure: ({ count }) => Promise.resolve(Array<null>(count).fill(null)) },
} as const satisfies Record<string, CheckValue>;
export type ValueName = keyof typeof VALUES;
