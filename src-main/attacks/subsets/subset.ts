import { z } from 'zod';
import { partitionOptions } from '../../../shared/partitions.ts';
import { bestSubsets, subsetGains, subsetStep } from '../../norms/subset.ts';
import { place } from '../../simd/index.ts';
import { defineAttack, rowsOf } from '../attack.ts';
import type { Query, Problem } from '../problem/problem.ts';
import { linearize, linearizationCost } from '../search/linearize.ts';
import { stepRivals } from '../search/rivals.ts';
import { pathBounds, pathsOf } from './partitions.ts';
import { cost, sum, times } from '../cost.ts';

/** A success this deep, as a share of the largest logit, survives rounding to 8 bit; until then more subsets are added. */
const DEEP = 0.02;

/**
 * Single and multiple subset attack by the linear problem (Balda et al., eq. 22, 23 and Algorithm 1 with its line for
 * ‖η‖_{0,S} = 1): each linearisation moves the subset with the largest Σ |∇L_j| to the edge of the ball or the box,
 * for the rival class that this brings nearest, and never the same subset again. A goal on an output has one rival.
 * In l∞ a feature moves by at most ε and `subsets` bounds how many subsets change; in l0 it moves as far as the box goes
 * and ε bounds the features, or the pixels.
 * The picture that is made of it changes no other subset.
 */
export const subset = defineAttack({
  id: 'subset',
  title: 'Pixel and subset attack',
  norms: ['l0', 'l0Pixels', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  access: 'gradient',
  summary: 'Changes few pixels, blocks, rows or areas of your own: one more with every linearisation, the most effective first.',
  source: 'Balda, Behboodi, Mathar 2018 (arXiv 1812.07385), eq. 22, 23 and section 5, for classes and outputs; exact inside the box',
  options: z.strictObject({
    ...partitionOptions,
    subsets: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .nullable()
      .default(null)
      .describe('Most subsets that are changed. Empty: 1 for l∞, as many as ε holds for l0.'),
    perStep: z.number().int().min(1).max(100_000).default(1).describe('Subsets added by each linearisation; the paper has 1.'),
    rivals: stepRivals,
  }),
  cost: (scene, { subsets, perStep: _, rivals, ...choice }) =>
    sum(times(Math.max(1, pathBounds(scene, choice, subsets).most), linearizationCost(scene, rivals)), cost(0, 1)),
  async run(problem, { subsets, perStep, rivals, epsilon = 0, ...choice }) {
    const { paths, most } = pathsOf(problem, choice, subsets, epsilon);
    const eta = new Float32Array(problem.clean.length);
    const [points, clean] = [rowsOf(eta, problem.count), rowsOf(problem.clean, problem.count)];
    const here = new Float32Array(problem.features);
    const only = new Uint8Array(problem.count).fill(1);
    const lowest = new Float64Array(problem.count);
    const best = rowsOf(eta.slice(), problem.count);
    const added: number[][] = paths.map(() => []);
    const last = new Uint8Array(problem.count);
    const seen = (query: Query): void => {
      for (let image = 0; image < problem.count; image++)
        if (only[image] && problem.active[image] && isDeep(problem, query, image)) only[image] = 0;
    };
    while (only.some((yes, image) => yes && problem.active[image])) {
      lowest.fill(Infinity);
      for (const list of added) list.length = 0;
      await linearize(problem, eta, { rivals, only, onMargin: seen }, (image, value, gradient) => {
        place(clean[image]!, points[image]!, here);
        const gains = subsetGains(paths[image]!.partition, gradient, here, most);
        const chosen = paths[image]!.affordable(bestSubsets(gains, paths[image]!.barred, Math.min(perStep, paths[image]!.left)));
        const end = chosen.reduce((sum, s) => sum - gains[s]!, value);
        if (chosen.length === 0 || end >= lowest[image]!) return;
        lowest[image] = end;
        added[image] = chosen;
        subsetStep(paths[image]!.partition, gradient, here, most, chosen, best[image]!);
      });
      for (let image = 0; image < problem.count; image++) {
        if (!problem.active[image] || !only[image]) continue;
        const path = paths[image]!;
        if (added[image]!.length > 0) {
          path.add(added[image]!);
          for (let j = 0; j < here.length; j++) points[image]![j]! += best[image]![j]!;
          if (path.full) last[image] = 1;
        }
        if (path.full || added[image]!.length === 0) only[image] = 0;
      }
    }
    // Those that stopped because nothing may be added have not been looked at since.
    await problem.query(eta, last);
    paths.forEach((path, image) => problem.confine(image, path.mayMove()));
  },
});

function isDeep(problem: Problem, { success, margin, logits }: Query, image: number): boolean {
  if (!success[image]) return false;
  let largest = 0;
  for (let k = image * problem.classes; k < (image + 1) * problem.classes; k++) largest = Math.max(largest, Math.abs(logits[k]!));
  return margin[image]! < -DEEP * largest;
}
