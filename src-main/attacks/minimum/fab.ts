import { z } from 'zod';
import type { FeatureNorm } from '../../../shared/norms.ts';
import { length } from '../../norms/distances.ts';
import { boundaryDistance, exponentOf } from '../../norms/holder.ts';
import { clipBox } from '../../norms/project.ts';
import { toHyperplane } from '../../norms/hyperplane.ts';
import { scale } from '../../simd/index.ts';
import { defineAttack, featureNorm, rowsOf } from '../attack.ts';
import type { Problem } from '../problem/problem.ts';
import { bisectBoundary } from '../search/bisect-boundary.ts';
import { linearize, linearizationCost } from '../search/linearize.ts';
import { stepRivals } from '../search/rivals.ts';
import { randomInBall } from '../search/start.ts';
import { targetsOf } from '../search/targets.ts';
import { cost, rivalsAt, sum, times } from '../cost.ts';

/** Random starts lie within this distance of the image, unless another one is asked for. */
const RADIUS: Record<Exclude<FeatureNorm, 'l0'>, number> = { l1: 5, l2: 1, linf: 0.3 };

/**
 * Fast adaptive boundary (Croce and Hein 2020, algorithm 1). Of the boundaries linearised at the point x_i the nearest is taken,
 * k = argmin |L_k| / ‖∇L_k‖_q, and both the point and the image x are projected onto it inside the box, exactly:
 *   d₁ = Π(x_i) - x_i,  d₂ = Π(x) - x,  a = min(‖d₁‖_p / (‖d₁‖_p + ‖d₂‖_p), α_max)
 *   x_{i+1} = clip( (1 - a) (x_i + η d₁) + a (x + η d₂) )
 * so the mean of the two leans towards the image the more, the farther the point has got away. A success is drawn back to
 * x + β (x_{i+1} - x), and the next step goes out again.
 *
 * Untargeted with `targets`, the boundary is always that of one class, and the classes likeliest at the image are tried one after
 * another: FAB-T of AutoAttack, which pays for one gradient a step instead of one for every class.
 */
export const fab = defineAttack({
  id: 'fab',
  title: 'FAB',
  norms: ['l1', 'l2', 'linf'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Smallest l1, l2 or l∞ change by steps between the projections of point and image onto the nearest linearised boundary.',
  source:
    'Croce and Hein 2020, arXiv 1907.02044, algorithm 1; targets: FAB-T of Croce and Hein 2020, arXiv 2003.01690; and a final bisection',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(100).describe('Steps of each run.'),
    rivals: stepRivals,
    targets: z
      .number()
      .int()
      .min(0)
      .max(1000)
      .default(0)
      .describe(
        'Likely classes that are aimed at one after another, a run each, with one gradient a step; 0: all rivals in every step of one run.',
      ),
    alphaMax: z.number().min(0).max(1).default(0.1).describe('Largest weight of the image in a step.'),
    eta: z.number().min(1).max(2).default(1.05).describe('How far a step goes, 1 being onto the linearised boundary.'),
    beta: z.number().gt(0).max(1).default(0.9).describe('What remains of the distance after a success.'),
    restarts: z.number().int().min(1).max(1000).default(1).describe('Runs; all but the first begin at a random point.'),
    radius: z
      .number()
      .positive()
      .max(1000)
      .nullable()
      .default(null)
      .describe('Random points lie within half of it, or of the best distance where that is less; null: 5 in l1, 1 in l2, 0.3 in l∞.'),
    settle: z.number().int().min(0).max(30).default(8).describe('Forward passes of the final bisection.'),
  }),
  cost: (scene, { steps, rivals, targets, restarts, settle }) => {
    const aims = scene.targeted ? 0 : rivalsAt(scene, targets);
    const run = aims > 0 ? times(aims * steps, cost(1, 1)) : times(steps, sum(linearizationCost(scene, rivals), cost(0, 1)));
    return sum(cost(0, aims > 0 ? 1 : 0), times(restarts, run), cost(0, settle));
  },
  async run(problem, options) {
    const { restarts, targets, settle } = options;
    const aims = await aimsOf(problem, targets);
    for (let restart = 0; restart < restarts; restart++)
      for (const towards of aims) await follow(problem, startOf(problem, restart, options.radius), towards, options);
    await bisectBoundary(problem, settle, 0.97);
  },
});

interface Setting {
  steps: number;
  rivals: number;
  alphaMax: number;
  eta: number;
  beta: number;
}

/** Class of every image in each run; undefined: whichever is nearest. */
async function aimsOf(problem: Problem, targets: number): Promise<(Int32Array | undefined)[]> {
  const ways = problem.goal ? 0 : Math.min(targets, problem.classes - 1);
  if (ways === 0) return [undefined];
  const order = await targetsOf(problem, 'score', ways);
  return Array.from({ length: ways }, (_, way) => Int32Array.from(order, (ranked) => ranked[way] ?? 0));
}

function startOf(problem: Problem, restart: number, radius: number | null): Float32Array {
  const delta = new Float32Array(problem.clean.length);
  if (restart === 0) return delta;
  const norm = normOf(problem);
  const clean = rowsOf(problem.clean, problem.count);
  rowsOf(delta, problem.count).forEach((row, image) => {
    randomInBall(norm, row, 0.5 * Math.min(radius ?? RADIUS[norm], problem.bestDistance(image)), problem.random(image));
    clipBox(row, clean[image]!);
  });
  return delta;
}

async function follow(problem: Problem, delta: Float32Array, towards: Int32Array | undefined, setting: Setting): Promise<void> {
  const { count } = problem;
  const norm = normOf(problem);
  const [rows, clean] = [rowsOf(delta, count), rowsOf(problem.clean, count)];
  const only = new Uint8Array(count).fill(1);
  const value = new Float64Array(count);
  const normals = rowsOf(delta.slice(), count);
  const nearest = new Float64Array(count);
  const keep = (image: number, margin: number, gradient: Float32Array): void => {
    const distance = boundaryDistance(exponentOf(norm), margin, gradient);
    if (!(distance < nearest[image]!)) return;
    [nearest[image], value[image]] = [distance, margin];
    normals[image]!.set(gradient);
  };
  for (let i = 0; i < setting.steps && only.some((yes, image) => yes && problem.active[image]); i++) {
    nearest.fill(Infinity);
    if (towards === undefined) await linearize(problem, delta, { rivals: setting.rivals, only }, keep);
    else {
      const { gradient, loss } = await problem.gradient(delta, 'margin', only, towards);
      rowsOf(gradient, count).forEach((g, image) => problem.active[image] && only[image] && keep(image, loss[image]!, g));
    }
    for (let image = 0; image < count; image++) {
      if (!problem.active[image] || !only[image]) continue;
      // Without a gradient there is no boundary to go to, today and tomorrow.
      if (nearest[image] === Infinity) only[image] = 0;
      else step(norm, rows[image]!, clean[image]!, value[image]!, normals[image]!, setting);
    }
    const { success } = await problem.query(delta, only);
    for (let image = 0; image < count; image++)
      if (problem.active[image] && only[image] && success[image]) scale(rows[image]!, setting.beta);
  }
}

/** From δ to the mean of its own projection and the image's, each stretched by η, in place. */
function step(norm: FeatureNorm, delta: Float32Array, clean: Float32Array, margin: number, normal: Float32Array, setting: Setting): void {
  const { eta, alphaMax } = setting;
  const here = clean.map((x, j) => x + delta[j]!);
  const [own, image] = [new Float32Array(delta.length), new Float32Array(delta.length)];
  let atClean = margin;
  for (let j = 0; j < delta.length; j++) atClean -= normal[j]! * delta[j]!;
  toHyperplane(norm, normal, here, margin, own);
  toHyperplane(norm, normal, clean, atClean, image);
  const [a, b] = [length(norm, own), length(norm, image)];
  const share = a + b > 0 ? Math.min(a / (a + b), alphaMax) : 0;
  for (let j = 0; j < delta.length; j++) delta[j] = (1 - share) * (delta[j]! + eta * own[j]!) + share * eta * image[j]!;
  clipBox(delta, clean);
}

function normOf(problem: Problem): Exclude<FeatureNorm, 'l0'> {
  return featureNorm(problem) as Exclude<FeatureNorm, 'l0'>;
}
