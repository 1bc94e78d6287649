import { z } from 'zod';
import { length } from '../../norms/distances.ts';
import { clipBox } from '../../norms/project.ts';
import { addScaled, addSigns, scale } from '../../simd/index.ts';
import { cleanOf, defineAttack } from '../attack.ts';
import { gaussian } from '../problem/random-stream.ts';
import type { Problem } from '../problem/problem.ts';
import { bisectBoundary } from '../search/bisect-boundary.ts';
import { atDelta, runSearches } from '../search/run-searches.ts';
import type { Search } from '../search/run-searches.ts';
import { cost } from '../cost.ts';

type Distance = 'l1' | 'l2';

/** Length of the first step where none is asked for. */
const FIRST: Record<Distance, number> = { l1: 0.5, l2: 0.1 };

/** The constraint aims this far beyond the boundary, so that it is crossed. */
const TOLERANCE = 1e-4;
/** Steps between looks at the constraint, and how far it must have fallen by then. */
const CHECK = { steps: 10, fall: 0.95 };
const MULTIPLIER = { least: 1e-6, most: 1e12 };

/**
 * Augmented Lagrangian method for adversarial attacks (Rony et al. 2021, algorithm 1): gradient descent of
 *   ‖δ‖_p + P(g, ρ, μ),   P₂: ∂P/∂g = μ + 2μρg + ρ²g²/2 for g ≥ 0, μ / (1 - ρg)² below,
 * g ≥ 0 the constraint. μ follows ∂P/∂g by an exponential average, and ρ grows while nothing was found and g does not fall.
 */
export const alma = defineAttack({
  id: 'alma',
  title: 'ALMA',
  norms: ['l1', 'l2'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Smallest l1 or l2 change by an augmented Lagrangian, whose multiplier each image learns by itself.',
  source: 'Rony et al. 2021, algorithm 1, penalty P2, with a bounded search for the first rate and a final bisection',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(1000).describe('Gradient steps.'),
    average: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe('Weight of the past in the averages of multiplier, gradient and its square. The authors have 0.9 for 1000 steps.'),
    first: z
      .number()
      .positive()
      .max(1000)
      .nullable()
      .default(null)
      .describe('Length of the first step, which sets the rate; null: 0.5 in l1, 0.1 in l2.'),
    rateEnd: z.number().positive().max(1).default(0.01).describe('Last step as a share of the first; it falls from the first success on.'),
    multiplier: z.number().positive().max(1e6).default(1).describe('First multiplier μ of the constraint.'),
    penalty: z.number().positive().max(1e6).default(1).describe('First penalty parameter ρ.'),
    growth: z.number().min(1).max(100).default(1.2).describe('By how much ρ grows after ten steps without a success and without progress.'),
    settle: z.number().int().min(0).max(30).default(8).describe('Forward passes of the final bisection.'),
  }),
  cost: (_, { steps, settle }) => cost(steps, 1 + settle),
  async run(problem, options) {
    await runSearches(problem, atDelta(problem), (image) => descend(problem, image, options));
    await bisectBoundary(problem, options.settle, 0.97);
  },
});

interface Setting {
  steps: number;
  average: number;
  first: number | null;
  rateEnd: number;
  multiplier: number;
  penalty: number;
  growth: number;
}

function* descend(problem: Problem, image: number, setting: Setting): Search {
  const { steps, growth, average } = setting;
  const norm = problem.norm as Distance;
  const clean = cleanOf(problem, image);
  const delta = new Float32Array(clean.length);
  const square = new Float32Array(clean.length).fill(1);
  const velocity = new Float32Array(clean.length);
  let [mu, rho] = [setting.multiplier, setting.penalty];
  let [before, rate] = [0, 0];
  let found = Infinity;
  let unit = 1;
  for (let i = 0; i < steps; i++) {
    const { margin, success, gradient, logits } = yield { point: delta, gradient: true };
    if (i === 0 || logits.length > 2) unit = normaliser(logits);
    const g = margin / unit + TOLERANCE;
    if (success && found === Infinity) found = i;
    if (i === 0) before = g;
    else {
      if ((i + 1) % CHECK.steps === 0) {
        if (found === Infinity && g >= CHECK.fall * before) rho *= growth;
        before = g;
      }
      mu = Math.min(MULTIPLIER.most, Math.max(MULTIPLIER.least, average * mu + (1 - average) * slope(g, rho, mu)));
    }
    scale(gradient, slope(g, rho, mu) / unit);
    if (i === 0) rate = firstRate(norm, gradient, clean, setting.first ?? FIRST[norm], problem.random(image));
    else if (norm === 'l1') addSigns(gradient, 1, delta);
    else addScaled(gradient, 1 / Math.max(length('l2', delta), 1e-12), delta);
    const step = rate * setting.rateEnd ** (Math.max(0, i - found) / Math.max(1, steps - found));
    for (let j = 0; j < delta.length; j++) {
      const s = gradient[j]!;
      square[j] = average * square[j]! + (1 - average) * s * s;
      velocity[j] = average * velocity[j]! + s / (Math.sqrt(square[j]!) + 1e-8);
    }
    addScaled(delta, -step, velocity);
    clipBox(delta, clean);
  }
  yield { point: delta, gradient: false };
}

/**
 * z_(1) - z_(3), the DLR loss' (Croce and Hein 2020, eq. 5). Of two classes z_(1) - z_(2), which is the margin itself: it is taken once, at
 * the image, or the constraint would be 1 everywhere.
 */
function normaliser(logits: Float32Array): number {
  const sorted = logits.slice().sort();
  return sorted[sorted.length - 1]! - sorted[Math.max(0, sorted.length - 3)]! + 1e-8;
}

/** ∂P₂/∂g (Rony et al. 2021, eq. 10, after Birgin et al. 2005). */
function slope(g: number, rho: number, mu: number): number {
  return g >= 0 ? mu + 2 * mu * rho * g + (rho * rho * g * g) / 2 : mu / (1 - rho * g) ** 2;
}

/**
 * The rate whose first step against the gradient has the length asked for, inside the box. Where the gradient vanishes it becomes a
 * random direction; where the box leaves no room for that length, the rate is as large as makes sense.
 */
function firstRate(norm: Distance, gradient: Float32Array, clean: Float32Array, first: number, random: () => number): number {
  if (length('l2', gradient) <= 1e-6) {
    for (let j = 0; j < gradient.length; j++) gradient[j] = gaussian(random);
    scale(gradient, 1 / length('l2', gradient));
  }
  const lengthAt = (rate: number): number => {
    const step = gradient.map((g) => -rate * g);
    clipBox(step, clean);
    return length(norm, step);
  };
  let [low, high] = [0, 1];
  for (let i = 0; i < 40 && lengthAt(high) <= first; i++) [low, high] = [high, 2 * high];
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (lengthAt(middle) > first) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
