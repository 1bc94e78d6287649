import { UserError } from '../../../shared/errors.ts';
import type { Objective } from '../../model/differentiable.ts';
import { length } from '../../norms/distances.ts';
import { holderStep, exponentOf } from '../../norms/holder.ts';
import { linearMinimiser } from '../../norms/linear.ts';
import { clipBox } from '../../norms/project.ts';
import { place } from '../../simd/index.ts';
import { featureNorm, rowsOf } from '../attack.ts';
import { randomInBall } from '../search/start.ts';
import type { Problem } from '../problem/problem.ts';
import { linearize, linearizationCost } from '../search/linearize.ts';
import { cost, times } from '../cost.ts';
import type { Cost, Scene } from '../cost.ts';

export interface Constrained {
  epsilon: number;
  /** margin: eq. 2, the class l of the lowest reachable L_l of `rivals`; the others are the cost functions of Table 2. */
  loss: Exclude<Objective, 'difference'>;
  rivals: number;
  /** T. */
  steps: number;
  /** Relative lengths of the T steps; empty: equal ones. */
  lengths: readonly number[];
  /** ε̃_t as shares of ε; steps beyond the list have none. */
  dither: readonly number[];
  /** Exponent of the ball that gives a step's direction; null: the problem's own norm. */
  p: number | null;
  /** Solve every step inside the box; otherwise by the paper's closed forms. */
  clip: boolean;
}

/**
 * Algorithm 1 of Balda et al.: T times, the step that minimises the linearised L over a ball of radius ε_t (Σ ε_t = ε),
 *   η̃ = η + random(ε̃_t);   η ← η + argmin { ∇L(η̃)·s : ‖s‖_p ≤ ε_t }.
 * Of the classes, the l with the smallest value at the end of its own step is taken: min_l L_l - ε_t ‖∇L_l‖_q, as in
 * the authors' program. T = 1 is GNM (5), with its closed forms (6) and (7).
 * @returns η, count x features; not yet evaluated
 * @throws UserError when options contradict each other
 */
export async function normConstrained(problem: Problem, how: Constrained): Promise<Float32Array> {
  const { count, features } = problem;
  const norm = featureNorm(problem);
  const lengths = stepLengths(how, norm === 'l0');
  const step = stepper(problem, how);
  const eta = new Float32Array(problem.clean.length);
  const tilted = eta.slice();
  const [at, points, clean] = [eta, tilted, problem.clean].map((values) => rowsOf(values, count)) as [
    Float32Array[],
    Float32Array[],
    Float32Array[],
  ];
  const next = rowsOf(eta.slice(), count);
  const trial = new Float32Array(features);
  const lowest = new Float64Array(count);
  for (let t = 0; t < how.steps && problem.anyActive; t++) {
    if (lengths[t] === 0) continue;
    const shake = (how.dither[t] ?? 0) * how.epsilon;
    tilted.set(eta);
    for (let image = 0; image < count; image++) {
      if (!problem.active[image] || shake === 0) continue;
      randomInBall(norm, trial, shake, problem.random(image));
      for (let j = 0; j < features; j++) points[image]![j]! += trial[j]!;
      if (how.clip) clipBox(points[image]!, clean[image]!);
    }
    lowest.fill(Infinity);
    const visit = (image: number, value: number, gradient: Float32Array): void => {
      step(image, gradient, at[image]!, lengths[t]!, trial);
      let end = value;
      for (let j = 0; j < features; j++) end += gradient[j]! * (at[image]![j]! + trial[j]! - points[image]![j]!);
      if (end >= lowest[image]!) return;
      lowest[image] = end;
      next[image]!.set(trial);
    };
    if (how.loss === 'margin') await linearize(problem, tilted, { rivals: how.rivals }, visit);
    else {
      const { loss, gradient } = await problem.gradient(tilted, how.loss);
      rowsOf(gradient, count).forEach((g, image) => problem.active[image] && visit(image, loss[image]!, g));
    }
    for (let image = 0; image < count; image++) {
      if (!problem.active[image] || lowest[image] === Infinity) continue;
      for (let j = 0; j < features; j++) at[image]![j]! += next[image]![j]!;
      if (how.clip) clipBox(at[image]!, clean[image]!);
    }
  }
  return eta;
}

/** One linearisation for each step of some length, see `normConstrained`. */
export function constrainedCost(scene: Scene, { steps, loss, rivals }: Pick<Constrained, 'steps' | 'loss' | 'rivals'>): Cost {
  // In l0 a step changes at least one feature.
  const taken = scene.norm === 'l0' ? Math.min(steps, Math.floor(scene.epsilon ?? 0)) : steps;
  return times(taken, loss === 'margin' ? linearizationCost(scene, rivals) : cost(1));
}

type Step = (image: number, gradient: Float32Array, from: Float32Array, size: number, out: Float32Array) => void;

/** How one step is taken: exactly inside the box, or by (6) with the length measured in the problem's norm. */
function stepper(problem: Problem, { p, clip }: Constrained): Step {
  const norm = featureNorm(problem);
  if (norm === 'l0' && (p !== null || !clip))
    throw new UserError('In l0 a step has no exponent p and is always taken inside the box: leave p empty and clip on.');
  const clean = rowsOf(problem.clean, problem.count);
  if (p === null && clip) {
    const here = new Float32Array(problem.features);
    return (image, gradient, from, size, out) => {
      place(clean[image]!, from, here);
      linearMinimiser(norm, gradient, here, size, out);
    };
  }
  const exponent = p ?? exponentOf(norm);
  return (_, gradient, __, size, out) => {
    holderStep(exponent, gradient, size, out);
    const scale = p === null ? 1 : size / length(norm, out);
    if (scale !== 1 && Number.isFinite(scale)) for (let j = 0; j < out.length; j++) out[j]! *= scale;
  };
}

/** ε_1 … ε_T with sum ε; whole numbers for l0. @throws UserError when there is not one for each step */
function stepLengths({ epsilon, steps, lengths }: Constrained, whole: boolean): number[] {
  if (lengths.length !== 0 && lengths.length !== steps)
    throw new UserError(`The option lengths names ${lengths.length} steps and there are ${steps}: give one number for each step, or none.`);
  const shares = lengths.length === 0 ? new Array<number>(steps).fill(1) : lengths;
  const sum = shares.reduce((a, b) => a + b, 0);
  if (!whole) return shares.map((share) => (epsilon * share) / sum);
  let done = 0;
  let soFar = 0;
  return shares.map((share) => {
    soFar += share;
    // The slack keeps 9.999… of a sum of tenths from becoming 9.
    const upTo = Math.floor((epsilon * soFar) / sum + 1e-9);
    const size = upTo - done;
    done = upTo;
    return size;
  });
}
