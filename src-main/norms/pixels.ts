import type { Norm } from '../../shared/norms.ts';
import { room } from './projectBox.ts';

/*
 * l0 in pixels: a change of any channels of a position counts once, so a pixel that changes at all moves in all its
 * channels as far as the box lets it. The groups share no feature and are bounded one by one, which keeps the linear
 * problem greedy as for single features (Balda et al., section 4, with S the partition by pixels).
 */

/** How many features a norm counts as one; planes CHW put feature j into group j % (features / size). */
export function groupSize(norm: Norm, channels: number): number {
  return norm === 'l0Pixels' ? channels : 1;
}

/**
 * How much each pixel alone can lower g·δ inside the box: u_p = Σ_c |g_cp| r_cp, r the room against the gradient.
 * @param gradient g, planes CHW @param clean as many pixel values @returns per position
 */
export function pixelGains(gradient: ArrayLike<number>, clean: ArrayLike<number>, channels: number): Float64Array {
  const plane = gradient.length / channels;
  const gains = new Float64Array(plane);
  for (let j = 0; j < gradient.length; j++) gains[j % plane]! += Math.abs(gradient[j]!) * room(clean[j]!, -gradient[j]!);
  return gains;
}

/**
 * Smallest number of pixels with g·δ ≤ -drop inside the box: those of largest gain, the lower position first where
 * equal. The δ goes into `out`.
 * @param drop how much the function must fall; ≤ 0 needs nothing
 * @returns the number, Infinity when the box does not allow it (out is then meaningless)
 */
export function fewestPixels(
  gradient: ArrayLike<number>,
  clean: ArrayLike<number>,
  drop: number,
  channels: number,
  out: Float32Array | Float64Array,
): number {
  out.fill(0);
  if (drop <= 0) return 0;
  const gains = pixelGains(gradient, clean, channels);
  const plane = gains.length;
  let left = drop;
  let count = 0;
  for (const p of Uint32Array.from(gains.keys()).sort((a, b) => gains[b]! - gains[a]! || a - b)) {
    if (gains[p] === 0) break;
    for (let j = p; j < gradient.length; j += plane) {
      const most = gradient[j] === 0 ? 0 : room(clean[j]!, -gradient[j]!);
      out[j] = gradient[j]! > 0 ? -most : most;
    }
    left -= gains[p]!;
    count++;
    if (left <= 0) return count;
  }
  return Infinity;
}
