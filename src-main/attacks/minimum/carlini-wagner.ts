import { z } from 'zod';
import { length } from '../../norms/distances.ts';
import { cleanOf, defineAttack } from '../attack.ts';
import type { Problem } from '../problem/problem.ts';
import { Adam } from '../search/adam.ts';
import { bisectBoundary } from '../search/bisect-boundary.ts';
import { atDelta, runSearches } from '../search/run-searches.ts';
import type { Ask, Reply, Search } from '../search/run-searches.ts';
import { Plateau, TradeOff, tradeOffOptions } from '../search/trade-off.ts';
import { cost } from '../cost.ts';

/** Of l∞: c doubles from the first to the last, τ shrinks from 1 to its end. */
const LINF = { initial: 1e-5, largest: 20, growth: 2 };

/**
 * Carlini and Wagner 2017, sections VI-A and VI-C: Adam in the variable w, x + δ = (1 + tanh w) / 2, so that the box needs no clipping, on
 *   l2   ‖δ‖₂² + c max(L + κ, 0),               c found by bisection, every descent from the image itself;
 *   l∞   Σ max(|δ_j| - τ, 0) + c max(L + κ, 0), each descent from where the last one ended: τ ← decrease · min(τ, best) after a nearer
 *        success, else c ← 2 c, until τ or c is at its end.
 * Differences from the published code: an image's descent ends by its own objective, not by that of its batch; an image without a
 * success has none, where the l∞ code gives back its start; the best of all steps is kept; and it is drawn towards the clean image by
 * bisection at the end.
 */
export const carliniWagner = defineAttack({
  id: 'carlini-wagner',
  title: 'Carlini-Wagner',
  norms: ['l2', 'linf'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Small l2 or l∞ change by Adam on distance and hinge loss, weighed by search. A classic, and slow: thousands of steps.',
  source: 'Carlini and Wagner 2017, sections VI-A and VI-C, with early ends image by image and a final bisection',
  options: z.strictObject({
    ...tradeOffOptions,
    initial: tradeOffOptions.initial
      .nullable()
      .default(null)
      .describe('The first weight c of the loss; null: 0.001 for l2, 0.00001 for l∞.'),
    rate: z.number().positive().max(10).default(0.01).describe("Adam's step size in w."),
    decrease: z.number().gt(0).lt(1).default(0.9).describe('l∞: by how much τ shrinks after a success.'),
    least: z
      .number()
      .positive()
      .max(1)
      .default(1 / 255)
      .describe('l∞: the τ at which the search ends.'),
    settle: z.number().int().min(0).max(30).default(8).describe('Forward passes of the final bisection.'),
  }),
  cost: ({ norm }, options) => {
    const descents = norm === 'l2' ? options.searches : mostDescents(options);
    return cost(options.steps * descents, descents + options.settle);
  },
  async run(problem, options) {
    const search = problem.norm === 'l2' ? searchL2 : searchLinf;
    await runSearches(problem, atDelta(problem), (image) => search(problem, image, options));
    await bisectBoundary(problem, options.settle, 0.97);
  },
});

interface Setting {
  steps: number;
  searches: number;
  initial: number | null;
  confidence: number;
  abort: boolean;
  rate: number;
  decrease: number;
  least: number;
}

/** τ shrinks and c grows, one at a time, until either is at its end. */
function mostDescents({ initial, decrease, least }: Setting): number {
  return (
    Math.ceil(Math.log(least) / Math.log(decrease)) +
    Math.ceil(Math.log(LINF.largest / (initial ?? LINF.initial)) / Math.log(LINF.growth)) +
    1
  );
}

function* searchL2(problem: Problem, image: number, setting: Setting): Search {
  const clean = cleanOf(problem, image);
  const tradeOff = new TradeOff(setting.initial ?? 1e-3);
  for (let n = 0; n < setting.searches; n++) {
    const w = arcOf(clean);
    tradeOff.learn(yield* descend(w, clean, tradeOff.c, setting, squared, 0));
  }
}

function* searchLinf(problem: Problem, image: number, setting: Setting): Search {
  const clean = cleanOf(problem, image);
  const w = arcOf(clean);
  let c = setting.initial ?? LINF.initial;
  let tau = 1;
  while (tau > setting.least && c < LINF.largest) {
    const bound = tau;
    const before = problem.bestDistance(image);
    yield* descend(w, clean, c, setting, (delta, slope) => excess(delta, bound, slope), 1e-4 * c);
    const best = problem.bestDistance(image);
    if (best < before) tau = setting.decrease * Math.min(best, tau);
    else c *= LINF.growth;
  }
}

/** Value of what shall be small beside the loss, its slope into the second array. */
type Penalty = (delta: Float32Array, slope: Float32Array) => number;

const squared: Penalty = (delta, slope) => {
  for (let j = 0; j < delta.length; j++) slope[j] = 2 * delta[j]!;
  return length('l2', delta) ** 2;
};

function excess(delta: Float32Array, tau: number, slope: Float32Array): number {
  let sum = 0;
  for (let j = 0; j < delta.length; j++) {
    const over = Math.abs(delta[j]!) - tau;
    slope[j] = over > 0 ? Math.sign(delta[j]!) : 0;
    if (over > 0) sum += over;
  }
  return sum;
}

/** Adam on penalty(δ) + c max(L + κ, 0) with x + δ = (1 + tanh w) / 2, w changed in place. @returns whether it ever succeeded */
function* descend(
  w: Float32Array,
  clean: Float32Array,
  c: number,
  { steps, confidence, abort, rate }: Setting,
  penalty: Penalty,
  enough: number,
): Generator<Ask, boolean, Reply> {
  const adam = new Adam(w.length);
  const delta = new Float32Array(w.length);
  const slope = new Float32Array(w.length);
  const plateau = new Plateau(steps);
  let found = false;
  for (let i = 0; i <= steps; i++) {
    for (let j = 0; j < w.length; j++) delta[j] = (1 + Math.tanh(w[j]!)) / 2 - clean[j]!;
    const { margin, success, gradient } = yield { point: delta, gradient: i < steps };
    found ||= success && margin <= -confidence;
    if (i === steps) break;
    const hinge = Math.max(0, margin + confidence);
    const size = penalty(delta, slope);
    const objective = size + c * hinge;
    if (abort && (objective < enough || plateau.reached(i, objective))) break;
    for (let j = 0; j < w.length; j++) {
      const x = clean[j]! + delta[j]!;
      slope[j] = (slope[j]! + (hinge > 0 ? c * gradient[j]! : 0)) * 2 * x * (1 - x);
    }
    adam.step(w, slope, rate);
  }
  return found;
}

/** w with (1 + tanh w) / 2 = x, of values a hair inside the box. */
function arcOf(clean: Float32Array): Float32Array {
  return clean.map((x) => Math.atanh((2 * x - 1) * (1 - 1e-6)));
}
