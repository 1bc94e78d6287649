import { z } from 'zod';
import type { FeatureNorm } from '../../../shared/norms.ts';
import { dualNorm } from '../../norms/dual.ts';
import { exponentOf, holderStep } from '../../norms/holder.ts';
import { clipBox } from '../../norms/project.ts';
import { addScaled } from '../../simd/index.ts';
import { cleanOf, defineAttack, featureNorm, rowsOf } from '../attack.ts';
import type { Pair, Problem } from '../problem/problem.ts';
import { bisectBoundary } from '../search/bisect-boundary.ts';
import { othersByLogit } from '../search/nearest.ts';
import { startRivals } from '../search/rivals.ts';
import { cost, rivalsAt } from '../cost.ts';

type Distance = Extract<FeatureNorm, 'l2' | 'linf'>;

/** Between which radii the region may be, unless options say otherwise. */
const LEAST: Record<Distance, number> = { l2: 5e-4, linf: 1e-4 };
const MOST: Record<Distance, number> = { l2: 0.2, linf: 0.01 };
/** Above this share of what was promised the region grows, below that one it shrinks, by this factor. */
const TRUST = { above: 0.9, below: 0.5, factor: 1.2 };
/** Added to every step and what it is stretched by, so that the boundary is crossed. */
const BEYOND = { by: 1e-4, times: 1.02 };

/**
 * Trust region attack (Yao et al. 2019, algorithm 1): steps towards one class, the nearest by first order at the image, each as long as
 * the way to the linearised boundary but no longer than a radius ε within which the linearisation is trusted,
 *   δ ← δ - (min(|L| / ‖∇L‖_q, ε) + 1e-4) · 1.02 · u,   u Hölder's direction for p,
 * until the class changes. Under l∞ ε grows after a step in which the own class's logit fell by more than 0.9 per unit of the step's
 * length, and shrinks where it was less than 0.5, as in the authors' and adversarial-library's code.
 *
 * Difference from these: under l2 they ask for as much, which on digits is seldom met, so that ε sinks and the class is never left. There the
 * fall of L is held against what the linearisation promised, ‖∇L‖₂ times the length of the step.
 */
export const trustRegion = defineAttack({
  id: 'trust-region',
  title: 'Trust region',
  norms: ['l2', 'linf'],
  kind: 'minimum-norm',
  targeted: false,
  access: 'gradient',
  summary:
    'Steps across the linearised boundary, no longer than the linearisation has proved right. Quick, and seldom the smallest change.',
  source:
    'Yao, Gholami, Xu, Keutzer, Mahoney 2019, arXiv 1812.06371, algorithm 1, with another test of the radius under l2 and a final bisection',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(100).describe('Most steps.'),
    rivals: startRivals,
    radius: z.number().positive().max(1000).default(1e-3).describe('First radius ε.'),
    least: z.number().positive().max(1000).nullable().default(null).describe('Smallest radius; null: 5e-4 in l2, 1e-4 in l∞.'),
    most: z.number().positive().max(1000).nullable().default(null).describe('Largest radius; null: 0.2 in l2, 0.01 in l∞.'),
    settle: z.number().int().min(0).max(30).default(8).describe('Forward passes of the final bisection.'),
  }),
  cost: (scene, { steps, rivals, settle }) => cost(steps + rivalsAt(scene, rivals), 2 + settle),
  async run(problem, { steps, rivals, radius, settle, ...bounds }) {
    const norm = featureNorm(problem) as Distance;
    const [least, most] = [bounds.least ?? LEAST[norm], bounds.most ?? MOST[norm]];
    const { count } = problem;
    const delta = new Float32Array(problem.clean.length);
    const rows = rowsOf(delta, count);
    const step = new Float32Array(problem.features);
    const towards = await nearestClass(problem, norm, rivals);
    const only = new Uint8Array(count).fill(1);
    const epsilon = new Float64Array(count).fill(radius);
    const before = new Float64Array(count);
    const promised = new Float64Array(count);
    for (let i = 0; i < steps && only.some((yes, image) => yes && problem.active[image]); i++) {
      const { gradient, loss, logits, success } = await problem.gradient(delta, 'margin', only, towards);
      const g = rowsOf(gradient, count);
      const measure = (image: number): number => (norm === 'l2' ? loss[image]! : logits[image * problem.classes + problem.label[image]!]!);
      for (let image = 0; image < count; image++) {
        if (!problem.active[image] || !only[image]) continue;
        const slope = dualNorm(norm, g[image]!);
        if (success[image] || !(slope > 0)) {
          only[image] = 0;
          continue;
        }
        if (i > 0) {
          const kept = (before[image]! - measure(image)) / promised[image]!;
          const change = kept > TRUST.above ? TRUST.factor : kept < TRUST.below ? 1 / TRUST.factor : 1;
          epsilon[image] = Math.min(most, Math.max(least, change * epsilon[image]!));
        }
        const size = BEYOND.times * (Math.min(Math.abs(loss[image]!) / slope, epsilon[image]!) + BEYOND.by);
        [before[image], promised[image]] = [measure(image), norm === 'l2' ? slope * size : size];
        holderStep(exponentOf(norm), g[image]!, size, step);
        addScaled(rows[image]!, 1, step);
        clipBox(rows[image]!, cleanOf(problem, image));
      }
    }
    await problem.query(delta, only);
    await bisectBoundary(problem, settle, 0.9);
  },
});

/** Of each image's likely classes the one whose linearised boundary is nearest; undefined: with no rivals whichever leads. */
async function nearestClass(problem: Problem, norm: Distance, rivals: number): Promise<Int32Array | undefined> {
  if (rivals === 0) return undefined;
  const zero = new Float32Array(problem.clean.length);
  const { logits } = await problem.query(zero);
  const nearest = new Int32Array(problem.count);
  const distance = new Float64Array(problem.count).fill(Infinity);
  const pairs: Pair[] = rowsOf(logits, problem.count).flatMap((f, image) =>
    [...othersByLogit(f, problem.label[image]!).subarray(0, rivals)].map((k) => ({ image, class: k })),
  );
  for (const { image, class: k } of pairs.toReversed()) nearest[image] = k;
  await problem.differences(zero, pairs, ({ image, class: k }, value, gradient) => {
    const way = Math.abs(value) / dualNorm(norm, gradient);
    if (way < distance[image]!) [distance[image], nearest[image]] = [way, k];
  });
  return nearest;
}
