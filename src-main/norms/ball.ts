import type { Norm } from '../../shared/norms.ts';
import { linearMinimiser } from './linear.ts';
import { byPixel } from './partition.ts';
import type { Planes } from './partition.ts';
import { bestSubsets, subsetGains, subsetStep } from './subset.ts';

/** {‖δ‖_p ≤ eps} ∩ {0 ≤ clean + δ ≤ 1} for any of the norms. */
export interface Ball {
  norm: Norm;
  eps: number;
  /** Pixels, planes CHW. */
  clean: Float32Array;
  shape: Planes;
}

/** δ that maximises g·δ over the ball and the box, exactly; ties go to the lower index. @returns a fresh array */
export function linearMaximiser({ norm, eps, clean, shape }: Ball, gradient: ArrayLike<number>): Float32Array {
  const out = new Float32Array(clean.length);
  const down = Float64Array.from(gradient, (g) => -g);
  if (norm !== 'l0Pixels') {
    linearMinimiser(norm, down, clean, eps, out);
    return out;
  }
  const pixels = byPixel(shape);
  const gains = subsetGains(pixels, down, clean, 1);
  subsetStep(pixels, down, clean, 1, bestSubsets(gains, new Uint8Array(pixels.count), Math.floor(eps)), out);
  return out;
}
