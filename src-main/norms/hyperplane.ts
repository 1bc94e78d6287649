import type { FeatureNorm } from '../../shared/norms.ts';
import { smallestDrop } from './linear.ts';

/**
 * The smallest move from a point onto the hyperplane where a linear function is 0, inside the box; from either side of it. Where the
 * box does not reach the hyperplane, the move to the corner that comes nearest (Croce and Hein 2020, section 2.1).
 * @param at the point, in [0,1] @param value of the function there @param out the move, features long, overwritten
 */
export function toHyperplane(norm: FeatureNorm, gradient: Float32Array, at: Float32Array, value: number, out: Float32Array): void {
  const down = value >= 0 ? gradient : gradient.map((g) => -g);
  if (smallestDrop(norm, down, at, Math.abs(value), out) < Infinity) return;
  for (let j = 0; j < out.length; j++) out[j] = down[j] === 0 ? 0 : down[j]! > 0 ? -at[j]! : 1 - at[j]!;
}
