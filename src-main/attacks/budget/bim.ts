import { z } from 'zod';
import { defineAttack } from '../attack.ts';
import { confidenceOption, descend } from '../search/descend.ts';
import { checkLoss, lossOption } from '../losses.ts';
import { cost } from '../cost.ts';

/**
 * Basic iterative method (Kurakin et al. 2017): FGSM's step taken `steps` times with a shorter length, projected back
 * to the ball and the box, from the clean image. PGD without its random start.
 */
export const bim = defineAttack({
  id: 'bim',
  title: 'BIM',
  norms: ['l1', 'l2', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  access: 'gradient',
  summary: 'Several short gradient steps from the clean image, without randomness.',
  source: 'Kurakin, Goodfellow, Bengio 2017, section 2.2; exact projection onto ball and box',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(10).describe('Gradient steps.'),
    stepSize: z.number().positive().max(10).default(0.2).describe('Length of a step as a share of ε.'),
    share: z
      .number()
      .positive()
      .max(1)
      .default(0.1)
      .describe('l1 only: share of the features that the first step moves; the last moves one.'),
    confidence: confidenceOption,
    loss: lossOption('cross-entropy'),
  }),
  cost: (_, { steps }) => cost(steps, 1),
  async run(problem, { steps, stepSize, share, confidence, loss, epsilon = 0 }) {
    checkLoss(loss, problem);
    const delta = new Float32Array(problem.clean.length);
    await descend(problem, delta, { epsilon, steps, stepLength: () => stepSize * epsilon, loss, share, confidence });
  },
});
