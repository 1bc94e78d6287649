import { length } from '../../norms/distances.ts';
import { smallestDrop } from '../../norms/linear.ts';
import { cleanOf, featureNorm } from '../attack.ts';
import { atDelta, runSearches } from './run-searches.ts';
import type { Search } from './run-searches.ts';
import type { Problem } from '../problem/problem.ts';
import { cost } from '../cost.ts';

/** Shares of the way tried in one round, each of the one before. */
const TRIES = 3;
const SHORTER = 0.4;

/** Of one round, at most. */
export const TIGHTEN_COST = cost(1, TRIES);

/**
 * Makes each image's best success b smaller along the boundary: problem (8) with the linearisation taken at b,
 *   η* = argmin ‖η‖_p with L(b) + ∇L(b)·(η - b) ≤ -o L₀,   L₀ = L(b) - ∇L(b)·b the linearised margin of the image itself,
 * and then as far from b towards η* as success lasts; ‖·‖ being convex, every success on that way is smaller than b.
 * The share of the way that held is what the next round tries first, twice of it. Not for l0, which is not convex.
 * @param rounds of one gradient and at most three forward passes @param overshoot o, in the first round
 */
export async function tighten(problem: Problem, rounds: number, overshoot: number): Promise<void> {
  await runSearches(problem, atDelta(problem), (image) => (problem.best(image) ? search(problem, image, rounds, overshoot) : null));
}

function* search(problem: Problem, image: number, rounds: number, overshoot: number): Search {
  const clean = cleanOf(problem, image);
  const norm = featureNorm(problem);
  const eta = new Float32Array(clean.length);
  let share = 1;
  let beyond = overshoot;
  for (let round = 0; round < rounds; round++) {
    const best = problem.best(image)!;
    const size = problem.bestDistance(image);
    const { gradient, margin } = yield { point: best, gradient: true };
    let linear = margin;
    for (let j = 0; j < best.length; j++) linear -= gradient[j]! * best[j]!;
    while (beyond > 1e-5 && smallestDrop(norm, gradient, clean, (1 + beyond) * linear, eta) >= size) beyond /= 3;
    // Nothing smaller even on the tangent plane itself: as near as the first order can tell.
    if (linear <= 0 || length(norm, eta) >= size) return;
    for (let i = 0; i < TRIES; i++) {
      const point = best.map((b, j) => b + share * (eta[j]! - b));
      if ((yield { point, gradient: false }).success) break;
      share *= SHORTER;
    }
    share = Math.min(1, 2 * share);
    beyond *= 0.9;
  }
}
