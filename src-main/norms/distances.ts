import type { Distances, FeatureNorm, Norm } from '../../shared/norms.ts';
import { farthest, sumOfSizes, sumOfSquares } from '../simd/index.ts';

/**
 * Distance of two images in one norm, pixel units of [0,1]; l0 counts features whose values differ exactly.
 * Sums run in double and in index order, so the number does not depend on where the image was computed.
 * @param a pixels, any shape; planes CHW for l0Pixels @param b pixels, as many @param channels how many planes
 */
export function distance(norm: FeatureNorm, a: Float32Array, b: Float32Array): number;
export function distance(norm: Norm, a: Float32Array, b: Float32Array, channels: number): number;
export function distance(norm: Norm, a: Float32Array, b: Float32Array, channels = 1): number {
  if (norm === 'l0Pixels') return pixelsChanged(a, b, channels);
  let sum = 0;
  const n = a.length;
  if (norm === 'l0') {
    for (let i = 0; i < n; i++) if (a[i] !== b[i]) sum++;
  } else if (norm === 'l1') {
    for (let i = 0; i < n; i++) sum += Math.abs(a[i]! - b[i]!);
  } else if (norm === 'l2') {
    for (let i = 0; i < n; i++) {
      const d = a[i]! - b[i]!;
      sum += d * d;
    }
    sum = Math.sqrt(sum);
  } else return farthest(a, b);
  return sum;
}

/** Length of a perturbation: `distance` to zero but for the order of its sum, which costs attacks nothing. */
export function length(norm: FeatureNorm, delta: Float32Array): number {
  if (norm === 'l1') return sumOfSizes(delta);
  if (norm === 'l2') return Math.sqrt(sumOfSquares(delta));
  let sum = 0;
  const n = delta.length;
  if (norm === 'l0') for (let i = 0; i < n; i++) sum += delta[i] !== 0 ? 1 : 0;
  else for (let i = 0; i < n; i++) if (Math.abs(delta[i]!) > sum) sum = Math.abs(delta[i]!);
  return sum;
}

/**
 * Distance of two images in every norm.
 * @param a, b planes CHW @param channels how many planes
 */
export function distances(a: Float32Array, b: Float32Array, channels: number): Distances {
  const one = (norm: Norm): number => distance(norm, a, b, channels);
  return { l0: one('l0'), l0Pixels: one('l0Pixels'), l1: one('l1'), l2: one('l2'), linf: one('linf') };
}

/** Positions where any plane differs. */
function pixelsChanged(a: Float32Array, b: Float32Array, channels: number): number {
  const plane = a.length / channels;
  let changed = 0;
  for (let p = 0; p < plane; p++) {
    for (let c = 0; c < channels; c++) {
      if (a[c * plane + p] !== b[c * plane + p]) {
        changed++;
        break;
      }
    }
  }
  return changed;
}
