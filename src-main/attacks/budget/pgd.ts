import { z } from 'zod';
import { projectBox } from '../../norms/projectBox.ts';
import { defineAttack, featureNorm, rowsOf } from '../attack.ts';
import { confidenceOption, descend, finishBroken } from '../search/descend.ts';
import { checkLoss, lossOption } from '../losses.ts';
import { othersByLogit } from '../search/nearest.ts';
import { randomInBall } from '../search/start.ts';
import type { Problem } from '../problem/problem.ts';
import { cost } from '../cost.ts';
import { cosine } from '../search/cosine.ts';

/**
 * Projected gradient descent (Madry et al. 2018, eq. 2): from a random point of the ball,
 *   δ ← P( δ - α · steepest(g) ),  P the projection onto ‖δ‖_p ≤ ε and the box,
 * again from a new point for each restart, until a success. α starts at half of ε and falls by a cosine to a fiftieth
 * of that: long steps look around, short ones settle. At 40 steps this finds clearly more than a constant step of
 * 2.5 ε / steps, which `stepSize` and `decay: false` give. Untargeted restarts aim at the likeliest other classes in turn
 * (Gowal et al. 2019), for the descent alone may run after one that ε does not reach.
 */
export const pgd = defineAttack({
  id: 'pgd',
  title: 'PGD',
  norms: ['l1', 'l2', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  access: 'gradient',
  summary: 'Gradient steps from random starts inside the ball, the usual robustness test at one ε.',
  source: 'Madry et al. 2018, eq. 2; l1 step of Tramèr and Boneh 2019; exact projection onto ball and box',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(40).describe('Gradient steps of one start.'),
    stepSize: z.number().positive().max(10).default(0.5).describe('Length of the first step as a share of ε.'),
    decay: z.boolean().default(true).describe('Let the step fall by a cosine to a fiftieth; otherwise it keeps its length.'),
    randomStart: z.boolean().default(true).describe('Start inside the ball at random; otherwise the first start is the clean image.'),
    restarts: z.number().int().min(1).max(1000).default(1).describe('Starts, as long as none has succeeded.'),
    multiTargeted: z
      .boolean()
      .default(true)
      .describe('Untargeted, let restarts after the first aim at the likeliest other classes in turn.'),
    share: z
      .number()
      .positive()
      .max(1)
      .default(0.1)
      .describe('l1 only: share of the features that the first step moves; the last moves one.'),
    confidence: confidenceOption,
    loss: lossOption('margin'),
  }),
  cost: (_, { steps, restarts }) => cost(steps * restarts, restarts + restarts - 1),
  async run(problem, { steps, stepSize, decay, randomStart, restarts, multiTargeted, share, confidence, loss, epsilon = 0 }) {
    checkLoss(loss, problem);
    const norm = featureNorm(problem);
    const stepLength = (i: number): number => stepSize * epsilon * (decay ? cosine(i, steps, 1, 0.02) : 1);
    const canAim = multiTargeted && !problem.goal && (loss !== 'dlr' || problem.classes >= 4);
    const delta = new Float32Array(problem.clean.length);
    const rows = rowsOf(delta, problem.count);
    const clean = rowsOf(problem.clean, problem.count);
    for (let restart = 0; restart < restarts && problem.anyActive; restart++) {
      for (let image = 0; image < problem.count; image++) {
        if (!problem.active[image]) continue;
        rows[image]!.fill(0);
        if (restart === 0 && !randomStart) continue;
        randomInBall(norm, rows[image]!, epsilon, problem.random(image));
        projectBox(norm, rows[image]!, clean[image]!, epsilon);
      }
      const towards = restart > 0 && canAim ? await rivalOf(problem, restart) : undefined;
      await descend(problem, delta, { epsilon, steps, stepLength, loss, share, confidence, towards });
      finishBroken(problem);
    }
  },
});

/** Of each image the class that is `place`-th likeliest of the others, in turn; costs one forward pass. */
async function rivalOf(problem: Problem, place: number): Promise<Int32Array> {
  const { logits } = await problem.query(new Float32Array(problem.clean.length));
  return Int32Array.from(rowsOf(logits, problem.count), (f, image) => {
    const others = othersByLogit(f, problem.label[image]!);
    return others[place % others.length]!;
  });
}
