import type { FeatureNorm, Norm } from '../../shared/norms.ts';
import { smallestDrop } from './linear.ts';
import { fewestPixels } from './pixels.ts';

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
 * @param clean features, in [0,1]; planes CHW for l0Pixels @param label class y the image must leave @param channels how many planes
 * @throws RangeError when the shapes do not fit
 */
export function exactMinimum(norm: FeatureNorm, model: LinearModel, clean: ArrayLike<number>, label: number): LinearMinimum;
export function exactMinimum(norm: Norm, model: LinearModel, clean: ArrayLike<number>, label: number, channels: number): LinearMinimum;
export function exactMinimum(norm: Norm, model: LinearModel, clean: ArrayLike<number>, label: number, channels = 1): LinearMinimum {
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
    const distance =
      norm === 'l0Pixels' ? fewestPixels(gradient, clean, margin, channels, delta) : smallestDrop(norm, gradient, clean, margin, delta);
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
export function targetedBound(norm: FeatureNorm, model: LinearModel, clean: ArrayLike<number>, goal: number, iterations = 600): number {
  const d = clean.length;
  if (model.weights.length !== model.classes * d || model.bias.length !== model.classes)
    throw new RangeError('weights and bias do not fit the image');
  // Row i: f_k - f_goal of the i-th other class, as slopes and value at the clean image.
  const others = Array.from({ length: model.classes }, (_, k) => k).filter((k) => k !== goal);
  const slopes = others.map((k) => Float64Array.from(clean, (_, j) => model.weights[k * d + j]! - model.weights[goal * d + j]!));
  const values = others.map((k, i) => slopes[i]!.reduce((sum, slope, j) => sum + slope * clean[j]!, model.bias[k]! - model.bias[goal]!));
  const log = new Float64Array(others.length);
  const gradient = new Float64Array(d);
  const delta = new Float64Array(d);
  let bound = 0;
  for (let step = 0; step < iterations; step++) {
    const top = Math.max(...log);
    const weights = log.map((l) => Math.exp(l - top));
    const total = weights.reduce((sum, w) => sum + w, 0);
    gradient.fill(0);
    let drop = 0;
    for (let i = 0; i < others.length; i++) {
      const share = weights[i]! / total;
      drop += share * values[i]!;
      for (let j = 0; j < d; j++) gradient[j]! += share * slopes[i]![j]!;
    }
    bound = Math.max(bound, smallestDrop(norm, gradient, clean, drop, delta));
    if (bound === Infinity) return bound;
    const left = values.map((value, i) => {
      for (let j = 0; j < d; j++) value += slopes[i]![j]! * delta[j]!;
      return value;
    });
    const scale = Math.max(...left.map(Math.abs), 1e-12);
    for (let i = 0; i < left.length; i++) log[i]! += (4 / Math.sqrt(1 + step)) * (left[i]! / scale);
  }
  return bound;
}
