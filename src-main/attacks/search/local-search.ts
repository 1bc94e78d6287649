import { cleanOf } from '../attack.ts';
import { groupSize, pixelGains } from '../../norms/pixels.ts';
import { falling } from '../../norms/select.ts';
import { atDelta, runSearches } from './run-searches.ts';
import type { Search } from './run-searches.ts';
import type { Problem } from '../problem/problem.ts';

/**
 * Makes the best l0 solution of each image sparser: a local search over what is changed, led by gradients. Features
 * (under l0Pixels pixels, with all channels: `groupSize`) moved to the better end of the box lower the linearised margin by
 *   u_p = Σ |g_j| · room_j,  j ∈ p,
 * and on a linear model the n of largest u_p are the optimum (norms/linear.ts, norms/pixels.ts). From the current set, every
 * member at its end of the box, each round takes the gradient and goes over to the first of these that succeeds:
 *   1. fewer: as many of the largest u_j as the linearisation asks for (or one more); the members without as many of
 *      the weakest as the slack allows; without a single weak one; one outsider in and two weak members out;
 *   2. deeper at the same size: weak members exchanged for stronger outsiders, many at once, then half as many, ...
 * The margin a deeper set gains is what the next round may spend on fewer features.
 * @param passes most passes an image may spend; it ends earlier when a round brings nothing
 */
export async function localSearch(problem: Problem, passes: number): Promise<void> {
  await runSearches(problem, atDelta(problem), (image) => (problem.best(image) ? exchange(problem, image, passes) : null));
}

function* exchange(problem: Problem, image: number, passes: number): Search {
  const clean = cleanOf(problem, image);
  const size = groupSize(problem.norm, problem.shape.channels);
  let point = problem.best(image)!;
  let left = passes;
  for (;;) {
    left -= 2;
    if (left < 1) return;
    const reply = yield { point, gradient: true };
    const { margin } = reply;
    const g = reply.gradient.slice();
    const gain = pixelGains(g, clean, size);
    const members = byFalling(gain, changedGroups(point, size));
    if (members.length <= 1) return;
    // No proposal takes more than that: as many as there are members, and as many outsiders and some.
    const byGain = strongest(gain, 2 * members.length + STRONG + 1);
    // What the clean margin would be if the model were linear.
    let atClean = margin;
    for (let j = 0; j < g.length; j++) atClean -= g[j]! * point[j]!;
    let next: Float32Array | null = null;
    for (const chosen of proposals(byGain, members, gain, atClean)) {
      if (left-- < 1) return;
      const candidate = corners(chosen, g, clean, size);
      const answer = yield { point: candidate, gradient: false };
      if (!answer.success || (chosen.length === members.length && answer.margin >= margin)) continue;
      next = candidate;
      break;
    }
    if (next === null) return;
    point = next;
  }
}

/** How many weak members and strong outsiders take part in exchanges one by one. */
const WEAK = 4;
const STRONG = 2;

function* proposals(byGain: Uint32Array, members: Uint32Array, gain: Float64Array, atClean: number): Generator<Uint32Array> {
  const size = members.length;
  const scratch = enough(byGain, gain, atClean);
  for (const n of [scratch, scratch + 1]) if (n > 0 && n < size) yield byGain.subarray(0, n);
  const pruned = enough(members, gain, atClean);
  if (pruned > 0 && pruned < size - 1) yield members.subarray(0, pruned);
  for (let out = size - 1; out >= Math.max(0, size - WEAK); out--) yield members.filter((_, at) => at !== out);
  const isMember = new Set(members);
  const outsiders = byGain.filter((j) => !isMember.has(j));
  let better = 0;
  while (better < size && better < outsiders.length && gain[outsiders[better]!]! > gain[members[size - 1 - better]!]!) better++;
  for (let n = better; n > 0; n >>= 1) yield Uint32Array.of(...members.subarray(0, size - n), ...outsiders.subarray(0, n));
  for (const outsider of outsiders.subarray(0, STRONG))
    for (let out = size - 1; out >= Math.max(1, size - WEAK); out--)
      for (let also = out - 1; also >= Math.max(0, size - WEAK); also--)
        yield Uint32Array.of(...members.filter((_, at) => at !== out && at !== also), outsider);
}

/** How many of the ordered features the linearised margin needs to fall below zero. */
function enough(ordered: Uint32Array, gain: Float64Array, atClean: number): number {
  let margin = atClean;
  for (let n = 0; n < ordered.length; n++) {
    if (margin < 0) return n;
    margin -= gain[ordered[n]!]!;
  }
  return ordered.length;
}

/** The groups that differ from the clean image. */
function changedGroups(delta: Float32Array, size: number): number[] {
  const groups = delta.length / size;
  const changed = new Set<number>();
  for (let j = 0; j < delta.length; j++) if (delta[j] !== 0) changed.add(j % groups);
  return [...changed];
}

/** By falling gain, the lower index first where equal. */
function byFalling(gain: Float64Array, groups: readonly number[]): Uint32Array {
  return Uint32Array.from(groups).sort((a, b) => gain[b]! - gain[a]! || a - b);
}

/** The `count` of largest gain; the others of a photograph need not be in order. */
function strongest(gain: Float64Array, count: number): Uint32Array {
  const found: number[] = [];
  for (const p of falling(gain)) {
    if (found.length === count) break;
    found.push(p);
  }
  return Uint32Array.from(found);
}

function corners(chosen: Uint32Array, gradient: Float32Array, clean: Float32Array, size: number): Float32Array {
  const delta = new Float32Array(clean.length);
  const groups = clean.length / size;
  for (const p of chosen) for (let j = p; j < size * groups; j += groups) delta[j] = gradient[j]! > 0 ? -clean[j]! : 1 - clean[j]!;
  return delta;
}
