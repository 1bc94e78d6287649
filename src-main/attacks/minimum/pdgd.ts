import { z } from 'zod';
import { length } from '../../norms/distances.ts';
import { clipBox } from '../../norms/project.ts';
import { addScaled, scale } from '../../simd/index.ts';
import { cleanOf, defineAttack, rowsOf } from '../attack.ts';
import type { Problem } from '../problem/problem.ts';
import { Adam } from '../search/adam.ts';
import { bisectBoundary } from '../search/bisect-boundary.ts';
import { dualRateAt, DualWeights, lossSlope, rateAt, rateOptions } from '../search/dual.ts';
import type { Rates } from '../search/dual.ts';
import { nearestBoundary } from '../search/nearest.ts';
import { startRivals } from '../search/rivals.ts';
import { atDelta, runSearches } from '../search/run-searches.ts';
import type { Search } from '../search/run-searches.ts';
import { cost, rivalsAt } from '../cost.ts';

/**
 * Primal-dual gradient descent (Matyasko and Chau 2021): Adam on the Lagrangian
 *   λ₀ ‖δ‖₂ + λ₁ softplus(L),   the second term 0 where L < 0,
 * clipped to the box, against gradient ascent of the weights: see `DualWeights`. Differences: the start is the nearest boundary as
 * linearised at the clean image, and the best point is drawn towards the clean image by bisection at the end.
 */
export const pdgd = defineAttack({
  id: 'pdgd',
  title: 'PDGD',
  norms: ['l2'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Smallest l2 change by a game of two: δ descends distance and loss together, a weight trades one for the other.',
  source: 'Matyasko and Chau 2021, arXiv 2106.01538, with a start at the linearised boundary and a final bisection',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(500).describe('Gradient steps.'),
    rivals: startRivals,
    ratio: z.number().positive().max(1e6).default(0.01).describe('Weight of the distance over that of the loss at first.'),
    ...rateOptions,
    settle: z.number().int().min(0).max(30).default(8).describe('Forward passes of the final bisection.'),
  }),
  cost: (scene, { steps, rivals, settle }) => cost(rivalsAt(scene, rivals) + steps, 1 + settle),
  async run(problem, options) {
    const start = await nearestBoundary(problem, options.rivals);
    const rows = rowsOf(start, problem.count);
    await runSearches(problem, atDelta(problem), (image) => descend(problem, image, rows[image]!, options));
    await bisectBoundary(problem, options.settle, 0.97);
  },
});

function* descend(problem: Problem, image: number, delta: Float32Array, setting: Rates & { ratio: number }): Search {
  const clean = cleanOf(problem, image);
  const adam = new Adam(delta.length);
  const weights = new DualWeights(setting.ratio);
  for (let i = 0; i < setting.steps; i++) {
    const { margin, success, gradient } = yield { point: delta, gradient: true };
    scale(gradient, weights.loss * lossSlope(margin, success));
    addScaled(gradient, weights.distance / Math.max(length('l2', delta), 1e-12), delta);
    adam.step(delta, gradient, rateAt(setting, i));
    clipBox(delta, clean);
    weights.ascend(success, dualRateAt(setting, i));
  }
  yield { point: delta, gradient: false };
}
