import type { FeatureNorm } from '../../shared/norms.ts';
import { addScaled, addSigns, addSignsAbove, movable } from '../simd/index.ts';
import { length } from './distances.ts';
import { borrowPair, kthLargest } from './select.ts';

/**
 * Moves δ one step down its gradient, in place, `step` long in the attack's norm:
 *   l∞  -step · sign(g)
 *   l2  -step · g / ‖g‖_2
 *   l1  -step/k · sign(g_j) on the k features of largest |g_j| that the box still lets move (Tramèr and Boneh 2019)
 * @param share l1 only: k as a share of the features
 */
export function steepestStep(
  norm: Exclude<FeatureNorm, 'l0'>,
  delta: Float32Array,
  gradient: Float32Array,
  clean: Float32Array,
  step: number,
  share: number,
): void {
  if (norm === 'linf') addSigns(delta, -step, gradient);
  else if (norm === 'l1') sparseStep(delta, gradient, clean, step, share);
  else {
    const size = length('l2', gradient);
    if (size > 0) addScaled(delta, -step / size, gradient);
  }
}

function sparseStep(delta: Float32Array, gradient: Float32Array, clean: Float32Array, step: number, share: number): void {
  const n = delta.length;
  const k = Math.max(1, Math.round(share * n));
  // A feature at the box that the gradient pushes out of it would use up its share of the step for nothing.
  const [sizes] = borrowPair(n);
  movable(delta, gradient, clean, sizes);
  const threshold = Math.max(kthLargest(sizes, Math.min(k, n)), Number.MIN_VALUE);
  let left = k - addSignsAbove(delta, -step / k, gradient, sizes, threshold);
  for (let i = 0; i < n && left > 0; i++) {
    if (sizes[i] !== threshold) continue;
    left--;
    delta[i]! -= (step / k) * Math.sign(gradient[i]!);
  }
}
