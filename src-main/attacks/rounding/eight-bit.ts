import { isCount } from '../../../shared/norms.ts';
import type { Norm } from '../../../shared/norms.ts';
import { rowsOf } from '../attack.ts';
import type { Access } from '../../../shared/access.ts';
import type { Best } from '../problem/best.ts';
import type { CountedProblem } from '../problem/counted.ts';
import { along, ALONG_COST } from './along.ts';
import { INSIDE_COST, withinBudget } from './budget.ts';
import { sparse, SPARSE_COST, SPARSE_TRIES } from './l0.ts';
import { EightBit, toLevels } from './levels.ts';
import { flat, FLAT_COST, FLAT_TRIES } from './linf.ts';
import { attempt, mend, MEND_ROUNDS } from './moves.ts';
import { runSearches } from '../search/run-searches.ts';
import type { Search } from '../search/run-searches.ts';
import { cost, sum, times } from '../cost.ts';
import type { Cost } from '../cost.ts';

/**
 * Takes what an attack found to 8-bit pictures that still reach the goal: the smallest change in the norm, for a
 * fixed budget inside ε. A point on the decision boundary seldom survives rounding, so each search pushes it across
 * first: l1 and l2 along its own direction (bisection on the length, then rounding, which for a δ along the gradient
 * is the best lattice point of that length), l∞ to whole levels, l0 towards the ends of the box on its own support.
 * Where that fails, gradient steps on the lattice mend it, if the attack has access to gradients. Passes count as any other; an image without a float
 * success, or without passes left, gets none.
 * @returns per image the levels CHW, or null
 */
export async function toEightBit(problem: CountedProblem): Promise<(Uint8Array | null)[]> {
  const images = rowsOf(problem.clean, problem.count).map(
    (clean) => new EightBit(problem.norm, problem.epsilon, clean, problem.shape.channels, problem.access),
  );
  await runSearches(
    problem,
    (pixels, loss, only) => problem.at(pixels, loss, only),
    (image) => (problem.found.pixels(image) ? searchOf(problem, image, images[image]!) : null),
  );
  return images.map((image) => image.levels);
}

/** What rounding a success costs at most, with a fixed budget or without. */
export function roundingCost(norm: Norm, fixed: boolean, access: Access): Cost {
  if (access !== 'gradient')
    return cost(0, fixed ? 2 : 1 + (isCount(norm) ? 2 * SPARSE_TRIES : norm === 'linf' ? FLAT_TRIES : ALONG_COST.forwards));
  const mending = cost(MEND_ROUNDS);
  if (fixed) return sum(cost(0, 2), norm === 'linf' ? INSIDE_COST : mending);
  return sum(cost(0, 1), isCount(norm) ? times(2, SPARSE_COST) : norm === 'linf' ? FLAT_COST : ALONG_COST, mending);
}

function searchOf(problem: CountedProblem, image: number, best: EightBit): Search {
  const { found, norm } = problem;
  const nearest = found.pixels(image)!;
  const deepest = found.deepestPixels(image);
  if (deepest) return withinBudget(best, norm, problem.epsilon!, deepest, nearest);
  const start = image * problem.features;
  const change = (pixels: Float32Array) => pixels.map((p, j) => p - problem.clean[start + j]!);
  if (isCount(norm)) return fewest(best, norm, found, image, change);
  return minimal(best, norm, nearest, found.levelPixels(image), change(nearest));
}

function* minimal(best: EightBit, norm: Norm, nearest: Float32Array, known: Float32Array | null, delta: Float32Array): Search {
  // Attacks that round as they go (DDN) have been to 8-bit pictures already.
  if (known) yield* attempt(best, toLevels(known));
  if (norm === 'linf') yield* flat(best, delta);
  else yield* along(best, delta);
  if (!best.safe) yield* mend(best, toLevels(nearest), norm);
}

/** A count stays what it is when values are rounded, unless the nearest lay so close to the boundary that it is lost: then one that did not. */
function* fewest(best: EightBit, norm: Norm, found: Best, image: number, change: (pixels: Float32Array) => Float32Array): Search {
  const [nearest, known, firm] = [found.pixels(image)!, found.levelPixels(image), found.firmPixels(image)];
  const lost = () => !best.safe || best.distance > found.distance(image);
  // Attacks that move to the ends of the box (σ-zero) have been to 8-bit pictures already.
  if (known) yield* attempt(best, toLevels(known));
  yield* sparse(best, change(nearest));
  if (lost() && firm) yield* sparse(best, change(firm));
  if (lost()) yield* mend(best, toLevels(nearest), norm);
}
