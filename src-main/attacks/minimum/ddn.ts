import { z } from 'zod';
import { length } from '../../norms/distances.ts';
import { clipBox } from '../../norms/project.ts';
import { addScaled, scale } from '../../simd/index.ts';
import { defineAttack, rowsOf } from '../attack.ts';
import { checkLoss, lossOption } from '../losses.ts';
import { gaussian } from '../problem/random-stream.ts';
import { nearestBoundary } from '../search/nearest.ts';
import { startRivals } from '../search/rivals.ts';
import { boxRadius } from '../search/box-radius.ts';
import { bisectBoundary } from '../search/bisect-boundary.ts';
import { cost, rivalsAt } from '../cost.ts';
import { cosine } from '../search/cosine.ts';

/**
 * Decoupled direction and norm (Rony et al. 2019, algorithm 1): the direction follows the gradient, the length ε is
 * set apart from it, shorter after a success and longer after a failure.
 *   δ ← δ - α ε g/‖g‖₂ ;  ε ← (1 ∓ γ) ε ;  δ ← ε δ/‖δ‖₂ ;  clip to the box ;  round x + δ to `levels`
 * with α falling by a cosine. Differences from the paper: the start is the nearest boundary as linearised at the clean
 * image; the margin is followed instead of the cross-entropy, whose gradient mixes classes and cannot settle on the
 * nearest boundary; steps are measured by the length ε (the paper's are absolute, from 1 to 0.01, which is too short or
 * too long for most models); γ falls to `gammaEnd` in the second half, so the last lengths are fine; the best point is
 * drawn towards the clean image by bisection at the end (`settle`).
 * Rounding every iterate is off by default: the search for an 8-bit picture that follows every attack comes to the
 * same 8-bit distance, and the float one stays free of it.
 */
export const ddn = defineAttack({
  id: 'ddn',
  title: 'DDN',
  norms: ['l2'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Smallest l2 change: direction by the gradient, length by success and failure. Reliable and quick.',
  source: 'Rony et al. 2019, algorithm 1, with margin loss, decaying γ and a final bisection',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(200).describe('Gradient steps.'),
    rivals: startRivals,
    epsilon0: z.number().positive().max(1000).default(1).describe('First length tried, in l2, where the linearisation gives none.'),
    alpha: z.number().positive().max(1000).default(3).describe('First step as a multiple of the length.'),
    alphaEnd: z.number().positive().max(1).default(0.003).describe('Last step as a share of the first.'),
    gamma: z.number().gt(0).lt(1).default(0.1).describe('By how much the length changes after each step.'),
    gammaEnd: z.number().gt(0).lt(1).default(0.005).describe('The same at the end; from the middle on it falls by a cosine.'),
    levels: z
      .number()
      .int()
      .min(2)
      .max(65_536)
      .nullable()
      .default(null)
      .describe('Round every iterate to this many grey levels, 256 as in the paper; null: round only the result.'),
    settle: z.number().int().min(0).max(30).default(6).describe('Forward passes of the final bisection.'),
    loss: lossOption('margin'),
  }),
  cost: (scene, { steps, rivals, settle: halvings }) => cost(rivalsAt(scene, rivals) + steps, 1 + halvings),
  async run(problem, { steps, rivals, epsilon0, alpha, alphaEnd, gamma, gammaEnd, levels, settle: halvings, loss }) {
    checkLoss(loss, problem);
    const delta = await nearestBoundary(problem, rivals);
    const rows = rowsOf(delta, problem.count);
    const clean = rowsOf(problem.clean, problem.count);
    const worst = clean.map((x) => boxRadius('l2', x));
    const epsilon = worst.map((most, image) => Math.min(length('l2', rows[image]!) || epsilon0, most));
    for (let i = 0; i < steps && problem.anyActive; i++) {
      const { gradient, success } = await problem.gradient(delta, loss);
      const falling = cosine(i, steps, 1, alphaEnd);
      const gammaNow = cosine(Math.max(0, (2 * i) / steps - 1), 1, gamma, gammaEnd);
      const g = rowsOf(gradient, problem.count);
      for (let image = 0; image < problem.count; image++) {
        if (!problem.active[image]) continue;
        const row = rows[image]!;
        follow(row, g[image]!, alpha * falling * epsilon[image]!, problem.random(image));
        epsilon[image] = Math.min(epsilon[image]! * (success[image] ? 1 - gammaNow : 1 + gammaNow), worst[image]!);
        stretch(row, epsilon[image]!);
        clipBox(row, clean[image]!);
        if (levels !== null) round(row, clean[image]!, levels - 1);
      }
    }
    await problem.query(delta);
    await bisectBoundary(problem, halvings, 0.95);
  },
});

/** δ - α g/‖g‖₂; a random direction where the gradient vanishes, as in the authors' code. */
function follow(delta: Float32Array, gradient: Float32Array, alpha: number, random: () => number): void {
  let size = length('l2', gradient);
  if (size < 1e-12) {
    for (let j = 0; j < gradient.length; j++) gradient[j] = gaussian(random);
    size = length('l2', gradient);
  }
  addScaled(delta, -alpha / size, gradient);
}

function stretch(delta: Float32Array, epsilon: number): void {
  scale(delta, epsilon / Math.max(length('l2', delta), 1e-12));
}

/** Rounds clean + δ to k/top. */
function round(delta: Float32Array, clean: Float32Array, top: number): void {
  for (let j = 0; j < delta.length; j++) delta[j] = Math.round((clean[j]! + delta[j]!) * top) / top - clean[j]!;
}
