import { z } from 'zod';
import { projectBox } from '../../norms/projectBox.ts';
import { steepestStep } from '../../norms/steepest.ts';
import { defineAttack, featureNorm, rowsOf } from '../attack.ts';
import { cost } from '../cost.ts';
import type { GradientQuery, Problem } from '../problem/problem.ts';
import { confidenceOption, finishBroken, finishIfDeep } from '../search/descend.ts';
import { othersByLogit } from '../search/nearest.ts';
import { randomInBall } from '../search/start.ts';

/**
 * Probability margin attack (arXiv 2411.15210), in the two phases of margin decomposition (Ma et al. 2020), p the softmax:
 *   step 0          up p_y, away from where everybody starts
 *   1 … N/2 - 1     down p_y, in every second round up the largest other p
 *   N/2 … N - 1     down p_y - max_{k≠y} p_k
 *   α = ε (1 + cos(π i / (N/2))), once in each half;  δ ← P( δ - α · steepest(g) ).
 * A step has the gradient's direction alone, and that of log p is that of p: so the first half takes the gradient of the cross-entropy,
 * which remains a number where p has none. The largest other class is that of the step before. Targeted, every first half goes up the goal's p.
 */
export const pma = defineAttack({
  id: 'pma',
  title: 'PMA',
  norms: ['l2', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  access: 'gradient',
  summary: 'Steps on one probability alone first, then on the margin of the probabilities: what other losses run away from, it may find.',
  source: 'Probability margin attack (arXiv 2411.15210), with the phases of margin decomposition (Ma et al. 2020, arXiv 2006.13726)',
  options: z.strictObject({
    steps: z.number().int().min(2).max(100_000).default(100).describe('N, gradient steps of one round.'),
    rounds: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(2)
      .describe('Random starts, as long as none has succeeded; the first half follows own and other class in turn.'),
    confidence: confidenceOption,
  }),
  cost: (_, { steps, rounds }) => cost(steps * rounds, rounds),
  async run(problem, { steps, rounds, confidence, epsilon = 0 }) {
    for (let round = 0; round < rounds && problem.anyActive; round++) {
      await follow(problem, epsilon, steps, round % 2 === 1 && !problem.goal, confidence);
      finishBroken(problem);
    }
  },
});

async function follow(problem: Problem, epsilon: number, steps: number, others: boolean, confidence: number): Promise<void> {
  const norm = featureNorm(problem) as 'l2' | 'linf';
  const { count, classes } = problem;
  const delta = new Float32Array(problem.clean.length);
  const [rows, clean] = [rowsOf(delta, count), rowsOf(problem.clean, count)];
  rows.forEach((row, image) => {
    if (!problem.active[image]) return;
    randomInBall(norm, row, epsilon, problem.random(image));
    projectBox(norm, row, clean[image]!, epsilon);
  });
  const half = Math.floor(steps / 2);
  const towards = new Int32Array(count);
  for (let i = 0; i < steps && problem.anyActive; i++) {
    const answer: GradientQuery =
      i >= half
        ? await problem.gradient(delta, 'probability-margin')
        : await problem.gradient(delta, 'cross-entropy', undefined, others && i > 0 ? towards : undefined);
    const gradients = rowsOf(answer.gradient, count);
    const since = i < half ? i : i - half;
    const step = epsilon * (1 + Math.cos((Math.PI * since) / Math.max(1, i < half ? half : steps - half)));
    for (let image = 0; image < count; image++) {
      if (!problem.active[image] || finishIfDeep(problem, image, answer, confidence)) continue;
      towards[image] = othersByLogit(answer.logits.subarray(image * classes, (image + 1) * classes), problem.label[image]!)[0]!;
      steepestStep(norm, rows[image]!, gradients[image]!, clean[image]!, i === 0 && i < half ? -step : step, 1);
      projectBox(norm, rows[image]!, clean[image]!, epsilon);
    }
  }
  if (!problem.anyActive) return;
  const answer = await problem.query(delta);
  for (let image = 0; image < count; image++) if (problem.active[image]) finishIfDeep(problem, image, answer, confidence);
}
