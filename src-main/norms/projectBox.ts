import type { FeatureNorm } from '../../shared/norms.ts';
import { length } from './distances.ts';
import { clipBox } from './project.ts';
import { concaveRoot, rootOf } from './rootOf.ts';
import { borrowScratch, kthLargest } from './select.ts';

/**
 * Euclidean projection of δ onto {‖δ‖_p ≤ eps} ∩ {0 ≤ clean + δ ≤ 1}, in place and exact.
 * First projecting to the ball and then clipping would waste budget: what the clip cuts off is lost.
 */
export function projectBox(norm: FeatureNorm, delta: Float32Array, clean: Float32Array, eps: number): void {
  if (norm === 'l0') return keepBest(delta, clean, Math.floor(eps));
  if (norm === 'linf') clipBoth(delta, clean, eps);
  else if (norm === 'l1') softThreshold(delta, clean, eps);
  else shrink(delta, clean, eps);
}

/** l∞: both are bounds on each feature by itself. */
function clipBoth(delta: Float32Array, clean: Float32Array, eps: number): void {
  const signs = signBits(delta);
  for (let i = 0; i < delta.length; i++) {
    const sign = signs[i]! >>> 31;
    const free = Math.abs(EDGE[sign]! - clean[i]!);
    const most = free < eps ? free : eps;
    if (Math.abs(delta[i]!) > most) delta[i] = WAY[sign]! * most;
  }
}

/**
 * Floats as words whose highest bit is the sign. Signs of gradients are as good as random, and a processor that has to jump on
 * them guesses wrong half of the time; looked up in a table they cost nothing.
 */
export function signBits(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

/** By sign: the end of the box that lies there, and the way to it. */
const EDGE = Float64Array.of(1, 0);
const WAY = Float64Array.of(1, -1);

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
  const known = borrowScratch(2 * delta.length);
  let moved = 0;
  let largest = 0;
  for (let i = 0; i < delta.length; i++) {
    const d = delta[i]!;
    if (d === 0) continue;
    const size = Math.abs(d);
    known[moved++] = size;
    known[moved++] = room(clean[i]!, d);
    if (size > largest) largest = size;
  }
  const lambda = -rootOf(
    (negative, out) => {
      let sum = 0;
      let slope = 0;
      for (let i = 0; i < moved; i += 2) {
        const size = known[i]! + negative;
        if (size <= 0) continue;
        const most = known[i + 1]!;
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
  for (let i = 0; i < delta.length; i++) {
    const d = delta[i]!;
    if (d === 0) continue;
    const size = Math.min(room(clean[i]!, d), Math.max(Math.abs(d) - lambda, 0));
    delta[i] = d > 0 ? size : -size;
  }
}

/** l2: δ_j = min(room_j, t |δ_j|) with the largest t ≤ 1 that fits; the square of the length is concave in t². */
function shrink(delta: Float32Array, clean: Float32Array, eps: number): void {
  const n = delta.length;
  const signs = signBits(delta);
  const squareAt = (squared: number, out: Float64Array): void => {
    let sum = 0;
    let slope = 0;
    for (let i = 0; i < n; i++) {
      const size = delta[i]! * delta[i]!;
      const most = Math.abs(EDGE[signs[i]! >>> 31]! - clean[i]!);
      if (squared * size < most * most) slope += size;
      else if (size > 0) sum += most * most;
    }
    out[0] = sum + squared * slope;
    out[1] = slope;
  };
  const scale = Math.sqrt(concaveRoot(squareAt, length('l2', delta) ** 2, eps * eps, 1));
  let square = 0;
  for (let i = 0; i < n; i++) {
    const sign = signs[i]! >>> 31;
    const most = Math.abs(EDGE[sign]! - clean[i]!);
    const size = Math.abs(delta[i]!) * scale;
    const moved = Math.fround(size < most ? size : most);
    delta[i] = WAY[sign]! * moved;
    square += moved * moved;
  }
  // float32 rounding of many entries may leave the sum a hair outside.
  const size = Math.sqrt(square);
  if (size > eps * (1 + 1e-6)) for (let i = 0; i < n; i++) delta[i]! *= eps / size;
}
