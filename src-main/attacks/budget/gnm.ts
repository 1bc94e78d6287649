import { z } from 'zod';
import { defineAttack } from '../attack.ts';
import { checkLoss, lossOption } from '../losses.ts';
import { constrainedCost, normConstrained } from './constrained.ts';
import { stepRivals } from '../search/rivals.ts';
import { cost, sum } from '../cost.ts';

export const exponentOption = z
  .number()
  .min(1)
  .max(1000)
  .nullable()
  .default(null)
  .describe(
    'Exponent p of the ball that a step’s direction is taken from; its length counts in the budget’s norm all the same. Empty: the budget’s norm.',
  );
export const clipOption = z
  .boolean()
  .default(true)
  .describe(
    'Solve each step inside the box [0,1]. Off: the paper’s closed forms, of which the box cuts off what it must when the picture is made.',
  );

/**
 * GNM and its iterated form (Balda et al., eq. 5 and Algorithm 1); see `normConstrained`. Special cases (their Table 2):
 * loss cross-entropy with 1 step is FGSM, with several BIM, with dither [1] PGD; p = ∞ is their published attack.
 * Always all T steps: the paper's algorithm knows no early end.
 */
export const gnm = defineAttack({
  id: 'gnm',
  title: 'GNM (Algorithm 1)',
  norms: ['l0', 'l1', 'l2', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  access: 'gradient',
  summary: 'Steps to the edge of the ball that lower the linearised margin most, looking at every rival class.',
  source: 'Balda, Behboodi, Mathar 2018 (arXiv 1812.07385), eq. 5 to 7, 10 and Algorithm 1; steps exact inside the box',
  options: z.strictObject({
    steps: z.number().int().min(1).max(10_000).default(10).describe('T, the number of linearisations.'),
    loss: lossOption('margin'),
    rivals: stepRivals,
    lengths: z
      .array(z.number().positive())
      .max(10_000)
      .default([])
      .describe('Relative lengths of the steps, one for each, such as [3,2,1]; empty: equal ones. They always add up to ε.'),
    dither: z
      .array(z.number().min(0).max(1))
      .max(10_000)
      .default([])
      .describe(
        'ε̃ of each step as a share of ε: how far from the iterate, at random, its gradient is taken. Missing ones are 0; [1] with cross-entropy is PGD.',
      ),
    p: exponentOption,
    clip: clipOption,
  }),
  cost: (scene, options) => sum(constrainedCost(scene, options), cost(0, 1)),
  async run(problem, { epsilon = 0, ...options }) {
    checkLoss(options.loss, problem);
    await problem.query(await normConstrained(problem, { ...options, epsilon }));
  },
});
