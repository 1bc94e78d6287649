import { farther } from '../../src-main/goals/distance.ts';
import { normConstrained } from '../../src-main/attacks/budget/constrained.ts';
import { meanMeasures, outputMeasures } from '../balda/output-measures.ts';
import type { OutputMeasures } from '../balda/output-measures.ts';
import { randomNoise } from '../../src-main/attacks/budget/random-noise.ts';
import { rowsOf } from '../../src-main/attacks/attack.ts';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import { quadraticAttack } from '../../src-main/attacks/outputs/quadratic.ts';
import { stageOf } from '../../src-main/attacks/registry.ts';
import { clipBox } from '../../src-main/norms/project.ts';
import type { OpenOutput } from '../../src-main/runtime/openOutput.ts';

/** Beyond every distance: nothing succeeds, so nothing ends early. */
const NEVER = 4;

type Method = (problem: CountedProblem, epsilon: number) => Promise<Float32Array>;

/** The panels of figure 4: what bounds η, and each method's η. */
export const PANELS: Record<string, { norm: 'l2' | 'linf'; eps: number[]; methods: Record<string, Method> }> = {
  ℓ2: { norm: 'l2', eps: [0.5, 1, 1.5, 2, 3, 4, 6], methods: ball() },
  'ℓ∞': { norm: 'linf', eps: [0.02, 0.04, 0.06, 0.1, 0.15, 0.2, 0.3], methods: ball() },
  '1 pixel': { norm: 'linf', eps: [0.25, 0.5, 0.75, 1], methods: pixels(1) },
  '20 pixels': { norm: 'linf', eps: [0.25, 0.5, 0.75, 1], methods: pixels(20) },
};

function ball(): Record<string, Method> {
  const linear =
    (steps: number): Method =>
    (problem, epsilon) =>
      normConstrained(problem, { epsilon, steps, loss: 'margin', rivals: 1, lengths: [], dither: [], p: null, clip: true });
  const options = stageOf('quadratic').options.parse({}) as unknown as Parameters<typeof quadraticAttack>[1];
  const quadratic =
    (change: object): Method =>
    (problem, epsilon) =>
      quadraticAttack(problem, { ...options, epsilon, ...change });
  return {
    random: noise(null),
    'linear-1': linear(1),
    'linear-10': linear(10),
    'linear-20': linear(20),
    quadratic: quadratic({ steps: 1 }),
    'quadratic-10': quadratic({ steps: 10, dense: 0 }),
  };
}

function pixels(count: number): Record<string, Method> {
  return {
    [`random-${count}`]: noise(count),
    [`linear-${count}`]: subsets('subset', count),
    [`quadratic-${count}`]: subsets('quadratic-subset', count),
  };
}

/** The paper's random perturbation; for pixels, random signs on so many of them. */
function noise(count: number | null): Method {
  return (problem, epsilon) => {
    const eta = new Float32Array(problem.clean.length);
    rowsOf(eta, problem.count).forEach((row, image) => {
      const random = problem.random(image);
      if (count === null) randomNoise(problem.norm as 'l2' | 'linf', row, rowsOf(problem.clean, problem.count)[image]!, epsilon, random);
      else
        for (let left = count; left > 0;) {
          const j = Math.floor(random() * row.length);
          if (row[j] === 0) [row[j], left] = [random() < 0.5 ? epsilon : -epsilon, left - 1];
        }
    });
    return Promise.resolve(eta);
  };
}

/** What an attack of the registry last asked about each image: its whole path is one subset after another. */
function subsets(id: string, count: number): Method {
  return async (problem, epsilon) => {
    const last = new Float32Array(problem.clean.length);
    const farthest = new Float64Array(problem.count).fill(Infinity);
    const { query } = problem;
    problem.query = async (delta, only) => {
      const answer = await query.call(problem, delta, only);
      rowsOf(last, problem.count).forEach((row, image) => {
        if ((only && !only[image]) || answer.margin[image]! >= farthest[image]!) return;
        farthest[image] = answer.margin[image]!;
        row.set(delta.subarray(image * problem.features, (image + 1) * problem.features));
      });
      return answer;
    };
    const attack = stageOf(id);
    await attack.run(problem, { ...attack.options.parse({ subsets: count }), epsilon });
    return last;
  };
}

/** Means over the images; outputs are held against f(x). */
export interface Point extends OutputMeasures {
  panel: string;
  method: string;
  epsilon: number;
  /** Passes an image. */
  passes: number;
}

/** One point of a curve. @param images with the clean output as reference */
export async function measure(
  field: OpenOutput,
  images: readonly ProblemImage[],
  panel: string,
  method: string,
  epsilon: number,
): Promise<Point> {
  const { norm, methods } = PANELS[panel]!;
  const problem = new CountedProblem(await field.scored(farther(NEVER)), images, {
    norm,
    epsilon,
    stream: `${panel}:${method}:${epsilon}`,
    limits: null,
    gate: { check: () => undefined },
  });
  const eta = await methods[method]!(problem, epsilon);
  const passes = problem.forwards.reduce((a, b) => a + b, 0) + problem.backwards.reduce((a, b) => a + b, 0);
  const [clean, rows, y] = [rowsOf(problem.clean, problem.count), rowsOf(eta, problem.count), rowsOf(problem.reference!, problem.count)];
  rows.forEach((row, image) => clipBox(row, clean[image]!));
  const { output } = await problem.jvp(eta, eta);
  const planes = problem.shape;
  const all = rows.map((row, image) =>
    outputMeasures(
      { changed: clean[image]!.map((x, j) => x + row[j]!), clean: clean[image]!, peak: 1, planes },
      {
        changed: output.subarray(image * problem.width, (image + 1) * problem.width),
        clean: y[image]!,
        peak: 1,
        planes: problem.width === problem.features ? planes : null,
      },
    ),
  );
  return {
    panel,
    method,
    epsilon,
    ...meanMeasures(all),
    passes: passes / rows.length,
  };
}
