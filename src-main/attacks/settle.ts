import { project } from '../norms/project.ts';
import { atDelta, lockstep } from './lockstep.ts';
import type { Search } from './lockstep.ts';
import type { Target } from './target.ts';

/**
 * Bisection on the length of each image's best success, between `low` times its length and itself: the ball it is
 * projected to shrinks (l1 soft threshold, l2 scaling, l∞ clipping). Costs one forward pass per halving; every
 * success on the way is kept by the target. Not for l0.
 */
export async function settle(target: Target, halvings: number, low: number): Promise<void> {
  await lockstep(target, atDelta(target), (image) => (target.best(image) ? halve(target, image, halvings, low) : null));
}

function* halve(target: Target, image: number, halvings: number, low: number): Search {
  const best = target.best(image)!;
  const size = target.bestDistance(image);
  let fails = low;
  let works = 1;
  for (let i = 0; i < halvings && size > 0; i++) {
    // The lower end first: where the attack left a wide gap, most of it is gone at once.
    const share = i === 0 ? low : (fails + works) / 2;
    const point = best.slice();
    project(target.norm, point, share * size);
    if ((yield { point, gradient: false }).success) {
      works = share;
      if (i === 0) fails = low * low;
    } else fails = share;
  }
}
