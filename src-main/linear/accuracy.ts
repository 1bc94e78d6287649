import type { Norm } from '../../shared/norms.ts';
import { exactMinimum } from '../norms/exactLinear.ts';
import type { LinearModel } from '../norms/exactLinear.ts';
import { leastDrop } from '../norms/linearP.ts';

export interface Labelled {
  /** Planes CHW in [0,1]. */
  pixels: Float32Array;
  label: number;
}

/**
 * Of each picture that the model gets right, the exact smallest change inside [0,1] that makes another class at least as
 * large: a number of `norm`, or the length ‖δ‖_p for any exponent p > 1. Null where no picture of the box does; pictures
 * that are wrong already have no entry. `robustAccuracy` of these is exact, at every budget.
 * @param channels planes of a picture, which l0Pixels takes together
 */
export function exactDistances(
  norm: Norm | number,
  model: LinearModel,
  pictures: readonly Labelled[],
  channels: number,
): (number | null)[] {
  return pictures.flatMap(({ pixels, label }) => {
    if (predict(model, pixels) !== label) return [];
    const distance =
      typeof norm === 'number' ? leastOf(norm, model, pixels, label) : exactMinimum(norm, model, pixels, label, channels).distance;
    return [Number.isFinite(distance) ? distance : null];
  });
}

/** The class of the largest logit, the first where equal. */
export function predict({ classes, weights, bias }: LinearModel, pixels: ArrayLike<number>): number {
  let [best, most] = [0, -Infinity];
  for (let k = 0; k < classes; k++) {
    let logit = bias[k]!;
    for (let j = 0; j < pixels.length; j++) logit += weights[k * pixels.length + j]! * pixels[j]!;
    if (logit > most) [best, most] = [k, logit];
  }
  return best;
}

function leastOf(p: number, { classes, weights, bias }: LinearModel, pixels: Float32Array, label: number): number {
  const d = pixels.length;
  let least = Infinity;
  const gradient = new Float64Array(d);
  for (let k = 0; k < classes; k++) {
    if (k === label) continue;
    let margin = bias[label]! - bias[k]!;
    for (let j = 0; j < d; j++) {
      gradient[j] = weights[label * d + j]! - weights[k * d + j]!;
      margin += gradient[j]! * pixels[j]!;
    }
    least = Math.min(least, leastDrop(p, gradient, pixels, margin));
  }
  return least;
}
