import type { Norm } from '../../shared/norms.ts';
import { smallestDrop } from './linear.ts';

/** f(x) = W x + b. */
export interface LinearModel {
  classes: number;
  /** classes x features */
  weights: ArrayLike<number>;
  /** classes */
  bias: ArrayLike<number>;
}

export interface LinearMinimum {
  /** Infinity when no image of the box reaches the goal. */
  distance: number;
  /** features; null when there is none */
  delta: Float64Array | null;
  /** The class that is reached. */
  class: number;
}

/**
 * Exact smallest perturbation of an image in [0,1] that takes a linear model to its decision boundary: for each
 * class k that may be reached, the closed form of `smallestDrop` with g = w_y - w_k and the margin f_y - f_k; the
 * smallest over k is the answer (the decision regions are convex, the goal is a union of half spaces). Targeted,
 * all half spaces must hold at once; that has no closed form and is not offered for more than two classes.
 * @param clean features, in [0,1] @param label class y the image must leave
 * @throws RangeError when the shapes do not fit
 */
export function exactMinimum(norm: Norm, model: LinearModel, clean: ArrayLike<number>, label: number): LinearMinimum {
  const d = clean.length;
  if (model.weights.length !== model.classes * d || model.bias.length !== model.classes)
    throw new RangeError('weights and bias do not fit the image');
  let best: LinearMinimum = { distance: Infinity, delta: null, class: label };
  for (let k = 0; k < model.classes; k++) {
    if (k === label) continue;
    const gradient = new Float64Array(d);
    let margin = model.bias[label]! - model.bias[k]!;
    for (let j = 0; j < d; j++) {
      gradient[j] = model.weights[label * d + j]! - model.weights[k * d + j]!;
      margin += gradient[j]! * clean[j]!;
    }
    const delta = new Float64Array(d);
    const distance = smallestDrop(norm, gradient, clean, margin, delta);
    if (distance < best.distance) best = { distance, delta, class: k };
  }
  return best;
}

/**
 * A certified lower bound of the targeted minimum on a linear model. The goal asks for K-1 half spaces at once; any
 * mixture λ (λ ≥ 0, Σλ = 1) of them is one half space that contains the goal, so its closed form is a lower bound.
 * For l1, l2 and l∞ the best mixture is tight (strong duality); multiplicative weights climb towards it, raising the
 * weight of the classes that still lie above the target. For l0 the bound need not be tight.
 * @throws RangeError when the shapes do not fit
 */
export function targetedBound(norm: Norm, model: LinearModel, clean: ArrayLike<number>, goal: number, iterations = 600): number {
  const d = clean.length;
  const others = Array.from({ length: model.classes }, (_, k) => k).filter((k) => k !== goal);
  if (model.weights.length !== model.classes * d || model.bias.length !== model.classes)
    throw new RangeError('weights and bias do not fit the image');
  const above = (k: number, x: ArrayLike<number>): number => {
    let sum = model.bias[k]! - model.bias[goal]!;
    for (let j = 0; j < d; j++) sum += (model.weights[k * d + j]! - model.weights[goal * d + j]!) * x[j]!;
    return sum;
  };
  const margins = others.map((k) => above(k, clean));
  const log = others.map(() => 0);
  const gradient = new Float64Array(d);
  const delta = new Float64Array(d);
  const moved = new Float64Array(d);
  let bound = 0;
  for (let step = 0; step < iterations; step++) {
    const top = Math.max(...log);
    const total = log.reduce((sum, l) => sum + Math.exp(l - top), 0);
    const lambda = log.map((l) => Math.exp(l - top) / total);
    for (let j = 0; j < d; j++) {
      gradient[j] = 0;
      others.forEach((k, i) => (gradient[j]! += lambda[i]! * (model.weights[k * d + j]! - model.weights[goal * d + j]!)));
    }
    const drop = lambda.reduce((sum, l, i) => sum + l * margins[i]!, 0);
    bound = Math.max(bound, smallestDrop(norm, gradient, clean, drop, delta));
    if (bound === Infinity) return bound;
    for (let j = 0; j < d; j++) moved[j] = clean[j]! + delta[j]!;
    const left = others.map((k) => above(k, moved));
    const scale = Math.max(...left.map(Math.abs), 1e-12);
    left.forEach((v, i) => (log[i]! += (4 / Math.sqrt(1 + step)) * (v / scale)));
  }
  return bound;
}
