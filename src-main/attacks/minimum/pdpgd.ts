import { z } from 'zod';
import { groupSize } from '../../norms/pixels.ts';
import { proximal } from '../../norms/prox.ts';
import { proximalCount } from '../../norms/proxCount.ts';
import type { CountPenalty } from '../../norms/proxCount.ts';
import { scale } from '../../simd/index.ts';
import { cleanOf, defineAttack, rowsOf } from '../attack.ts';
import type { Problem } from '../problem/problem.ts';
import { Adam } from '../search/adam.ts';
import { finishOff, finishOption, finishPasses } from '../search/finish.ts';
import { dualRateAt, DualWeights, lossSlope, rateAt, rateOptions } from '../search/dual.ts';
import type { Rates } from '../search/dual.ts';
import { nearestBoundary } from '../search/nearest.ts';
import { startRivals } from '../search/rivals.ts';
import { atDelta, runSearches } from '../search/run-searches.ts';
import type { Search } from '../search/run-searches.ts';
import { cost, rivalsAt } from '../cost.ts';

/**
 * Primal-dual proximal gradient descent (Matyasko and Chau 2021): two players on the Lagrangian
 *   λ₀ ‖δ‖_p + λ₁ softplus(L),   the second term 0 where L < 0.
 * δ takes a step of Adam on the loss alone, then the proximal step of the norm in Adam's own metric H = √v̂ + 1e-8, rate η:
 *   δ ← argmin_z ½ ‖z - (δ - η m̂ / H)‖²_H + η (λ₀/λ₁) ‖z‖_p   with 0 ≤ x + z ≤ 1;
 * the weights λ follow the sign of the constraint (`DualWeights`). So a feature moves only where the averaged gradient exceeds λ₀/λ₁,
 * which is the optimality condition of a sparse solution; no step size has to fit for that.
 *
 * Of l0 the norm is replaced by Σ |z_j|^{2/3} or taken as it is, the hard threshold; of l0Pixels by that of each pixel's length.
 *
 * Differences from the authors' and adversarial-library's code: the proximal problem is solved exactly and with the box inside,
 * where theirs clips, takes up to five steps of an inner iteration, and clips again; the 2/3 operator has its threshold, below which
 * theirs keeps stationary points that are worse than 0; the start is the nearest boundary as linearised at the clean image; and a
 * finish of a few passes: bisection of the best point's length, for l0 exchange of features.
 */
export const pdpgd = defineAttack({
  id: 'pdpgd',
  title: 'PDPGD',
  norms: ['l0', 'l0Pixels', 'l1', 'l2', 'linf'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Smallest change in any norm by a game of two: δ descends the loss and shrinks, a weight trades one for the other.',
  source: 'Matyasko and Chau 2021, arXiv 2106.01538, with exact proximal steps inside the box and a final bisection or exchange',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(500).describe('Gradient steps.'),
    rivals: startRivals,
    penalty: z
      .enum(['two-thirds', 'hard'])
      .default('two-thirds')
      .describe('What stands for l0: the sum of |δ|^(2/3), or the count itself, whose proximal step is the hard threshold.'),
    ratio: z.number().positive().max(1e6).default(0.01).describe('Weight of the distance over that of the loss at first.'),
    ...rateOptions,
    finish: finishOption,
  }),
  cost: (scene, { steps, rivals, finish }) => cost(rivalsAt(scene, rivals) + steps, 1 + finishPasses(scene.norm, finish)),
  async run(problem, options) {
    const start = await nearestBoundary(problem, options.rivals);
    const rows = rowsOf(start, problem.count);
    await runSearches(problem, atDelta(problem), (image) => descend(problem, image, rows[image]!, options));
    await finishOff(problem, options.finish);
  },
});

type Setting = Rates & { ratio: number; penalty: CountPenalty };

function* descend(problem: Problem, image: number, delta: Float32Array, setting: Setting): Search {
  const clean = cleanOf(problem, image);
  const size = groupSize(problem.norm, problem.shape.channels);
  const adam = new Adam(delta.length);
  const metric = new Float32Array(delta.length);
  const weights = new DualWeights(setting.ratio);
  for (let i = 0; i < setting.steps; i++) {
    const { margin, success, gradient } = yield { point: delta, gradient: true };
    scale(gradient, lossSlope(margin, success));
    const rate = rateAt(setting, i);
    adam.step(delta, gradient, rate);
    adam.metric(metric);
    const mu = (rate * weights.distance) / weights.loss;
    if (problem.norm === 'l0' || problem.norm === 'l0Pixels') proximalCount(setting.penalty, delta, metric, mu, clean, size);
    else proximal(problem.norm, delta, metric, mu, clean);
    weights.ascend(success, dualRateAt(setting, i));
  }
  yield { point: delta, gradient: false };
}
