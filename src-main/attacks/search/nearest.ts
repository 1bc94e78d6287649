import { smallestDrop } from '../../norms/linear.ts';
import { fewestPixels } from '../../norms/pixels.ts';
import { rowsOf } from '../attack.ts';
import type { Problem } from '../problem/problem.ts';

/** How far beyond the linearised boundary the start lies. */
const BEYOND = 1.001;

/**
 * Where each image's nearest boundary seems to be: for its most likely other classes k, the exact smallest step inside
 * the box that crosses f_y = f_k as linearised at the clean image, and of these the smallest (DeepFool's choice of a
 * class, Moosavi-Dezfooli et al. 2016, eq. 8). The class with the smallest margin need not be the nearest; an attack
 * that starts here does not run after the wrong one. On a linear model this is the answer.
 * @param rivals how many classes are looked at, two passes each; targeted, the goal alone is; 0: none, and δ is 0
 * @returns δ, count x features
 */
export async function nearestBoundary(problem: Problem, rivals: number): Promise<Float32Array> {
  const { count, classes, norm } = problem;
  const zero = new Float32Array(problem.clean.length);
  const clean = rowsOf(problem.clean, count);
  const delta = zero.slice();
  const best = rowsOf(delta, count);
  const size = new Float64Array(count).fill(Infinity);
  const step = new Float32Array(problem.features);
  const ways = Math.min(rivals, problem.goal ? 1 : classes - 1);
  let order: Int32Array[] = [];
  for (let way = 0; way < ways && problem.anyActive; way++) {
    // The first way is the margin itself, which is towards the likeliest other class.
    const towards = way === 0 ? undefined : Int32Array.from(order, (ranked) => ranked[way]!);
    const { gradient, logits, loss } = await problem.gradient(zero, 'margin', undefined, towards);
    if (way === 0) order = rowsOf(logits, count).map((f, image) => othersByLogit(f, problem.label[image]!));
    rowsOf(gradient, count).forEach((g, image) => {
      if (!problem.active[image]) return;
      const drop = BEYOND * loss[image]!;
      const distance =
        norm === 'l0Pixels'
          ? fewestPixels(g, clean[image]!, drop, problem.shape.channels, step)
          : smallestDrop(norm, g, clean[image]!, drop, step);
      if (distance >= size[image]!) return;
      size[image] = distance;
      best[image]!.set(step);
    });
  }
  return delta;
}

/** The classes other than the label, likeliest first; the first index wins a tie, as in the margin's gradient. */
export function othersByLogit(logits: Float32Array, label: number): Int32Array {
  return Int32Array.from(logits.keys())
    .filter((k) => k !== label)
    .sort((a, b) => logits[b]! - logits[a]! || a - b);
}
