import type { FeatureNorm } from '../../shared/norms.ts';
import { length } from './distances.ts';

const DUAL: Record<FeatureNorm, FeatureNorm> = { l0: 'linf', l1: 'linf', l2: 'l2', linf: 'l1' };

/**
 * Norm q with |g·δ| ≤ ‖g‖_q ‖δ‖_p: how fast a linear function can change per unit of ‖δ‖_p.
 * l0 is no norm; one feature moves by at most 1 inside the box, so its gain per feature is bounded by max |g_j|.
 */
export function dualNorm(norm: FeatureNorm, gradient: Float32Array): number {
  return length(DUAL[norm], gradient);
}
