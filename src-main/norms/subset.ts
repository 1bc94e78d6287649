import { room } from './projectBox.ts';
import type { Partition } from './partition.ts';

/**
 * How much each subset alone can lower g·δ when its features move by at most `most` each and the box lets them:
 *   Σ_{j ∈ S_s} |g_j| min(most, r_j),  r_j the room against the gradient
 * (Balda et al., eq. 22 and 23, with the box added; without it r_j = ∞).
 * @param from pixels the step starts at; null: no box @returns per subset
 */
export function subsetGains(partition: Partition, gradient: ArrayLike<number>, from: ArrayLike<number> | null, most: number): Float64Array {
  const gains = new Float64Array(partition.count);
  for (let j = 0; j < partition.of.length; j++) {
    const s = partition.of[j]!;
    if (s >= 0) gains[s]! += Math.abs(gradient[j]!) * (from ? Math.min(most, room(from[j]!, -gradient[j]!)) : most);
  }
  return gains;
}

/** The step that achieves the gain of the given subsets, (23); all other entries of `out` become 0. */
export function subsetStep(
  partition: Partition,
  gradient: ArrayLike<number>,
  from: ArrayLike<number> | null,
  most: number,
  chosen: readonly number[],
  out: Float32Array,
): void {
  const taken = new Set(chosen);
  for (let j = 0; j < partition.of.length; j++) {
    const g = gradient[j]!;
    const size = g === 0 || !taken.has(partition.of[j]!) ? 0 : from ? Math.min(most, room(from[j]!, -g)) : most;
    out[j] = size === 0 ? 0 : g > 0 ? -size : size;
  }
}

/** The subsets of largest gain, the lower number first where equal; those without gain and those `barred` are left out. */
export function bestSubsets(gains: Float64Array, barred: Uint8Array, howMany: number): number[] {
  const open: number[] = [];
  gains.forEach((gain, s) => {
    if (gain > 0 && !barred[s]) open.push(s);
  });
  if (howMany > 1) return open.sort((a, b) => gains[b]! - gains[a]! || a - b).slice(0, howMany);
  let best = open[0];
  for (const s of open) if (gains[s]! > gains[best!]!) best = s;
  return best === undefined ? [] : [best];
}
