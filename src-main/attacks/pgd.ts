import { z } from 'zod';
import { projectBox } from '../norms/projectBox.ts';
import { defineAttack, rowsOf } from './attack.ts';
import { descend } from './descend.ts';
import { checkLoss, lossOption } from './losses.ts';
import { randomInBall } from './start.ts';

/**
 * Projected gradient descent (Madry et al. 2018): from a random point of the ball,
 *   δ ← P( δ - α · steepest(g) ),  P the projection onto ‖δ‖_p ≤ ε and the box,
 * again from a new point for each restart, until a success. The step is 2.5 ε / steps as in Madry's code, so that the
 * far end of the ball can be reached from anywhere in it; over the second half it may shrink to settle (`decay`).
 */
export const pgd = defineAttack({
  id: 'pgd',
  title: 'PGD',
  norms: ['l1', 'l2', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  summary: 'Gradient steps from random starts inside the ball, the usual robustness test at one ε.',
  source: 'Madry et al. 2018, eq. 2; l1 step of Tramèr and Boneh 2019; exact projection onto ball and box',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(40).describe('Gradient steps of one start.'),
    stepSize: z.number().positive().max(10).nullable().default(null).describe('Length of a step as a share of ε; null: 2.5 / steps.'),
    decay: z.boolean().default(true).describe('Let the step fall linearly to a tenth over the second half of the steps.'),
    randomStart: z.boolean().default(true).describe('Start inside the ball at random; otherwise the first start is the clean image.'),
    restarts: z.number().int().min(1).max(1000).default(1).describe('Starts, as long as none has succeeded.'),
    share: z.number().positive().max(1).default(0.05).describe('l1 only: share of the features that one step moves.'),
    confidence: z.number().min(0).max(1).default(0.02).describe('Stop an image once its margin is below -confidence times its largest logit.'),
    loss: lossOption('margin'),
  }),
  async run(target, { steps, stepSize, decay, randomStart, restarts, share, confidence, loss, epsilon = 0 }) {
    checkLoss(loss, target);
    const length = (stepSize ?? 2.5 / steps) * epsilon;
    const stepLength = (i: number): number => (decay ? length * Math.min(1, 1.9 - (1.8 * i) / steps) : length);
    const delta = new Float32Array(target.clean.length);
    const rows = rowsOf(delta, target.count);
    const clean = rowsOf(target.clean, target.count);
    for (let restart = 0; restart < restarts && target.anyActive; restart++) {
      for (let image = 0; image < target.count; image++) {
        if (!target.active[image]) continue;
        rows[image]!.fill(0);
        if (restart === 0 && !randomStart) continue;
        randomInBall(target.norm, rows[image]!, epsilon, target.random(image));
        projectBox(target.norm, rows[image]!, clean[image]!, epsilon);
      }
      await descend(target, delta, { epsilon, steps, stepLength, loss, share, confidence });
      for (let image = 0; image < target.count; image++) if (target.bestDistance(image) < Infinity) target.finish(image);
    }
  },
});
