import { room } from '../norms/projectBox.ts';
import { atDelta, lockstep } from './lockstep.ts';
import type { Search } from './lockstep.ts';
import type { Target } from './target.ts';

/**
 * Makes the best l0 solution of each image sparser by exchanging features, guided by one gradient at it.
 * A feature moved from its clean value to the better end of the box lowers the linearised margin by
 *   u_j = |g_j| · room_j,
 * and on a linear model the n features of largest u_j are the optimum (norms/linear.ts). Each round tries, with every
 * chosen feature at its end of the box, and begins anew at the first set that succeeds:
 *   1. from scratch: as many of the largest u_j as the linearisation asks for, or one more;
 *   2. prune: the own support without as many of its weakest members as the slack allows, then without a single one;
 *   3. swap: one strong outsider in, two weak members out.
 * @param passes most passes an image may spend; it ends earlier when a round brings nothing
 */
export async function polish(target: Target, passes: number): Promise<void> {
  await lockstep(target, atDelta(target), (image) => (target.best(image) ? exchange(target, image, passes) : null));
}

function* exchange(target: Target, image: number, passes: number): Search {
  const clean = target.clean.subarray(image * target.features, (image + 1) * target.features);
  let left = passes;
  for (;;) {
    const start = target.bestDistance(image);
    const best = target.best(image)!;
    if (left < 3 || start <= 1) return;
    left -= 2;
    const reply = yield { point: best, gradient: true };
    const g = reply.gradient.slice();
    const gain = Float64Array.from(g, (slope, j) => Math.abs(slope) * room(clean[j]!, -slope));
    const byGain = Uint32Array.from(gain.keys()).sort((a, b) => gain[b]! - gain[a]! || a - b);
    const support = byGain.filter((j) => best[j] !== 0);
    // What the clean margin would be if the model were linear.
    let atClean = reply.margin;
    for (const j of support) atClean -= g[j]! * best[j]!;
    for (const chosen of proposals(byGain, support, gain, atClean)) {
      if (left-- <= 0) return;
      yield { point: corners(chosen, g, clean), gradient: false };
      if (target.bestDistance(image) < start) break;
    }
    if (target.bestDistance(image) >= start) return;
  }
}

/** Sets with fewer features than the support, the boldest first. */
function* proposals(byGain: Uint32Array, support: Uint32Array, gain: Float64Array, atClean: number): Generator<Uint32Array> {
  const size = support.length;
  const scratch = enough(byGain, gain, atClean);
  for (const n of [scratch, scratch + 1]) if (n > 0 && n < size) yield byGain.subarray(0, n);
  const pruned = enough(support, gain, atClean);
  if (pruned > 0 && pruned < size - 1) yield support.subarray(0, pruned);
  for (let out = size - 1; out >= Math.max(0, size - WEAK); out--) yield support.filter((_, at) => at !== out);
  const isMember = new Set(support);
  const outsiders = byGain.filter((j) => !isMember.has(j)).subarray(0, STRONG);
  if (size <= 2) return;
  for (const outsider of outsiders)
    for (let out = size - 1; out >= Math.max(1, size - WEAK); out--)
      for (let also = out - 1; also >= Math.max(0, size - WEAK); also--)
        yield Uint32Array.of(...support.filter((_, at) => at !== out && at !== also), outsider);
}

/** How many weak members and strong outsiders take part in exchanges. */
const WEAK = 5;
const STRONG = 4;

/** How many of the ordered features the linearised margin needs to fall below zero. */
function enough(ordered: Uint32Array, gain: Float64Array, atClean: number): number {
  let margin = atClean;
  for (let n = 0; n < ordered.length; n++) {
    if (margin < 0) return n;
    margin -= gain[ordered[n]!]!;
  }
  return ordered.length;
}

function corners(chosen: Uint32Array, gradient: Float32Array, clean: Float32Array): Float32Array {
  const delta = new Float32Array(clean.length);
  for (const j of chosen) delta[j] = gradient[j]! > 0 ? -clean[j]! : 1 - clean[j]!;
  return delta;
}
