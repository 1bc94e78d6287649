import { z } from 'zod';
import { defineAttack } from '../attack.ts';
import { sum, times } from '../cost.ts';
import { lossOption } from '../losses.ts';
import { TARGET_ORDERS, targetsCost, targetsOf } from '../search/targets.ts';
import { apgdOptions, apgdWithin, runCost } from './apgd.ts';

/**
 * Auto-PGD towards one class after another (APGD-T, Croce and Hein 2020), each from a random start of its own, until one is reached or
 * whatever else: a point of any wrong class is a success. Descent towards the nearest class need not lead to the class that ε
 * reaches, and that is what several targets are for. Their order is MALT's, see `targetsOf`.
 */
export const apgdTargeted = defineAttack({
  id: 'apgd-targeted',
  title: 'APGD, targets in turn',
  norms: ['l1', 'l2', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  access: 'gradient',
  summary: 'APGD towards one wrong class after another, those with the nearest boundaries first: finds what a single descent overlooks.',
  source:
    'Croce and Hein 2020 (arXiv 2003.01690), eq. 6 and section 4; order of the targets: Melamed et al. 2024 (MALT, arXiv 2407.02240), zero gradients last',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(100).describe('Gradient steps towards each class.'),
    targets: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(9)
      .describe('Classes aimed at in turn, as long as none has been reached; a goal is the one class.'),
    order: z
      .enum(TARGET_ORDERS)
      .default('distance')
      .describe('Their order: distance of the boundary as linearised at the clean image (MALT), or score (AutoAttack).'),
    candidates: z.number().int().min(1).max(1000).default(100).describe('Likeliest classes whose distance is looked at, two passes each.'),
    restarts: z.number().int().min(1).max(1000).default(1).describe('Times that the classes are gone through.'),
    loss: lossOption('dlr').describe('What is made small towards each class; of fewer than 4 classes the margin takes the place of dlr.'),
    ...apgdOptions,
  }),
  cost: (scene, options) => {
    const aims = scene.targeted ? 1 : Math.min(options.targets, scene.classes - 1);
    return sum(targetsCost(scene, options.order, options.candidates), times(aims * options.restarts, runCost(scene, options)));
  },
  async run(problem, { targets, order, candidates, restarts, epsilon = 0, ...how }) {
    const loss = how.loss === 'dlr' && problem.classes < 4 ? 'margin' : how.loss;
    const ranked = await targetsOf(problem, order, candidates);
    const aims = problem.goal ? 1 : Math.min(targets, problem.classes - 1);
    for (let turn = 0; turn < aims * restarts && problem.anyActive; turn++) {
      const towards = problem.goal ? undefined : Int32Array.from(ranked, (classes) => classes[turn % aims] ?? 0);
      await apgdWithin(problem, epsilon, { ...how, loss }, towards);
    }
  },
});
