import { z } from 'zod';
import { linearMinimiser } from '../../norms/linear.ts';
import { defineAttack, featureNorm, rowsOf } from '../attack.ts';
import { checkLoss, lossOption } from '../losses.ts';
import { cost } from '../cost.ts';

/**
 * Fast gradient method (Goodfellow et al. 2015; for any norm Balda et al. 2018, Table 2): one step to the point of the
 * ball that minimises the loss as linearised at the clean image,
 *   δ = argmin { g·δ : ‖δ‖_p ≤ ε, 0 ≤ x + δ ≤ 1 },   l∞: δ = -ε sign(g).
 * The box is part of the problem here: what it cuts off in one feature is spent on others (l0, l1, l2).
 */
export const fgsm = defineAttack({
  id: 'fgsm',
  title: 'FGSM / FGM',
  norms: ['l0', 'l1', 'l2', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  access: 'gradient',
  summary: 'One gradient step to the edge of the ball. The cheapest attack, and the weakest.',
  source: 'Goodfellow, Shlens, Szegedy 2015, eq. 1; exact linear step inside the box for every norm',
  options: z.strictObject({ loss: lossOption('cross-entropy') }),
  cost: () => cost(1, 1),
  async run(problem, { loss, epsilon = 0 }) {
    checkLoss(loss, problem);
    const delta = new Float32Array(problem.clean.length);
    const { gradient } = await problem.gradient(delta, loss);
    const clean = rowsOf(problem.clean, problem.count);
    const step = rowsOf(delta, problem.count);
    rowsOf(gradient, problem.count).forEach((g, i) => {
      if (problem.active[i]) linearMinimiser(featureNorm(problem), g, clean[i]!, epsilon, step[i]!);
    });
    await problem.query(delta);
  },
});
