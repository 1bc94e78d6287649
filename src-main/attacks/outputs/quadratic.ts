import { z } from 'zod';
import { linearMaximiser } from '../../norms/ball.ts';
import type { Ball } from '../../norms/ball.ts';
import { clipBox } from '../../norms/project.ts';
import { defineAttack, rowsOf } from '../attack.ts';
import { gaussian } from '../problem/random-stream.ts';
import type { Problem } from '../problem/problem.ts';
import { ascend, moved } from './ascend.ts';
import type { Candidate, Quadratic } from './ascend.ts';
import { columnPowers, dense, dot, jacobianAt, writtenOut } from './jacobian.ts';
import type { Dense } from './jacobian.ts';
import { leadingDirections } from './lanczos.ts';
import { together } from './products.ts';
import type { Steps } from './products.ts';
import { exchangeSigns, greedySigns } from './signs.ts';
import { cost, features, sum, times } from '../cost.ts';
import type { Cost, Scene } from '../cost.ts';

export interface QuadraticOptions {
  epsilon: number;
  steps: number;
  lanczos: number;
  directions: number;
  power: number;
  restarts: number;
  dense: number;
  probes: number;
  tries: number;
}

/**
 * Problem (13) of Balda et al., max ‖Jη‖₂² over ball and box, and its form with a residual (12), without a stored Jacobian.
 * Starts are gathered, each is carried to a local optimum by the power method (`ascend`), and the best few are queried:
 *   every norm  ± the leading singular vectors of J (14), by Lanczos; J'r where the output is off its reference (16);
 *               random directions
 *   l1, l0      the longest columns (15), estimated by random probes or exact
 *   l∞          the greedy rule (20), and exchange of single signs after it and after every other start, where J is
 *               small enough to be written out
 * (13) is even in η, the network and the box are not: both signs are tried. With T > 1 steps the point found is
 * linearised anew, now with its residual, and replaced by the maximum over the whole ball, or a point part of the way
 * there, if that is farther from the reference; the paper leaves iterations of (13) open.
 * @returns η of each image with the largest distance from its reference, count x features; every row was evaluated
 */
export async function quadraticAttack(problem: Problem, options: QuadraticOptions): Promise<Float32Array> {
  const eta = new Float32Array(problem.clean.length);
  const [rows, clean, y] = [rowsOf(eta, problem.count), rowsOf(problem.clean, problem.count), rowsOf(problem.reference!, problem.count)];
  await together(problem, (image) => {
    const ball: Ball = { norm: problem.norm, eps: options.epsilon, clean: clean[image]!, shape: problem.shape };
    return search(ball, y[image]!, options, problem.random(image), rows[image]!);
  });
  return eta;
}

/** Relative; of the difference of two scores. */
const ROUNDING = 2 ** -22;

/** @param out the best η so far, whenever the search may end */
function* search(ball: Ball, y: Float32Array, options: QuadraticOptions, random: () => number, out: Float32Array): Steps<void> {
  let lowest = Infinity;
  const better = function* (eta: Float32Array): Steps<boolean> {
    const { margin } = yield { kind: 'query', point: eta };
    // Scores are single precision: within their rounding the quadratic's own order stands.
    if (margin >= lowest - ROUNDING * Math.abs(margin)) return false;
    lowest = margin;
    out.set(eta);
    return true;
  };
  const first = yield* linearise(
    ball.clean.map(() => 0),
    y,
  );
  for (const { eta } of (yield* maximise(first, ball, options, random)).slice(0, options.tries)) yield* better(eta);
  for (let step = 1; step < options.steps; step++) {
    const at = out.slice();
    const { eta } = yield* ascend(yield* linearise(at, y), ball, at, options.power);
    let found = yield* better(eta);
    // Part of the way is in the ball too, but for l0.
    for (let share = 0.5; !found && share > 0.1 && ball.norm !== 'l0' && ball.norm !== 'l0Pixels'; share /= 2)
      found = yield* better(at.map((e, k) => e + share * (eta[k]! - e)));
    if (!found) return;
  }
}

/** (12) at an iterate; one product, for the output there. */
function* linearise(at: Float32Array, y: Float32Array): Steps<Quadratic> {
  const { output } = yield { kind: 'jvp', point: at, vector: new Float32Array(at.length) };
  return { jacobian: jacobianAt(at, y.length), residual: output.map((value, i) => value - y[i]!), at };
}

/** Local optima of q from all starts, the largest first. */
function* maximise(q: Quadratic, ball: Ball, options: QuadraticOptions, random: () => number): Steps<Candidate[]> {
  const whole = yield* writtenOut(q.jacobian, options.dense);
  if (whole) q = { ...q, jacobian: whole };
  const starts: Float32Array[] = [];
  const along = (g: ArrayLike<number>): void => void starts.push(linearMaximiser(ball, g));
  for (const v of yield* leadingDirections(q.jacobian, options.lanczos, options.directions, random)) {
    along(v);
    along(v.map((x) => -x));
  }
  if (dot(q.residual, q.residual) > 0) along(yield* q.jacobian.pull(Float32Array.from(q.residual)));
  for (let i = 0; i < options.restarts; i++) along(Float32Array.from({ length: q.at.length }, () => gaussian(random)));
  if (ball.norm === 'linf') {
    if (whole) starts.push(Float32Array.from(greedySigns({ ...ends(ball), columns: whole.columns, residual: q.residual })));
  } else if (ball.norm !== 'l2') {
    const powers = yield* columnPowers(q.jacobian, options.probes, random);
    along(powers.map(Math.sqrt));
    along(powers.map((p) => -Math.sqrt(p)));
    if (ball.norm === 'l1')
      for (const k of longest(powers, options.tries)) for (const sign of [1, -1]) along(powers.map((_, j) => (j === k ? sign : 0)));
  }
  const found: Candidate[] = [];
  for (const start of starts) {
    const end = yield* ascend(q, ball, start, options.power);
    found.push(whole && ball.norm === 'linf' ? yield* exchanged(q, whole, ball, end) : end);
  }
  return distinct(found.sort((a, b) => b.value - a.value));
}

/** A local optimum of single exchanges too. */
function* exchanged(q: Quadratic, whole: Dense, ball: Ball, { eta }: Candidate): Steps<Candidate> {
  const s = Float64Array.from(eta);
  exchangeSigns({ ...ends(ball), columns: whole.columns, residual: q.residual }, s);
  const there = Float32Array.from(s);
  const w = yield* moved({ ...q, jacobian: dense(whole.columns, whole.outputs) }, there);
  return { eta: there, value: dot(w, w) };
}

/** How far each feature may go down and up in l∞. */
export function ends({ clean, eps }: Pick<Ball, 'clean' | 'eps'>): { low: Float32Array; high: Float32Array } {
  const [low, high] = [clean.map(() => -eps), clean.map(() => eps)];
  clipBox(low, clean);
  clipBox(high, clean);
  return { low, high };
}

function longest(powers: Float64Array, count: number): number[] {
  return [...powers.keys()].sort((a, b) => powers[b]! - powers[a]! || a - b).slice(0, count);
}

/** Without those that repeat an earlier one, as starts in one valley do; η and -η are two. */
function distinct(found: readonly Candidate[]): Candidate[] {
  return found.filter(
    ({ eta }, i) => !found.slice(0, i).some((other) => other.eta.every((e, k) => Math.abs(e - eta[k]!) <= 1e-4 * Math.abs(e))),
  );
}

/** Products with a Jacobian that is written out cost no pass; see `maximise` and `search`. */
function quadraticCost(
  scene: Scene,
  { steps, lanczos, directions, power, restarts, dense, probes, tries }: Omit<QuadraticOptions, 'epsilon'>,
): Cost {
  const [inputs, outputs, ascent] = [features(scene), scene.outputs, 1 + 2 * power];
  const whole = inputs * outputs <= dense;
  const counted = scene.norm !== 'linf' && scene.norm !== 'l2';
  const starts =
    2 * Math.min(directions, lanczos) +
    1 +
    restarts +
    (scene.norm === 'linf' && whole ? 1 : 0) +
    (counted ? 2 : 0) +
    (scene.norm === 'l1' ? 2 * tries : 0);
  const first = whole ? Math.min(inputs, outputs) : 2 * Math.min(lanczos, inputs) + 1 + (counted ? probes : 0) + starts * ascent;
  const shorter = scene.norm === 'l0' || scene.norm === 'l0Pixels' ? 0 : 3;
  return sum(cost(1 + first, Math.min(tries, starts)), times(steps - 1, cost(1 + ascent, 1 + shorter)));
}

export const quadratic = defineAttack({
  id: 'quadratic',
  title: 'Quadratic problem',
  norms: ['l0', 'l0Pixels', 'l1', 'l2', 'linf'],
  kind: 'fixed-budget',
  targeted: false,
  access: 'gradient',
  needsOutput: true,
  summary: 'Changes that move the linearised output farthest: the leading singular vector of the Jacobian, or its form for other norms.',
  source:
    'Balda, Behboodi, Mathar 2018 (arXiv 1812.07385), eq. 12 to 15, 20; by Lanczos, power method and exchange of signs, exact steps inside the box, iterated',
  options: z.strictObject({
    steps: z.number().int().min(1).max(10_000).default(3).describe('T, the number of linearisations; the paper has 1.'),
    lanczos: z
      .number()
      .int()
      .min(0)
      .max(1000)
      .default(16)
      .describe('Most steps of Lanczos’ method for the singular vectors, four passes each.'),
    directions: z.number().int().min(1).max(100).default(2).describe('Singular vectors that are starts, each in both signs.'),
    power: z.number().int().min(1).max(10_000).default(10).describe('Most steps of the power method from each start, four passes each.'),
    restarts: z.number().int().min(0).max(1000).default(2).describe('Random starts besides.'),
    dense: z
      .number()
      .int()
      .min(0)
      .max(1e8)
      .default(2 ** 20)
      .describe(
        'Write out a Jacobian of at most this many entries (values in times values out), at two passes for each value of the smaller side: makes columns exact and l∞ stronger.',
      ),
    probes: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(48)
      .describe('Random probes that estimate the columns’ lengths of larger ones (l0, l1), two passes each.'),
    tries: z.number().int().min(1).max(1000).default(6).describe('Best candidates of the quadratic problem that are evaluated.'),
  }),
  cost: quadraticCost,
  async run(problem, { epsilon = 0, ...options }) {
    await quadraticAttack(problem, { ...options, epsilon });
  },
});
