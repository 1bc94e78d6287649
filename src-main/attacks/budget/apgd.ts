import { z } from 'zod';
import { projectBox } from '../../norms/projectBox.ts';
import { defineAttack, featureNorm, rowsOf } from '../attack.ts';
import { cost, times } from '../cost.ts';
import type { Cost, Scene } from '../cost.ts';
import { checkLoss, lossOption } from '../losses.ts';
import type { Problem } from '../problem/problem.ts';
import { autoPgd } from '../search/apgd.ts';
import type { Apgd } from '../search/apgd.ts';
import { DIRECTIONS } from '../search/directions.ts';
import { confidenceOption, finishBroken, finishIfDeep } from '../search/descend.ts';
import { randomInBall } from '../search/start.ts';

/** How Auto-PGD searches in one ball. */
export const apgdSearchOptions = {
  rho: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.75)
    .describe('The step is halved unless more than this share of the steps between checkpoints lowered the loss.'),
  alpha: z.number().gt(0).max(1).default(0.75).describe('How much of a step is the gradient’s; the rest is momentum. Not l1.'),
  checkpoint: z
    .number()
    .gt(0)
    .max(1)
    .default(0.22)
    .describe('The first checkpoint, as a share of the steps; those after it follow each other more closely. Not l1.'),
  direction: z
    .enum(DIRECTIONS)
    .default('gradient')
    .describe(
      'What steps follow: the gradient, its sum with those before (MI-FGSM), or their conjugate direction (ACG, which has alpha 1).',
    ),
  share: z.number().positive().max(1).default(0.2).describe('l1 only: share of the features that the first steps move.'),
};

/** The options of fixed-budget attacks that are made of Auto-PGD. */
export const apgdOptions = {
  ...apgdSearchOptions,
  wide: z.boolean().default(true).describe('l1 only: begin with balls of three and two times the radius, 30 % of the steps each.'),
  confidence: confidenceOption,
};

export interface ApgdOptions extends Pick<Apgd, 'steps' | 'loss' | 'rho' | 'alpha' | 'checkpoint' | 'direction' | 'share'> {
  wide: boolean;
  confidence: number;
}

/**
 * Auto-PGD (Croce and Hein 2020; l1: 2021): projected gradient descent that chooses its step size itself; see `autoPgd`. Differences
 * from the published program: a step under l1 moves no feature that the box holds, an image ends at a success that is deep
 * enough to survive rounding to 8 bit, and the last point is looked at without its gradient.
 */
export const apgd = defineAttack({
  id: 'apgd',
  title: 'APGD',
  norms: ['l1', 'l2', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  access: 'gradient',
  summary: 'PGD that chooses its own step size and goes back to the best point: the attack that AutoAttack is built on.',
  source: 'Croce and Hein 2020 (arXiv 2003.01690), algorithm 1; l1: Croce and Hein 2021 (arXiv 2103.01208), algorithm 1',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(100).describe('Gradient steps of one start.'),
    restarts: z.number().int().min(1).max(1000).default(1).describe('Random starts, as long as none has succeeded.'),
    loss: lossOption('cross-entropy'),
    ...apgdOptions,
  }),
  cost: (scene, options) => times(options.restarts, runCost(scene, options)),
  async run(problem, { restarts, epsilon = 0, ...how }) {
    checkLoss(how.loss, problem);
    for (let restart = 0; restart < restarts && problem.anyActive; restart++) await apgdWithin(problem, epsilon, how);
  },
});

/** Of one start of an image. */
export function runCost({ norm }: Scene, { steps, wide }: { steps: number; wide: boolean }): Cost {
  return cost(steps, norm === 'l1' && wide ? 3 : 1);
}

/** One random start of every active image; those that succeed take part no longer. */
export async function apgdWithin(problem: Problem, epsilon: number, how: ApgdOptions, towards?: Int32Array): Promise<void> {
  const norm = featureNorm(problem);
  const delta = new Float32Array(problem.clean.length);
  const [rows, clean] = [rowsOf(delta, problem.count), rowsOf(problem.clean, problem.count)];
  const only = problem.active.slice();
  const radii = norm === 'l1' && how.wide ? stages(epsilon, how.steps) : [{ radius: epsilon, steps: how.steps }];
  rows.forEach((row, image) => only[image] && randomInBall(norm, row, radii[0]!.radius, problem.random(image)));
  for (const { radius, steps } of radii) {
    rows.forEach((row, image) => only[image] && projectBox(norm, row, clean[image]!, radius));
    await autoPgd(problem, delta, {
      ...how,
      steps,
      epsilon: new Float64Array(problem.count).fill(radius),
      only,
      towards,
      isOver: (image, answer) => finishIfDeep(problem, image, answer, how.confidence),
    });
  }
  finishBroken(problem);
}

/** l1: the larger balls lead to points of which the small one's projection has a lower loss than what is found in it. */
function stages(epsilon: number, steps: number): { radius: number; steps: number }[] {
  const early = Math.floor(0.3 * steps);
  return [
    { radius: 3 * epsilon, steps: early },
    { radius: 2 * epsilon, steps: early },
    { radius: epsilon, steps: steps - 2 * early },
  ].filter((stage) => stage.steps > 0);
}
