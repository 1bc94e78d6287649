import { rowsOf } from '../attack.ts';
import type { GradientQuery, Pair, Problem } from '../problem/problem.ts';
import { cost, rivalsAt } from '../cost.ts';
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
 * eq. 2 and section 2.2): `visit` gets the value and the gradient, a view that must not be kept. Targeted, the one
 * model is that of max_{k≠t} f_k - f_t: the paper's f_y - f_t as long as y leads, and no dead end when another class
 * takes its place.
 */
export async function linearize(
  problem: Problem,
  delta: Float32Array,
  { rivals, only, onMargin: seen }: Linearization,
  visit: (image: number, value: number, gradient: Float32Array) => void,
): Promise<void> {
  const { count, classes } = problem;
  const query = await problem.gradient(delta, 'margin', only);
  seen?.(query);
  const gradients = rowsOf(query.gradient, count);
  const pairs: Pair[] = [];
  for (let image = 0; image < count; image++) {
    if (!problem.active[image] || (only && !only[image])) continue;
    visit(image, query.loss[image]!, gradients[image]!);
    if (problem.goal) continue;
    const logits = query.logits.subarray(image * classes, (image + 1) * classes);
    for (const k of byLogit(logits, problem.label[image]!).subarray(1, rivals)) pairs.push({ image, class: k });
  }
  await problem.differences(delta, pairs, ({ image }, value, gradient) => visit(image, value, gradient));
}

/** Of one linearisation: a gradient for each class that is looked at. */
export function linearizationCost(scene: Scene, rivals: number): Cost {
  return cost(Math.max(1, rivalsAt(scene, rivals)));
}

/** The other classes, the likeliest first; the first index wins a tie, as in the margin's gradient. */
function byLogit(logits: Float32Array, own: number): Int32Array {
  return Int32Array.from(logits.keys())
    .filter((k) => k !== own)
    .sort((a, b) => logits[b]! - logits[a]! || a - b);
}
