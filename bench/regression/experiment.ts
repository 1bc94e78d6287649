import { normConstrained } from '../../src-main/attacks/balda/constrained.ts';
import { meanMeasures, outputMeasures } from '../../src-main/attacks/balda/output-measures.ts';
import type { OutputMeasures } from '../../src-main/attacks/balda/output-measures.ts';
import { randomNoise } from '../../src-main/attacks/balda/random-noise.ts';
import { rowsOf } from '../../src-main/attacks/attack.ts';
import { CountedTarget } from '../../src-main/attacks/counted.ts';
import type { TargetImage } from '../../src-main/attacks/counted.ts';
import { quadraticAttack } from '../../src-main/attacks/regression/quadratic.ts';
import { attackOf } from '../../src-main/attacks/registry.ts';
import { clipBox } from '../../src-main/norms/project.ts';
import type { OpenField } from '../../src-main/runtime/field.ts';

/** Beyond every distance: nothing succeeds, so nothing ends early. */
const NEVER = 4;

type Method = (target: CountedTarget, epsilon: number) => Promise<Float32Array>;

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
    (target, epsilon) =>
      normConstrained(target, { epsilon, steps, loss: 'margin', rivals: 1, lengths: [], dither: [], p: null, clip: true });
  const options = attackOf('quadratic').options.parse({}) as unknown as Parameters<typeof quadraticAttack>[1];
  const quadratic =
    (change: object): Method =>
    (target, epsilon) =>
      quadraticAttack(target, { ...options, epsilon, ...change });
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
  return (target, epsilon) => {
    const eta = new Float32Array(target.clean.length);
    rowsOf(eta, target.count).forEach((row, image) => {
      const random = target.random(image);
      if (count === null) randomNoise(target.norm as 'l2' | 'linf', row, rowsOf(target.clean, target.count)[image]!, epsilon, random);
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
  return async (target, epsilon) => {
    const last = new Float32Array(target.clean.length);
    const farthest = new Float64Array(target.count).fill(Infinity);
    const { query } = target;
    target.query = async (delta, only) => {
      const answer = await query.call(target, delta, only);
      rowsOf(last, target.count).forEach((row, image) => {
        if ((only && !only[image]) || answer.margin[image]! >= farthest[image]!) return;
        farthest[image] = answer.margin[image]!;
        row.set(delta.subarray(image * target.features, (image + 1) * target.features));
      });
      return answer;
    };
    const attack = attackOf(id);
    await attack.run(target, { ...attack.options.parse({ subsets: count }), epsilon });
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
  field: OpenField,
  images: readonly TargetImage[],
  panel: string,
  method: string,
  epsilon: number,
): Promise<Point> {
  const { norm, methods } = PANELS[panel]!;
  const target = new CountedTarget(await field.distance('deviation', NEVER), images, {
    norm,
    epsilon,
    stream: `${panel}:${method}:${epsilon}`,
    limits: null,
    gate: { check: () => undefined },
  });
  const eta = await methods[method]!(target, epsilon);
  const passes = target.forwards.reduce((a, b) => a + b, 0) + target.backwards.reduce((a, b) => a + b, 0);
  const [clean, rows, y] = [rowsOf(target.clean, target.count), rowsOf(eta, target.count), rowsOf(target.reference!, target.count)];
  rows.forEach((row, image) => clipBox(row, clean[image]!));
  const { output } = await target.push(eta, eta);
  const planes = target.shape;
  const all = rows.map((row, image) =>
    outputMeasures(
      { changed: clean[image]!.map((x, j) => x + row[j]!), clean: clean[image]!, peak: 1, planes },
      {
        changed: output.subarray(image * target.width, (image + 1) * target.width),
        clean: y[image]!,
        peak: 1,
        planes: target.width === target.features ? planes : null,
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
