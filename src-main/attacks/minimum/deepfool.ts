import { z } from 'zod';
import { clipBox } from '../../norms/project.ts';
import { boundaryDistance, exponentOf, holderStep } from '../../norms/holder.ts';
import { defineAttack, rowsOf } from '../attack.ts';
import { bisectBoundary } from '../search/bisect-boundary.ts';
import type { Problem } from '../problem/problem.ts';
import { linearize, linearizationCost } from '../search/linearize.ts';
import { cost, sum, times } from '../cost.ts';

export interface DeepFool {
  steps: number;
  rivals: number;
  overshoot: number;
  /** Where the next step starts. sum: x + (1+o) Σ r, clipped only for the query. step: clip(x_i + (1+o) r). */
  variant: 'sum' | 'step';
  /** Added to the length of every step, so that an iterate on the boundary itself moves on. */
  nudge: number;
}

/**
 * DeepFool (Moosavi-Dezfooli et al. 2016, algorithm 2 and eq. 10 to 11; Balda et al., problem (8) repeated with the l of
 * their section 6.1): step after step across the nearest linearised boundary,
 *   l = argmin_k |L_k| / ‖∇L_k‖_q,   r = -(|L_l| / ‖∇L_l‖_q + nudge) u,   u Hölder's direction for p,
 * until the class changes.
 * @param from where to begin, count x features; variant step alone @param among images that take part; absent: all
 * @returns δ, count x features, (1+o) Σ r or its clipped form, every row evaluated; and which of them succeeded
 */
export async function deepFoolPath(
  problem: Problem,
  { steps, rivals, overshoot, variant, nudge }: DeepFool,
  from?: Float32Array,
  among?: Uint8Array,
): Promise<{ delta: Float32Array; fooled: Uint8Array; steps: Uint32Array }> {
  const { count, features } = problem;
  const p = exponentOf(problem.norm);
  const delta = from?.slice() ?? new Float32Array(problem.clean.length);
  const [points, clean] = [rowsOf(delta, count), rowsOf(problem.clean, count)];
  const total = rowsOf(delta.slice(), count);
  const best = rowsOf(delta.slice(), count);
  const nearest = new Float64Array(count);
  const only = among?.slice() ?? new Uint8Array(count).fill(1);
  const fooled = new Uint8Array(count);
  const taken = new Uint32Array(count);
  const seen = ({ success }: { success: Uint8Array }): void => {
    for (let image = 0; image < count; image++)
      if (only[image] && problem.active[image] && success[image]) [fooled[image], only[image]] = [1, 0];
  };
  for (let i = 0; i < steps; i++) {
    if (!only.some((yes, image) => yes && problem.active[image])) break;
    nearest.fill(Infinity);
    await linearize(problem, delta, { rivals, only, onMargin: seen }, (image, value, gradient) => {
      const distance = boundaryDistance(p, value, gradient);
      if (!(distance < nearest[image]!)) return;
      nearest[image] = distance;
      holderStep(p, gradient, distance + nudge, best[image]!);
    });
    for (let image = 0; image < count; image++) {
      if (!problem.active[image] || !only[image]) continue;
      taken[image]!++;
      // A gradient of nothing but zeros leads nowhere, today and tomorrow.
      if (nearest[image] === Infinity) {
        only[image] = 0;
        continue;
      }
      const [row, sum, r] = [points[image]!, total[image]!, best[image]!];
      for (let j = 0; j < features; j++) {
        sum[j]! += r[j]!;
        row[j] = variant === 'sum' ? (1 + overshoot) * sum[j]! : row[j]! + (1 + overshoot) * r[j]!;
      }
      if (variant === 'step') clipBox(row, clean[image]!);
    }
  }
  seen(await problem.query(delta, only));
  return { delta, fooled, steps: taken };
}

export const deepFool = defineAttack({
  id: 'deepfool',
  title: 'DeepFool',
  norms: ['l2', 'linf'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Steps across the nearest linearised class boundary until the class changes. Quick, and seldom the smallest change.',
  source:
    'Moosavi-Dezfooli, Fawzi, Frossard 2016, algorithm 2, eq. 10 and 11; the candidate classes are those likeliest now, and a final bisection',
  options: z.strictObject({
    steps: z.number().int().min(1).max(10_000).default(100).describe('Most linearisations; the authors and Foolbox have 50.'),
    rivals: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(9)
      .describe('Other classes looked at in every step, the likeliest first, two passes each.'),
    overshoot: z
      .number()
      .min(0)
      .max(1)
      .default(0.02)
      .describe('How far beyond the linearised boundary a step goes, as a share of the way.'),
    variant: z
      .enum(['sum', 'step'])
      .default('sum')
      .describe(
        'sum: steps add up and are clipped when the picture is made (the authors, Foolbox). step: each step is stretched and clipped by itself (adversarial-library).',
      ),
    nudge: z
      .number()
      .min(0)
      .max(1)
      .default(1e-4)
      .describe('Added to the length of every step, as the authors’ program does, so that a point on the boundary moves on.'),
    finish: z.number().int().min(0).max(100).default(8).describe('Passes of a final bisection back towards the image; 0: as published.'),
  }),
  cost: (scene, { steps, rivals, finish }) => sum(times(steps, linearizationCost(scene, rivals)), cost(0, 1 + finish)),
  async run(problem, { finish, ...how }) {
    await deepFoolPath(problem, how);
    await bisectBoundary(problem, finish, 0.9);
  },
});
