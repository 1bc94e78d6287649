import type { FeatureNorm } from '../../shared/norms.ts';
import { signBits } from './projectBox.ts';
import { borrowScratch, kthLargest } from './select.ts';

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
  const n = delta.length;
  if (norm === 'linf') {
    const way = Float64Array.of(step, -step);
    const signs = signBits(gradient);
    for (let i = 0; i < n; i++) if (gradient[i] !== 0) delta[i]! -= way[signs[i]! >>> 31]!;
  } else if (norm === 'l2') {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += gradient[i]! * gradient[i]!;
    if (sum === 0) return;
    const scale = step / Math.sqrt(sum);
    for (let i = 0; i < n; i++) delta[i]! -= scale * gradient[i]!;
  } else sparseStep(delta, gradient, clean, step, share);
}

function sparseStep(delta: Float32Array, gradient: Float32Array, clean: Float32Array, step: number, share: number): void {
  const n = delta.length;
  const k = Math.max(1, Math.round(share * n));
  // A feature at the box that the gradient pushes out of it would use up its share of the step for nothing.
  const size = (i: number): number => {
    const g = gradient[i]!;
    const x = clean[i]! + delta[i]!;
    return (x <= 0 && g > 0) || (x >= 1 && g < 0) ? 0 : Math.abs(g);
  };
  const sizes = borrowScratch(n);
  for (let i = 0; i < n; i++) sizes[i] = size(i);
  const threshold = Math.max(kthLargest(sizes, Math.min(k, n)), Number.MIN_VALUE);
  let left = k;
  for (let i = 0; i < n; i++) {
    if (size(i) < threshold || left <= 0) continue;
    left--;
    delta[i]! -= (step / k) * Math.sign(gradient[i]!);
  }
}
