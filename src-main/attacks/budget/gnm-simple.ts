import { z } from 'zod';
import { defineAttack } from '../attack.ts';
import { normConstrained } from './constrained.ts';
import { clipOption, exponentOption } from './gnm.ts';
import { cost } from '../cost.ts';

/**
 * Algorithm 2 of Balda et al.: GNM with L(x, η) ≈ f_y(x + η), the own class's logit alone (targeted: -f_t). One gradient
 * however many classes there are; that L has fallen does not say that the class has changed.
 * A goal on an output has no own class that changes (its f_y is 0), so there it is the margin, which is GNM itself.
 */
export const gnmSimple = defineAttack({
  id: 'gnm-simple',
  title: 'GNM, own logit (Algorithm 2)',
  norms: ['l0', 'l1', 'l2', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  access: 'gradient',
  summary: 'One step against the own class’s logit alone: the cheap form of GNM for models with very many classes.',
  source: 'Balda, Behboodi, Mathar 2018 (arXiv 1812.07385), section 6.1, Algorithm 2; steps exact inside the box',
  options: z.strictObject({
    steps: z.number().int().min(1).max(10_000).default(1).describe('T, the number of linearisations; the paper has 1.'),
    p: exponentOption,
    clip: clipOption,
  }),
  cost: (_, { steps }) => cost(steps, 1),
  async run(problem, { epsilon = 0, ...options }) {
    await problem.query(
      await normConstrained(problem, {
        ...options,
        loss: problem.reference ? 'margin' : 'logit',
        rivals: 1,
        lengths: [],
        dither: [],
        epsilon,
      }),
    );
  },
});
