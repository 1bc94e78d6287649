import { z } from 'zod';
import { length } from '../../norms/distances.ts';
import { clipBox } from '../../norms/project.ts';
import { cleanOf, defineAttack, rowsOf } from '../attack.ts';
import { linearizationCost } from '../search/linearize.ts';
import { atDelta, runSearches } from '../search/run-searches.ts';
import type { Search } from '../search/run-searches.ts';
import { stepRivals } from '../search/rivals.ts';
import { cost, sum, times } from '../cost.ts';
import { deepFoolPath } from './deepfool.ts';

/** As in DeepFool: a point on the boundary itself moves on. */
const NUDGE = 1e-4;
/** A run of DeepFool that ends no nearer than this share of the best before is an image's last. */
const NEARER = 0.999;

/**
 * SuperDeepFool (Abdolahpourrostam et al. 2024). DeepFool ends where the boundary need not be square to the line from the image, as it is
 * at the nearest point. So its change is projected onto the boundary's normal there, and DeepFool begins anew from that:
 *   δ̃ = DeepFool(x + δ),  w = ∇L(x + δ̃) / ‖∇L(x + δ̃)‖₂,  δ ← δ + (δ̃·w) w   until x + δ itself has another class.
 * `variant` single has δ ← (δ̃·w) w instead: each projection stands by itself, just short of the boundary, until DeepFool comes no nearer.
 * DeepFool is the one that stretches and clips each of its steps, and δ stays inside the box, as in adversarial-library.
 */
export const superDeepFool = defineAttack({
  id: 'super-deepfool',
  title: 'SuperDeepFool',
  norms: ['l2'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Small l2 change by DeepFool, again and again from the projection onto the normal of the boundary it came to. Quick.',
  source: 'Abdolahpourrostam, Abroshan, Moosavi-Dezfooli 2024, arXiv 2303.12481, with a final bisection',
  options: z.strictObject({
    steps: z.number().int().min(1).max(10_000).default(100).describe('Most projections, each after a run of DeepFool.'),
    inner: z.number().int().min(1).max(10_000).default(100).describe('Most steps of each run of DeepFool.'),
    rivals: stepRivals,
    overshoot: z
      .number()
      .min(0)
      .max(1)
      .default(0.02)
      .describe('How far beyond the linearised boundary a step of DeepFool goes, as a share of the way.'),
    variant: z
      .enum(['sum', 'single'])
      .default('sum')
      .describe('sum: projections add up, as in the authors’ code. single: each replaces the one before.'),
    settle: z.number().int().min(0).max(30).default(10).describe('Forward passes of the final bisection.'),
  }),
  cost: (scene, { steps, inner, rivals, settle }) =>
    sum(times(steps, sum(times(inner, linearizationCost(scene, rivals)), cost(1, 2))), cost(0, settle)),
  async run(problem, { steps, inner, rivals, overshoot, variant, settle }) {
    const { count } = problem;
    const delta = new Float32Array(problem.clean.length);
    const rows = rowsOf(delta, count);
    const only = new Uint8Array(count).fill(1);
    const crossed = new Uint8Array(count);
    for (let i = 0; i < steps && only.some((yes, image) => yes && problem.active[image]); i++) {
      const before = rows.map((_, image) => problem.bestDistance(image));
      const path = await deepFoolPath(problem, { steps: inner, rivals, overshoot, variant: 'step', nudge: NUDGE }, delta, only);
      const { gradient } = await problem.gradient(path.delta, 'margin', only);
      const [reached, normals] = [rowsOf(path.delta, count), rowsOf(gradient, count)];
      for (let image = 0; image < count; image++) {
        if (!problem.active[image] || !only[image]) continue;
        // Without a normal there is nothing to project onto; what DeepFool found, if anything, is all.
        const found = problem.bestDistance(image);
        const stands = variant === 'single' && found < Infinity && found > NEARER * before[image]!;
        if (variant === 'single') rows[image]!.fill(0);
        if (stands || !addProjection(rows[image]!, reached[image]!, normals[image]!)) only[image] = 0;
        else clipBox(rows[image]!, cleanOf(problem, image));
      }
      const { success } = await problem.query(delta, only);
      for (let image = 0; image < count; image++)
        if (only[image] && problem.active[image] && success[image]) [only[image], crossed[image]] = [0, 1];
    }
    // What is nearest so far may be a point of DeepFool, from which no straight way leads nearer; along the normal one does.
    await runSearches(problem, atDelta(problem), (image) => {
      const success = crossed[image] ? rows[image]! : problem.best(image);
      return success && bisect(success, settle);
    });
  },
});

/** Adds what of a change lies along the normal. @returns false where the normal has no direction */
function addProjection(out: Float32Array, change: Float32Array, normal: Float32Array): boolean {
  const square = length('l2', normal) ** 2;
  if (!(square > 0)) return false;
  let along = 0;
  for (let j = 0; j < normal.length; j++) along += normal[j]! * change[j]!;
  for (let j = 0; j < normal.length; j++) out[j]! += (along / square) * normal[j]!;
  return true;
}

/** Halves the way from the image to a success, again and again. */
function* bisect(success: Float32Array, passes: number): Search {
  let [low, high] = [0, 1];
  for (let i = 0; i < passes; i++) {
    const share = (low + high) / 2;
    if ((yield { point: success.map((x) => share * x), gradient: false }).success) high = share;
    else low = share;
  }
}
