import { z } from 'zod';
import type { FeatureNorm } from '../../../shared/norms.ts';
import { linearMinimiser, smallestDrop } from '../../norms/linear.ts';
import { place } from '../../simd/index.ts';
import { defineAttack, featureNorm, rowsOf } from '../attack.ts';
import { localSearch } from '../search/local-search.ts';
import { boxRadius } from '../search/box-radius.ts';
import { bisectBoundary } from '../search/bisect-boundary.ts';
import type { Problem } from '../problem/problem.ts';
import { linearize, linearizationCost } from '../search/linearize.ts';
import { stepRivals } from '../search/rivals.ts';
import { tighten, TIGHTEN_COST } from '../search/tighten.ts';
import { cost, sum, times } from '../cost.ts';

/**
 * Problem (8) of Balda et al., min ‖η‖_p with L + ∇L·η ≤ 0, solved exactly inside the box for every norm and repeated:
 * first from where the last step ended until the class changes (DeepFool inside the box), of all rival classes towards
 * the one with the smallest step (the l̂ of their section 6.1); then with the linearisation at the boundary point so
 * found and the whole change from the clean image anew, see `tighten`. A linear model is solved by the first step.
 */
export const linearMinimum = defineAttack({
  id: 'linear-minimum',
  title: 'Minimum norm, linearised',
  norms: ['l0', 'l1', 'l2', 'linf'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'The smallest change that crosses the nearest linearised class boundary, exact inside the box, again and again.',
  source:
    'Balda, Behboodi, Mathar 2018 (arXiv 1812.07385), problem (8) and Proposition 1, iterated; box-exact, then tightened along the boundary',
  options: z.strictObject({
    steps: z.number().int().min(1).max(10_000).default(50).describe('Most linearisations until the class changes.'),
    rivals: stepRivals,
    overshoot: z
      .number()
      .min(0)
      .max(1)
      .default(0.02)
      .describe('How far beyond the linearised boundary a step goes, as a share of the way.'),
    rounds: z
      .number()
      .int()
      .min(0)
      .max(10_000)
      .default(20)
      .describe(
        'Linearisations at the boundary, of up to five passes each, that make the change smaller (l0: that many passes of exchanging features).',
      ),
    finish: z
      .number()
      .int()
      .min(0)
      .max(100)
      .default(8)
      .describe('Passes of the bisections back towards the image, before and after those (not l0).'),
  }),
  cost: (scene, { steps, rivals, rounds, finish }) =>
    sum(
      times(steps, linearizationCost(scene, rivals)),
      cost(0, 1),
      scene.norm === 'l0' ? cost(0, rounds) : sum(times(rounds, TIGHTEN_COST), cost(0, 2 * finish)),
    ),
  async run(problem, { steps, rivals, overshoot, rounds, finish }) {
    await cross(problem, steps, rivals, overshoot);
    if (problem.norm === 'l0') return localSearch(problem, rounds);
    await bisectBoundary(problem, finish, 0.9);
    await tighten(problem, rounds, overshoot);
    await bisectBoundary(problem, finish, 0.97);
  },
});

/** Smallest steps across the nearest boundary until the class changes. */
async function cross(problem: Problem, steps: number, rivals: number, overshoot: number): Promise<void> {
  const { count, features } = problem;
  const norm = featureNorm(problem);
  const delta = new Float32Array(problem.clean.length);
  const [points, clean] = [rowsOf(delta, count), rowsOf(problem.clean, count)];
  const best = rowsOf(delta.slice(), count);
  const size = new Float64Array(count);
  const only = new Uint8Array(count).fill(1);
  const trial = new Float32Array(features);
  const here = new Float32Array(features);
  const seen = ({ success }: { success: Uint8Array }): void => {
    for (let image = 0; image < count; image++) if (success[image]) only[image] = 0;
  };
  for (let i = 0; i < steps && only.some((yes, image) => yes && problem.active[image]); i++) {
    size.fill(Infinity);
    await linearize(problem, delta, { rivals, only, onMargin: seen }, (image, value, gradient) => {
      place(clean[image]!, points[image]!, here);
      const length = smallestStep(norm, gradient, here, (1 + overshoot) * value, trial);
      if (length >= size[image]!) return;
      size[image] = length;
      best[image]!.set(trial);
    });
    for (let image = 0; image < count; image++) {
      if (!problem.active[image] || !only[image]) continue;
      if (size[image] === Infinity) only[image] = 0;
      else for (let j = 0; j < features; j++) points[image]![j]! += best[image]![j]!;
    }
  }
  await problem.query(delta, only);
}

/** `smallestDrop`, or as far as the box goes when it cannot drop enough; Infinity when nothing moves. */
function smallestStep(norm: FeatureNorm, gradient: Float32Array, from: Float32Array, drop: number, out: Float32Array): number {
  const size = smallestDrop(norm, gradient, from, drop, out);
  if (size < Infinity) return size;
  const most = boxRadius(norm, from);
  linearMinimiser(norm, gradient, from, most, out);
  // Behind everything that does cross.
  return out.some((step) => step !== 0) ? most * 1e6 : Infinity;
}
