import { boundaryDistance, lengthP } from '../../src-main/norms/holder.ts';
import { rowsOf } from '../../src-main/attacks/attack.ts';
import type { Problem } from '../../src-main/attacks/problem/problem.ts';
import { linearize } from '../../src-main/attacks/search/linearize.ts';

/** How robust a classifier is, in the measures of Balda, Behboodi and Mathar (arXiv 1812.07385), section 2.2 and Table 3. */

/**
 * Theorem 1, eq. 4: no η with ‖η‖_p below L / ‖∇L‖_q makes the linearised L = f_y - f_l negative, so (3) is infeasible
 * for every smaller ε. A statement about the first-order model, not a certificate about the network.
 * @param value L(x, 0) @param gradient ∇L(x, 0) @returns the bound; 0 for L ≤ 0, Infinity for a zero gradient
 */
export function infeasibleBelow(p: number, value: number, gradient: ArrayLike<number>): number {
  return value <= 0 ? 0 : boundaryDistance(p, value, gradient);
}

/**
 * Theorem 1's bound of every active image: the smallest over its rival classes, linearised at the clean image.
 * @param rivals classes looked at, two passes each @returns per image; NaN where the image could not be evaluated
 */
export async function firstOrderBounds(problem: Problem, p: number, rivals: number): Promise<Float64Array> {
  const bounds = new Float64Array(problem.count).fill(Infinity);
  await linearize(problem, new Float32Array(problem.clean.length), { rivals }, (image, value, gradient) => {
    bounds[image] = Math.min(bounds[image]!, infeasibleBelow(p, value, gradient));
  });
  return bounds.map((bound, image) => (problem.active[image] ? bound : NaN));
}

/** ‖x‖_p of every clean image. */
export function imageLengths(problem: Problem, p: number): Float64Array {
  return Float64Array.from(rowsOf(problem.clean, problem.count), (x) => lengthP(p, x));
}

/**
 * ρ̂₁ = mean of ‖r̂(x)‖_p / ‖x‖_p, r̂ the smallest perturbation found. Images without one (Infinity) are left out, as the
 * authors do: look at their share as well. @returns NaN when there is none
 */
export function rho1(perturbations: ArrayLike<number>, images: ArrayLike<number>): number {
  return mean(Array.from(perturbations, (size, i) => size / images[i]!).filter(Number.isFinite));
}

/** ρ̂₂ = mean of L / ‖∇L‖_q, that is of Theorem 1's bounds. @returns NaN when there is no bound */
export function rho2(bounds: ArrayLike<number>): number {
  return mean(Array.from(bounds).filter(Number.isFinite));
}

/** Share of images that are fooled. The images are those the model had right. */
export function foolingRatio(fooled: ArrayLike<number | boolean>): number {
  return mean(Array.from(fooled, Number));
}

/** Share of images with a perturbation below each ε; `sizes` is Infinity where there was none. */
export function foolingCurve(sizes: ArrayLike<number>, eps: readonly number[]): number[] {
  return eps.map((bound) => foolingRatio(Array.from(sizes, (size) => size < bound)));
}

/**
 * The smallest ε that is at least the perturbation of more than `share` of all images (Table 3: 0.99); Infinity when
 * more than the rest was not fooled. The authors take the next point of a grid of 1024, so they are up to a
 * thousandth of the largest perturbation above it.
 */
export function epsilonFooling(sizes: ArrayLike<number>, share = 0.99): number {
  const sorted = Float64Array.from(sizes).sort();
  // The slack keeps a product such as 0.07 · 100 from counting as more than 7.
  return sorted[Math.min(Math.floor(share * sorted.length + 1e-9), sorted.length - 1)] ?? NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
