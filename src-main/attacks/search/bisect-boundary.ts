import { project } from '../../norms/project.ts';
import { featureNorm } from '../attack.ts';
import { atDelta, runSearches } from './run-searches.ts';
import type { Search } from './run-searches.ts';
import type { Problem } from '../problem/problem.ts';

/**
 * Bisection on the length of each image's best success, from `low` times its length on: the ball it is projected to
 * shrinks (l1 soft threshold, l2 scaling, l∞ clipping). One forward pass each; every success on the way is kept by
 * the problem. Not for l0.
 */
export async function bisectBoundary(problem: Problem, passes: number, low: number): Promise<void> {
  await runSearches(problem, atDelta(problem), (image) => (problem.best(image) ? halve(problem, image, passes, low) : null));
}

function* halve(problem: Problem, image: number, passes: number, low: number): Search {
  const best = problem.best(image)!;
  const size = problem.bestDistance(image);
  let fails = 0;
  let works = 1;
  for (let i = 0; i < passes && size > 0; i++) {
    // While nothing has failed, the gap may be wide: take longer and longer strides.
    const share = fails === 0 ? low ** (2 ** i) : (fails + works) / 2;
    const point = best.slice();
    project(featureNorm(problem), point, share * size);
    if ((yield { point, gradient: false }).success) works = share;
    else fails = share;
  }
}
