import type { FeatureNorm } from '../../../shared/norms.ts';
import type { Loss } from '../../model/differentiable.ts';
import { projectBox } from '../../norms/projectBox.ts';
import { steepestStep } from '../../norms/steepest.ts';
import { rowsOf } from '../attack.ts';
import type { Query, Problem } from '../problem/problem.ts';
import { Direction } from './directions.ts';
import type { DirectionKind } from './directions.ts';
import { sparseSteps, steadySteps } from './step-sizes.ts';
import type { StepSizes } from './step-sizes.ts';

export interface Apgd {
  /** Radius of each image's ball. */
  epsilon: ArrayLike<number>;
  steps: number;
  loss: Loss;
  /** Share of the steps between two checkpoints that have to lower the loss, or the step size falls. */
  rho: number;
  /** How much of a step is the gradient's; the rest goes on in the direction of the last one. Not l1. */
  alpha: number;
  /** The first checkpoint, as a share of the steps. */
  checkpoint: number;
  /** What steps follow: see directions.ts. */
  direction: DirectionKind;
  /** l1: share of the features that the first steps move. */
  share: number;
  /** Images that take part. */
  only: Uint8Array;
  /** Classes to aim at instead of away from the label, untargeted. */
  towards?: Int32Array | undefined;
  /** Told of every image's every point: whether the image need not go on. */
  isOver: (image: number, answer: Query) => boolean;
}

/**
 * Auto-PGD (Croce and Hein 2020, algorithm 1) of every image from its δ, which ends at the point of the lowest loss:
 *   z ← P( δ_k - s · steepest(g) ),   δ_{k+1} ← P( δ_k + α (z - δ_k) + (1-α) (δ_k - δ_{k-1}) ),
 * P the exact projection onto ball and box. At checkpoints s falls, and the search goes back to the best point, where the
 * loss has hardly fallen since the last one; see step-sizes.ts. Under l1 (Croce and Hein 2021, algorithm 1) there is no
 * momentum, and a step moves as many features as the best point says. After a return there is no direction to go on
 * in: the published program takes the way from the last iterate to the best point, which no step went.
 */
export async function autoPgd(problem: Problem, delta: Float32Array, how: Apgd): Promise<void> {
  const norm = problem.norm as Exclude<FeatureNorm, 'l0'>;
  const { count, features } = problem;
  const [rows, clean] = [rowsOf(delta, count), rowsOf(problem.clean, count)];
  const only = how.only.slice();
  const runs = rows.map((row, image) => (only[image] ? new Run(row, how.epsilon[image]!, norm, how) : null));
  const next = new Float32Array(features);
  const over = (image: number, answer: Query): boolean => {
    if (problem.active[image] && !how.isOver(image, answer)) return false;
    only[image] = 0;
    return true;
  };
  for (let i = 0; i < how.steps && anyOf(problem, only); i++) {
    const answer = await problem.gradient(delta, how.loss, only, how.towards);
    const gradients = rowsOf(answer.gradient, count);
    for (let image = 0; image < count; image++) {
      if (!only[image]) continue;
      const run = runs[image]!;
      if (problem.active[image]) run.saw(answer.loss[image]!, gradients[image]!);
      if (over(image, answer)) continue;
      const [row, from] = [rows[image]!, clean[image]!];
      next.set(row);
      steepestStep(norm, next, run.direction, from, run.sizes.step, run.sizes.share);
      projectBox(norm, next, from, how.epsilon[image]!);
      if (norm !== 'l1' && run.moving) {
        for (let j = 0; j < features; j++)
          next[j] = row[j]! + how.alpha * (next[j]! - row[j]!) + (1 - how.alpha) * (row[j]! - run.last[j]!);
        projectBox(norm, next, from, how.epsilon[image]!);
      }
      run.last.set(row);
      run.moving = true;
      row.set(next);
    }
  }
  // The last point is worth a look, and what comes after starts from the best one.
  if (anyOf(problem, only)) {
    const answer = await problem.query(delta, only);
    for (let image = 0; image < count; image++) if (only[image]) over(image, answer);
  }
  runs.forEach((run, image) => run && rows[image]!.set(run.best));
}

function anyOf({ active }: Problem, only: Uint8Array): boolean {
  return only.some((yes, image) => yes && active[image]);
}

/** One image's search. */
class Run {
  /** The point before the one at hand, and the best one with its gradient. */
  readonly last: Float32Array;
  readonly best: Float32Array;
  readonly sizes: StepSizes;
  /** Whether a step has led here. */
  moving = false;
  /** What the next step goes against. */
  direction: Float32Array;
  private readonly directions: Direction;
  private readonly bestGradient: Float32Array;
  private readonly row: Float32Array;
  private lowest = Infinity;

  constructor(row: Float32Array, epsilon: number, norm: FeatureNorm, how: Apgd) {
    this.row = row;
    this.last = row.slice();
    this.best = row.slice();
    this.bestGradient = new Float32Array(row.length);
    this.direction = this.bestGradient;
    this.directions = new Direction(how.direction, row.length);
    this.sizes = norm === 'l1' ? sparseSteps(epsilon, row, how) : steadySteps(epsilon, how);
  }

  /** The loss of the point at hand and its gradient; may take the search back to the best point. */
  saw(loss: number, gradient: Float32Array): void {
    if (loss < this.lowest) {
      this.lowest = loss;
      this.best.set(this.row);
      this.bestGradient.set(gradient);
    }
    const back = this.sizes.goesBack(loss, this.lowest, this.best);
    if (back) {
      this.row.set(this.best);
      this.moving = false;
      this.directions.reset();
    }
    this.direction = this.directions.next(back ? this.bestGradient : gradient);
  }
}
