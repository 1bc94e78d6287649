import type { FeatureNorm } from '../../../shared/norms.ts';
import { length } from '../../norms/distances.ts';

/** How far the box lets an image move at most: ‖max(x, 1 - x)‖_p. No length beyond it makes sense. */
export function boxRadius(norm: FeatureNorm, clean: Float32Array): number {
  return norm === 'l0'
    ? clean.length
    : length(
        norm,
        clean.map((x) => Math.max(x, 1 - x)),
      );
}
