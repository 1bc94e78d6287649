import { UserError } from '../../shared/errors.ts';
import { lbfgs } from './lbfgs.ts';
import { dualValue, objective, smoothed } from './objective.ts';
import type { Problem } from './objective.ts';

export interface Trained {
  weights: Float64Array;
  bias: number;
  /** F at (weights, bias). */
  value: number;
  /** No weights whatever have a smaller F: the largest value of the dual problem met. */
  bound: number;
  steps: number;
}

/** How far corners are rounded, one after the other; each starts where the last ended. */
const WIDTHS = [0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5];
const STEPS = 400;
/** Steps between two looks at the gap. */
const LOOK = 20;

/**
 * Minimises F by L-BFGS on ever less smoothed versions of it, until the gap between F and the dual value at the smoothed
 * slopes proves that F is within `gap` of its minimum, as a share of it, or there is nothing left to try.
 * @param told after every look: how many steps, F, and the bound; may throw to end it
 * @throws UserError without samples of both signs, without a ridge, or for a negative ε
 */
export function train(
  problem: Problem,
  gap: number,
  told: (steps: number, value: number, bound: number) => void = () => undefined,
): Trained {
  const { samples, sign, ridge, epsilon } = problem;
  if (!sign.includes(1) || !sign.includes(-1)) throw new UserError('There is nothing to tell apart: give training images of both classes.');
  if (!(ridge > 0)) throw new UserError('The ridge has to be larger than 0: with none, training on separable classes has no minimum.');
  if (!(epsilon >= 0)) throw new UserError('The radius ε to train against is 0 or larger.');
  const slopes = new Float64Array(samples.count);
  const point = new Float64Array(samples.features + 1);
  const scratch = new Float64Array(point.length);
  let best = point.slice();
  let value = objective(problem, point);
  let bound = 0;
  let steps = 0;
  const close = (): boolean => value - bound <= gap * value;
  const look = (width: number, more: number): void => {
    smoothed(problem, point, width, scratch, slopes);
    bound = Math.max(bound, dualValue(problem, slopes));
    const here = objective(problem, point);
    if (here < value) [best, value] = [point.slice(), here];
    told(steps + more, value, bound);
  };
  for (const width of WIDTHS) {
    steps += lbfgs(
      (x, gradient) => smoothed(problem, x, width, gradient, slopes),
      point,
      1e-9,
      STEPS,
      (step) => {
        if (step === 0 || step % LOOK !== 0) return false;
        look(width, step);
        return close();
      },
    );
    look(width, 0);
    if (close()) break;
  }
  return { weights: best.slice(0, samples.features), bias: best[samples.features]!, value, bound, steps };
}
