import { z } from 'zod';
import type { FeatureNorm } from '../../../shared/norms.ts';
import type { Loss } from '../../model/differentiable.ts';
import { projectBox } from '../../norms/projectBox.ts';
import { steepestStep } from '../../norms/steepest.ts';
import { rowsOf } from '../attack.ts';
import type { Query, Problem } from '../problem/problem.ts';

export interface Descent {
  epsilon: number;
  steps: number;
  /** Length of a step in the problem's norm, at step i. */
  stepLength: (i: number) => number;
  loss: Loss;
  /** l1: share of the features that the first step moves; it falls to a single one, for the l1 optimum is sparse. */
  share: number;
  /** Stop an image whose margin is below -confidence · max |logit|. */
  confidence: number;
  /** Classes to aim at instead of away from the label, untargeted. */
  towards?: Int32Array | undefined;
}

/**
 * Projected gradient descent of every active image from δ, which is changed in place:
 *   δ ← P( δ - α · steepest(g) ),  P the exact projection onto the ball and the box.
 * All of the path is evaluated, the last point included. An image stops at a success deep enough to survive
 * rounding to 8 bit; until then it goes on, for the deeper point is the safer one.
 */
export async function descend(problem: Problem, delta: Float32Array, how: Descent): Promise<void> {
  const norm = problem.norm as Exclude<FeatureNorm, 'l0'>;
  const rows = rowsOf(delta, problem.count);
  const clean = rowsOf(problem.clean, problem.count);
  for (let i = 0; i < how.steps && problem.anyActive; i++) {
    const answer = await problem.gradient(delta, how.loss, undefined, how.towards);
    const gradients = rowsOf(answer.gradient, problem.count);
    for (let image = 0; image < problem.count; image++) {
      if (!problem.active[image] || finishIfDeep(problem, image, answer, how.confidence)) continue;
      steepestStep(norm, rows[image]!, gradients[image]!, clean[image]!, how.stepLength(i), how.share * (1 - i / how.steps));
      projectBox(norm, rows[image]!, clean[image]!, how.epsilon);
    }
  }
  if (!problem.anyActive) return;
  const answer = await problem.query(delta);
  for (let image = 0; image < problem.count; image++) if (problem.active[image]) finishIfDeep(problem, image, answer, how.confidence);
}

/** How deep a success has to be for `finishIfDeep`. */
export const confidenceOption = z
  .number()
  .min(0)
  .max(1)
  .default(0.02)
  .describe('Stop an image once its margin is below -confidence times its largest logit.');

/** Ends every image that has a success: it needs no other start. */
export function finishBroken(problem: Problem): void {
  for (let image = 0; image < problem.count; image++) if (problem.bestDistance(image) < Infinity) problem.finish(image);
}

/** Ends an image at a success deep enough to survive rounding to 8 bit; tells whether it did. */
export function finishIfDeep(problem: Problem, image: number, answer: Query, confidence: number): boolean {
  if (!answer.success[image] || problem.bestDistance(image) === Infinity) return false;
  let largest = 0;
  for (let k = image * problem.classes; k < (image + 1) * problem.classes; k++) largest = Math.max(largest, Math.abs(answer.logits[k]!));
  if (answer.margin[image]! > -confidence * largest) return false;
  problem.finish(image);
  return true;
}
