import { z } from 'zod';
import type { FeatureNorm } from '../../../shared/norms.ts';
import { length } from '../../norms/distances.ts';
import { smallestDrop } from '../../norms/linear.ts';
import { projectBox } from '../../norms/projectBox.ts';
import { addScaled, scale } from '../../simd/index.ts';
import { defineAttack, featureNorm, rowsOf } from '../attack.ts';
import { checkLoss, lossOption } from '../losses.ts';
import { Plateau } from '../search/plateau.ts';
import { nearestBoundary } from '../search/nearest.ts';
import { startRivals } from '../search/rivals.ts';
import { boxRadius } from '../search/box-radius.ts';
import { finishOff, finishOption, finishPasses } from '../search/finish.ts';
import type { Problem } from '../problem/problem.ts';
import { cost, rivalsAt } from '../cost.ts';
import { cosine } from '../search/cosine.ts';

/** First step where none is asked for, in units of `spread`. */
const ALPHA: Record<FeatureNorm, number> = { l0: 10, l1: 1, l2: 1, linf: 8 };

/**
 * Fast minimum norm (Pintor et al. 2021, algorithm 1): gradient steps of the margin L, each projected to a ball whose
 * radius ε closes in on the distance to the boundary,
 *   adversarial          ε ← min((1-γ) ε, best)            l0: min(ε-1, ⌊(1-γ) ε⌋, best)
 *   seen adversarial     ε ← (1+γ) ε                       l0: max(ε+1, ⌊(1+γ) ε⌋)
 *   never yet            ε ← max(‖δ‖_p + (1+o) |L| / ‖g‖_q, (1+γ) ε)
 *                        and δ is stretched to that radius
 *   δ ← Π_ε( δ - α g/‖g‖₂ );  α and γ fall by a cosine.
 * Differences from the paper: the start is the nearest boundary as linearised at the clean image; the overshoot o
 * (without it the first rule aims exactly at the boundary and images can stay on it for ever), the growth beside it and
 * the stretching, which jump off plateaus of the margin; Π_ε projects onto ball and box at once, for a clip after the
 * ball gives away radius where the box binds; |L| / ‖g‖_q is the exact way to the linearised boundary inside the box;
 * steps are measured by the ball, α ← α · spread(ε), so that one default suits 28x28 digits at l∞ 0.3 and photographs at
 * 0.002 alike; and a cheap finish: bisection of the best point's length, for l0 exchange of features.
 *
 * Options of HO-FMN (Floris et al. 2023): another loss, whose gradient does not tell how far the boundary is, so that the radius grows by γ
 * alone until something succeeds; the gradient's signs; and an α that falls image by image where nothing gets better (`Plateau`).
 */
export const fmn = defineAttack({
  id: 'fmn',
  title: 'FMN',
  norms: ['l0', 'l1', 'l2', 'linf'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Smallest change in any of the four norms by projected gradient steps on a ball that closes in on the boundary.',
  source: 'Pintor et al. 2021, algorithm 1, with overshoot and a final bisection or exchange',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(200).describe('Gradient steps.'),
    rivals: startRivals,
    alpha: z
      .number()
      .positive()
      .max(1000)
      .nullable()
      .default(null)
      .describe('First step in units of the ball: the l2 length of a typical point on it. null: 10 for l0, 1 for l1 and l2, 8 for linf.'),
    alphaEnd: z.number().positive().max(1).default(0.003).describe('Last step size as a share of the first.'),
    gamma: z.number().gt(0).lt(1).default(0.1).describe('By how much the radius changes at first.'),
    gammaEnd: z.number().gt(0).lt(1).default(0.001).describe('By how much it changes in the end.'),
    overshoot: z.number().min(0).max(1).default(0.05).describe('How far beyond the estimated boundary the first radii aim.'),
    loss: lossOption('margin'),
    direction: z
      .enum(['gradient', 'signs'])
      .default('gradient')
      .describe('What is followed, of the same l2 length: the gradient, or the sign of each of its entries.'),
    schedule: z
      .enum(['cosine', 'plateau'])
      .default('cosine')
      .describe(
        'How steps fall: along a cosine, or image by image, whenever its best distance (before the first success its margin) gets no smaller.',
      ),
    factor: z.number().gt(0).lt(1).default(0.5).describe('plateau: what remains of the step then.'),
    patience: z.number().int().min(1).max(10_000).default(5).describe('plateau: how many steps may bring nothing.'),
    finish: finishOption,
  }),
  cost: (scene, { steps, rivals, finish }) => cost(rivalsAt(scene, rivals) + steps, 1 + finishPasses(scene.norm, finish)),
  async run(problem, options) {
    const { steps, alphaEnd, gamma, gammaEnd, overshoot, loss, finish } = options;
    checkLoss(loss, problem);
    const { count } = problem;
    const norm = featureNorm(problem);
    const alpha0 = options.alpha ?? ALPHA[norm];
    const delta = await nearestBoundary(problem, options.rivals);
    const rows = rowsOf(delta, count);
    const clean = rowsOf(problem.clean, count);
    const worst = clean.map((x) => boxRadius(norm, x));
    const epsilon = Float64Array.from(rows, (row) => Math.max(length(norm, row), norm === 'l0' ? 1 : 0));
    const plateaus = options.schedule === 'plateau' ? rows.map(() => new Plateau(options.factor, options.patience)) : null;
    for (let i = 0; i < steps && problem.anyActive; i++) {
      const { gradient, margin, success } = await problem.gradient(delta, loss);
      const falling = cosine(i, steps);
      const share = alphaEnd + (1 - alphaEnd) * falling;
      const gammaNow = gammaEnd + (gamma - gammaEnd) * falling;
      const g = rowsOf(gradient, count);
      for (let image = 0; image < count; image++) {
        if (!problem.active[image]) continue;
        const row = rows[image]!;
        const seen = problem.bestDistance(image) < Infinity;
        const radius =
          norm === 'l0'
            ? nextCount(problem, image, epsilon[image]!, gammaNow, success[image] === 1)
            : seen
              ? nextRadius(problem, image, epsilon[image]!, gammaNow, success[image] === 1)
              : loss !== 'margin'
                ? (1 + gammaNow) * epsilon[image]! || worst[image]!
                : firstRadius(norm, row, g[image]!, clean[image]!, (1 + overshoot) * margin[image]!, (1 + gammaNow) * epsilon[image]!);
        epsilon[image] = Math.min(radius, worst[image]!);
        const alpha = alpha0 * (plateaus ? Math.max(alphaEnd, plateaus[image]!.share(problem.bestDistance(image), margin[image]!)) : share);
        if (options.direction === 'signs') for (let j = 0; j < row.length; j++) g[image]![j] = Math.sign(g[image]![j]!);
        stepDown(row, g[image]!, alpha * spread(norm, epsilon[image]!, problem.features));
        if (!seen && norm !== 'l0') stretch(row, epsilon[image]! / length(norm, row));
        projectBox(norm, row, clean[image]!, epsilon[image]!);
      }
    }
    await problem.query(delta);
    await finishOff(problem, finish);
  },
});

/** Where the linearised margin would be crossed from here, inside the box. */
function firstRadius(
  norm: FeatureNorm,
  delta: Float32Array,
  gradient: Float32Array,
  clean: Float32Array,
  drop: number,
  atLeast: number,
): number {
  const here = clean.map((x, j) => x + delta[j]!);
  const way = smallestDrop(norm, gradient, here, drop, new Float32Array(clean.length));
  return Math.max(length(norm, delta) + way, atLeast);
}

function nextRadius(problem: Problem, image: number, epsilon: number, gamma: number, success: boolean): number {
  return success ? Math.min((1 - gamma) * epsilon, problem.bestDistance(image)) : (1 + gamma) * epsilon;
}

function nextCount(problem: Problem, image: number, epsilon: number, gamma: number, success: boolean): number {
  if (!success) return Math.max(epsilon + 1, Math.floor((1 + gamma) * epsilon));
  return Math.max(0, Math.min(epsilon - 1, Math.floor((1 - gamma) * epsilon), problem.bestDistance(image)));
}

/** l2 length of a typical point on the sphere ‖δ‖_p = ε inside the box. */
function spread(norm: FeatureNorm, epsilon: number, features: number): number {
  if (norm === 'l2') return epsilon;
  if (norm === 'linf') return epsilon * Math.sqrt(features);
  return norm === 'l0' ? Math.sqrt(epsilon) : Math.min(epsilon, Math.sqrt(epsilon));
}

function stretch(delta: Float32Array, by: number): void {
  if (by > 1 && by < Infinity) scale(delta, by);
}

function stepDown(delta: Float32Array, gradient: Float32Array, alpha: number): void {
  addScaled(delta, -alpha / Math.max(length('l2', gradient), 1e-12), gradient);
}
