import { deepFoolPath } from '../../src-main/attacks/minimum/deepfool.ts';
import { normConstrained } from '../../src-main/attacks/budget/constrained.ts';
import type { Constrained } from '../../src-main/attacks/budget/constrained.ts';
import { epsilonFooling, firstOrderBounds, foolingCurve, foolingRatio, imageLengths, rho1, rho2 } from './measures.ts';
import { tryNoise } from '../../src-main/attacks/budget/random-noise.ts';
import { rowsOf } from '../../src-main/attacks/attack.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import { lengthP } from '../../src-main/norms/holder.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';
import { unboxed } from './setup.ts';

/** Classes other than an image's own. */
const RIVALS = 9;
const paper = { rivals: RIVALS, steps: 1, lengths: [], dither: [], p: null, clip: false } as const;

/** The curves made with a budget, by their names in the authors' files. */
export const BUDGETED = {
  FGS: { ...paper, loss: 'cross-entropy' },
  Alg1: { ...paper, loss: 'margin' },
  Alg2: { ...paper, loss: 'logit' },
  'Alg1-5': { ...paper, loss: 'margin', steps: 5 },
  'Alg1-10': { ...paper, loss: 'margin', steps: 10 },
} satisfies Record<string, Omit<Constrained, 'epsilon'>>;

/** Share of images whose final η fools the model: what happened on the way does not count. */
export async function fooledBy(
  model: OpenModel,
  images: readonly ProblemImage[],
  name: keyof typeof BUDGETED | 'rand',
  epsilon: number,
): Promise<number> {
  const problem = unboxed(model, images, `${name}:${epsilon}`);
  if (name === 'rand') return foolingRatio(await tryNoise(problem, new Float32Array(problem.clean.length), epsilon, false));
  const eta = await normConstrained(problem, { ...BUDGETED[name], epsilon });
  return foolingRatio((await problem.query(eta)).success);
}

export interface Minimum {
  /** ‖r‖_∞ of every image, Infinity where DeepFool did not end. */
  sizes: Float64Array;
  bounds: Float64Array;
  curve: number[];
  rho1: number;
  rho2: number;
  eps99: number;
}

/** DeepFool in l∞ with the authors' settings, Theorem 1's bounds, and what Table 3 makes of them. */
export async function smallest(model: OpenModel, images: readonly ProblemImage[], eps: readonly number[]): Promise<Minimum> {
  const problem = unboxed(model, images, 'deepfool');
  const bounds = await firstOrderBounds(problem, Infinity, RIVALS);
  const { delta, fooled } = await deepFoolPath(problem, { steps: 50, rivals: RIVALS, overshoot: 0.02, variant: 'sum', nudge: 0 });
  const sizes = Float64Array.from(rowsOf(delta, problem.count), (r, i) => (fooled[i] ? lengthP(Infinity, r) : Infinity));
  return {
    sizes,
    bounds,
    curve: foolingCurve(sizes, eps),
    rho1: rho1(sizes, imageLengths(problem, Infinity)),
    rho2: rho2(bounds),
    eps99: epsilonFooling(sizes),
  };
}
