import type { FeatureNorm } from '../../shared/norms.ts';
import { clip, scale } from '../simd/index.ts';
import { length } from './distances.ts';
import { borrowScratch, kthLargest } from './select.ts';

/** Puts δ onto the ball ‖δ‖_p ≤ eps (Euclidean projection), in place. The box is not looked at: see projectBox. */
export function project(norm: FeatureNorm, delta: Float32Array, eps: number): void {
  if (norm === 'l0') keepLargest(delta, Math.floor(eps));
  else if (norm === 'l1') projectL1(delta, eps);
  else if (norm === 'l2') projectL2(delta, eps);
  else clipTo(delta, eps);
}

/** Keeps the k entries of largest magnitude, the lowest index where several are equal. */
export function keepLargest(delta: Float32Array, k: number): void {
  const n = delta.length;
  if (k >= n) return;
  if (k <= 0) return void delta.fill(0);
  const sizes = borrowScratch(n);
  for (let i = 0; i < n; i++) sizes[i] = Math.abs(delta[i]!);
  const threshold = kthLargest(sizes, k);
  let above = 0;
  for (let i = 0; i < n; i++) if (Math.abs(delta[i]!) > threshold) above++;
  let ties = k - above;
  for (let i = 0; i < n; i++) {
    const size = Math.abs(delta[i]!);
    if (size < threshold || (size === threshold && ties-- <= 0)) delta[i] = 0;
  }
}

/**
 * Soft threshold at the λ with Σ max(|δ_j| - λ, 0) = eps (Duchi et al. 2008). λ is found by Newton's method on this
 * convex piecewise linear function (Michelot 1986): it climbs monotonously and stops at the exact root after a few
 * passes, without the sort.
 */
function projectL1(delta: Float32Array, eps: number): void {
  const n = delta.length;
  if (length('l1', delta) <= eps) return;
  if (eps <= 0) return void delta.fill(0);
  let lambda = 0;
  let last = -1;
  for (;;) {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < n; i++) {
      const size = Math.abs(delta[i]!);
      if (size > lambda) {
        sum += size;
        count++;
      }
    }
    if (count === last || count === 0) break;
    last = count;
    lambda = Math.max(lambda, (sum - eps) / count);
  }
  for (let i = 0; i < n; i++) {
    const d = delta[i]!;
    const size = Math.abs(d) - lambda;
    delta[i] = size > 0 ? (d > 0 ? size : -size) : 0;
  }
}

/** Rescales only what is longer than eps. */
function projectL2(delta: Float32Array, eps: number): void {
  const size = length('l2', delta);
  if (size <= eps) return;
  scale(delta, eps / size);
}

function clipTo(delta: Float32Array, eps: number): void {
  for (let i = 0; i < delta.length; i++) {
    const d = delta[i]!;
    if (d > eps) delta[i] = eps;
    else if (d < -eps) delta[i] = -eps;
  }
}

/** Clips clean + δ to [0,1], in place on δ. */
export function clipBox(delta: Float32Array, clean: Float32Array): void {
  clip(delta, clean, Infinity);
}
