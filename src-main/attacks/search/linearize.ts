import { rowsOf } from '../attack.ts';
import type { GradientQuery, Pair, Problem } from '../problem/problem.ts';
import { cost, rivalsAt } from '../cost.ts';
import { othersByLogit } from './nearest.ts';
import type { Cost, Scene } from '../cost.ts';

export interface Linearization {
  /** Classes looked at; targeted, the goal's margin alone is. */
  rivals: number;
  /** Images that take part; absent: all. */
  only?: Uint8Array;
  /** Told of the margin before the other classes are asked for: an image taken out of `only` here costs no more. */
  onMargin?: (query: GradientQuery) => void;
}

/**
 * The first-order model L(η̃) + ∇L·(η - η̃) of every difference L_l = f_y - f_l at the images' points η̃ (Balda et al.,
 * eq. 2 and section 2.2): `visit` gets the value, the gradient, a view that must not be kept, and the class l. Targeted, the one
 * model is that of max_{k≠t} f_k - f_t: the paper's f_y - f_t as long as y leads, and no dead end when another class
 * takes its place.
 */
export async function linearize(
  problem: Problem,
  delta: Float32Array,
  { rivals, only, onMargin: seen }: Linearization,
  visit: (image: number, value: number, gradient: Float32Array, rival: number) => void,
): Promise<void> {
  const { count, classes } = problem;
  const query = await problem.gradient(delta, 'margin', only);
  seen?.(query);
  const gradients = rowsOf(query.gradient, count);
  const pairs: Pair[] = [];
  for (let image = 0; image < count; image++) {
    if (!problem.active[image] || (only && !only[image])) continue;
    const others = othersByLogit(query.logits.subarray(image * classes, (image + 1) * classes), problem.label[image]!);
    visit(image, query.loss[image]!, gradients[image]!, problem.goal?.[image] ?? others[0]!);
    if (!problem.goal) for (const k of others.subarray(1, rivals)) pairs.push({ image, class: k });
  }
  await problem.differences(delta, pairs, (pair, value, gradient) => visit(pair.image, value, gradient, pair.class));
}

/** Of one linearisation: a gradient for each class that is looked at. */
export function linearizationCost(scene: Scene, rivals: number): Cost {
  return cost(Math.max(1, rivalsAt(scene, rivals)));
}
