import type { Norm } from '../../shared/norms.ts';
import type { CheckMeasure } from '../../shared/results.ts';
import type { Access } from '../../shared/access.ts';
import { sum } from '../attacks/cost.ts';
import type { Cost, Scene } from '../attacks/cost.ts';
import { CountedProblem } from '../attacks/problem/counted.ts';
import type { Gate } from '../attacks/problem/counted.ts';
import type { ProblemImage } from '../attacks/problem/problem.ts';
import { optionsOf, stageOf } from '../attacks/registry.ts';
import type { Differentiable, ImageShape } from '../model/differentiable.ts';
import { valuesOf } from '../model/differentiable.ts';
import { runCost, RUNS } from './runs.ts';
import type { CheckRun, RunName } from './runs.ts';
import { checks } from './registry.ts';
import { TracedProblem } from './traced.ts';
import { VALUES } from './values.ts';
import type { CheckValue, ValueName } from './values.ts';

export interface MeasureJob {
  model: Differentiable;
  images: readonly ProblemImage[];
  norm: Norm;
  budgets: readonly number[];
  seed: number;
  gate: Gate;
}

/** What all checks together ask for. */
const WANTED_RUNS = (Object.keys(RUNS) as RunName[]).filter((name) => checks.some(({ runs }) => runs.includes(name)));
const WANTED_VALUES = (Object.keys(VALUES) as ValueName[]).filter((name) => checks.some(({ values }) => values.includes(name)));

/**
 * Measures what the checks judge by on a batch of images; nothing of one image depends on another.
 * @throws Cancelled when the gate says so
 */
export async function measureChecks(job: MeasureJob): Promise<Omit<CheckMeasure, 'image'>[]> {
  const found = job.images.map((): Omit<CheckMeasure, 'image'> => ({ runs: {}, values: {} }));
  const open = () => [...found.keys()].filter((image) => found[image]!.reason === undefined);
  for (const name of WANTED_VALUES) {
    const images = open();
    if (images.length === 0) break;
    const problem = problemOf(job, images, ['value', name], undefined, 'gradient');
    const numbers = await (VALUES[name] as CheckValue).measure(problem);
    images.forEach((image, at) => {
      const value = numbers[at]!;
      if (problem.failure[at] === null) found[image]!.values[name] = value !== null && Number.isFinite(value) ? value : null;
      else found[image]!.reason = problem.failure[at]!;
    });
  }
  for (const name of WANTED_RUNS) {
    const run: CheckRun = RUNS[name];
    const attack = stageOf(run.attack);
    const options = optionsOf(run.attack, run.options, job.norm);
    for (const epsilon of run.unbounded ? [wholeBox(job.norm, job.model.shape)] : job.budgets) {
      const images = open();
      if (images.length === 0) break;
      const problem = problemOf(job, images, [name], epsilon, attack.access, run.traced ? TracedProblem : CountedProblem);
      await attack.run(problem, { ...options, epsilon });
      images.forEach((image, at) => {
        (found[image]!.runs[name] ??= []).push(problem.bestDistance(at) < Infinity);
        if (problem.failure[at] !== null) found[image]!.reason = problem.failure[at]!;
        if (problem instanceof TracedProblem && problem.bestDistance(at) === Infinity) stillFalling(found[image]!, problem.falling(at));
      });
    }
  }
  return found;
}

/** At the budget where it fell most. */
function stillFalling({ values }: Omit<CheckMeasure, 'image'>, falling: number | null): void {
  if (falling !== null) values['falling'] = Math.max(values['falling'] ?? 0, falling);
}

function problemOf(
  { model, images, norm, seed, gate }: MeasureJob,
  which: readonly number[],
  name: readonly string[],
  epsilon: number | undefined,
  access: Access,
  Kind = CountedProblem,
): CountedProblem {
  return new Kind(
    model,
    which.map((image) => images[image]!),
    { norm, epsilon, stream: [seed, 'check', ...name, norm, epsilon ?? ''].join(':'), limits: null, gate, access },
  );
}

/** Radius of a ball that holds every picture, around any of them. */
function wholeBox(norm: Norm, shape: ImageShape): number {
  if (norm === 'linf') return 1;
  return norm === 'l2' ? Math.sqrt(valuesOf(shape)) : valuesOf(shape);
}

/** What that spends on one image at most. */
export function measureCost(scene: Omit<Scene, 'epsilon'>, budgets: readonly number[]): Cost {
  return sum(...WANTED_VALUES.map((name) => VALUES[name].cost), ...WANTED_RUNS.map((name) => runCost(RUNS[name], scene, budgets)));
}
