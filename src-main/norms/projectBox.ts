import type { FeatureNorm } from '../../shared/norms.ts';
import { boxedScale, boxedShrink, boxedSizes, boxedSquares, clip, pack, scale, sumOfSquares } from '../simd/index.ts';
import { length } from './distances.ts';
import { clipBox } from './project.ts';
import { concaveRoot, rootOf } from './rootOf.ts';
import { borrowPair, borrowScratch, kthLargest } from './select.ts';

/**
 * Euclidean projection of δ onto {‖δ‖_p ≤ eps} ∩ {0 ≤ clean + δ ≤ 1}, in place and exact.
 * First projecting to the ball and then clipping would waste budget: what the clip cuts off is lost.
 */
export function projectBox(norm: FeatureNorm, delta: Float32Array, clean: Float32Array, eps: number): void {
  if (norm === 'l0') return keepBest(delta, clean, Math.floor(eps));
  if (norm === 'linf') clip(delta, clean, eps);
  else if (norm === 'l1') softThreshold(delta, clean, eps);
  else shrink(delta, clean, eps);
}

/** How far feature i may move in the direction of `sign`. */
export function room(clean: number, sign: number): number {
  return sign > 0 ? 1 - clean : clean;
}

/** l0: of a feature that is dropped we lose δ_j², of one that is kept only what the box cuts off. */
function keepBest(delta: Float32Array, clean: Float32Array, k: number): void {
  const n = delta.length;
  if (k <= 0) return void delta.fill(0);
  if (k < n) {
    const gain = (i: number): number => {
      const over = Math.max(0, Math.abs(delta[i]!) - room(clean[i]!, delta[i]!));
      return delta[i]! * delta[i]! - over * over;
    };
    const gains = borrowScratch(n);
    for (let i = 0; i < n; i++) gains[i] = gain(i);
    const threshold = kthLargest(gains, k);
    let ties = k;
    for (let i = 0; i < n; i++) if (gain(i) > threshold) ties--;
    for (let i = 0; i < n; i++) {
      const value = gain(i);
      if (value < threshold || (value === threshold && ties-- <= 0)) delta[i] = 0;
    }
  }
  clipBox(delta, clean);
}

/**
 * l1: δ_j = min(room_j, max(|δ_j| - λ, 0)) with the smallest λ ≥ 0 that fits (Croce and Hein 2021, proposition 2.1). Most
 * features stand still in this norm, and only the others are looked at.
 */
function softThreshold(delta: Float32Array, clean: Float32Array, eps: number): void {
  const [moved, beside] = borrowPair(delta.length);
  const count = pack(delta, clean, moved, beside);
  const [values, pixels] = [moved.subarray(0, count), beside.subarray(0, count)];
  const lambda = -rootOf((negative, out) => boxedSizes(values, pixels, -negative, out), eps, -length('linf', values), 0);
  boxedShrink(delta, clean, lambda);
}

/** l2: δ_j = min(room_j, t |δ_j|) with the largest t ≤ 1 that fits; the square of the length is concave in t². */
function shrink(delta: Float32Array, clean: Float32Array, eps: number): void {
  const squareAt = (squared: number, out: Float64Array): void => boxedSquares(delta, clean, squared, out);
  boxedScale(delta, clean, Math.sqrt(concaveRoot(squareAt, sumOfSquares(delta), eps * eps, 1)));
  // float32 rounding of many entries may leave the sum a hair outside.
  const size = length('l2', delta);
  if (size > eps * (1 + 1e-6)) scale(delta, eps / size);
}
