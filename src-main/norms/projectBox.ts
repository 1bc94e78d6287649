import type { FeatureNorm } from '../../shared/norms.ts';
import { length } from './distances.ts';
import { clipBox } from './project.ts';
import { rootOf } from './rootOf.ts';
import { borrowScratch, kthLargest } from './select.ts';

/**
 * Euclidean projection of δ onto {‖δ‖_p ≤ eps} ∩ {0 ≤ clean + δ ≤ 1}, in place and exact.
 * First projecting to the ball and then clipping would waste budget: what the clip cuts off is lost.
 */
export function projectBox(norm: FeatureNorm, delta: Float32Array, clean: Float32Array, eps: number): void {
  if (norm === 'l0') return keepBest(delta, clean, Math.floor(eps));
  if (norm === 'linf') {
    for (let i = 0; i < delta.length; i++) delta[i] = Math.max(-eps, Math.min(eps, delta[i]!));
    return clipBox(delta, clean);
  }
  if (norm === 'l1') softThreshold(delta, clean, eps);
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

/** l1: δ_j = min(room_j, max(|δ_j| - λ, 0)) with the smallest λ ≥ 0 that fits (Croce and Hein 2021, proposition 2.1). */
function softThreshold(delta: Float32Array, clean: Float32Array, eps: number): void {
  const n = delta.length;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(delta[i]!));
  const lambda = -rootOf(
    (negative, out) => {
      let sum = 0;
      let slope = 0;
      for (let i = 0; i < n; i++) {
        const size = Math.abs(delta[i]!) + negative;
        if (size <= 0) continue;
        const most = room(clean[i]!, delta[i]!);
        if (size < most) {
          sum += size;
          slope++;
        } else sum += most;
      }
      out[0] = sum;
      out[1] = slope;
    },
    eps,
    -largest,
    0,
  );
  for (let i = 0; i < n; i++) {
    const d = delta[i]!;
    const size = Math.min(room(clean[i]!, d), Math.max(Math.abs(d) - lambda, 0));
    delta[i] = d > 0 ? size : -size;
  }
}

/** l2: δ_j = min(room_j, t |δ_j|) with the largest t ≤ 1 that fits. */
function shrink(delta: Float32Array, clean: Float32Array, eps: number): void {
  const n = delta.length;
  const scale = rootOf(
    (t, out) => {
      let sum = 0;
      let slope = 0;
      for (let i = 0; i < n; i++) {
        const size = Math.abs(delta[i]!);
        const most = room(clean[i]!, delta[i]!);
        if (t * size < most) {
          sum += t * t * size * size;
          slope += 2 * t * size * size;
        } else sum += most * most;
      }
      out[0] = sum;
      out[1] = slope;
    },
    eps * eps,
    0,
    1,
  );
  for (let i = 0; i < n; i++) {
    const d = delta[i]!;
    const size = Math.min(room(clean[i]!, d), scale * Math.abs(d));
    delta[i] = d > 0 ? size : -size;
  }
  // float32 rounding of many entries may leave the sum a hair outside.
  const size = length('l2', delta);
  if (size > eps * (1 + 1e-6)) for (let i = 0; i < n; i++) delta[i]! *= eps / size;
}
