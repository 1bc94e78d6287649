import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import { stageOf, optionsOf } from '../../src-main/attacks/registry.ts';
import { valuesOf } from '../../src-main/model/differentiable.ts';
import { argMax } from '../../src-main/model/scores.ts';
import type { Differentiable, ImageShape } from '../../src-main/model/differentiable.ts';
import type { Norm } from '../../shared/norms.ts';

/** Attacks whose steps are timed, each under one norm, and what keeps them from ending early. */
export const TIMED: readonly { attack: string; norm: Norm; options: Record<string, unknown>; epsilon?: number }[] = [
  { attack: 'pgd', norm: 'linf', options: { confidence: 1 }, epsilon: 8 / 255 },
  { attack: 'pgd', norm: 'l2', options: { confidence: 1 }, epsilon: 2 },
  { attack: 'pgd', norm: 'l1', options: { confidence: 1 }, epsilon: 20 },
  { attack: 'ddn', norm: 'l2', options: {} },
  { attack: 'fmn', norm: 'linf', options: {} },
  { attack: 'fmn', norm: 'l1', options: {} },
  { attack: 'sigma-zero', norm: 'l0', options: {} },
];

/** Milliseconds of processor time, which other work on the machine disturbs least, of a step of an attack on one picture. */
export async function stepTime(
  model: Differentiable,
  { attack, norm, options, epsilon }: (typeof TIMED)[number],
  steps: number,
): Promise<number> {
  const pixels = Float32Array.from({ length: valuesOf(model.shape) }, (_, j) => ((j * 37 + (j >> 9)) % 256) / 255);
  const { logits } = await model.forward(pixels);
  const label = argMax(logits.subarray(0, model.classes));
  const problem = new CountedProblem(model, [{ pixels, hash: 'photograph', label, goal: null }], {
    norm,
    epsilon,
    stream: 'bench',
    limits: null,
    gate: { check: () => undefined },
  });
  const began = process.cpuUsage();
  await stageOf(attack).run(problem, { ...optionsOf(attack, { ...options, steps }, norm), ...(epsilon !== undefined && { epsilon }) });
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000 / problem.backwards[0]!;
}

/** No network at all, which every step beats by more: what an attack itself does with the values of a picture is what a step on it costs. */
export function nothing(shape: ImageShape, classes: number): Differentiable {
  const logits = Float32Array.from({ length: classes }, (_, k) => (k === 0 ? 1 : 0));
  let step = 0;
  const broken = () => logits.map((logit, k) => (k === 1 ? 1 : (0.999 - 1e-6 * step++) * logit));
  const gradient = Float32Array.from({ length: valuesOf(shape) }, (_, j) => Math.sin(j) / 1000);
  return {
    shape,
    classes,
    rows: 1,
    forward: () => Promise.resolve({ logits }),
    gradient: () => Promise.resolve({ logits: broken(), loss: new Float32Array([1]), gradient }),
  };
}
