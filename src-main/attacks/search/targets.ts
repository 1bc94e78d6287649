import { exponentOf, boundaryDistance } from '../../norms/holder.ts';
import { rowsOf } from '../attack.ts';
import { cost, rivalsAt } from '../cost.ts';
import type { Cost, Scene } from '../cost.ts';
import type { Problem } from '../problem/problem.ts';
import { linearizationCost, linearize } from './linearize.ts';
import { othersByLogit } from './nearest.ts';

/** In which order classes are aimed at, see `targetsOf`. */
export const TARGET_ORDERS = ['distance', 'score'] as const;
export type TargetOrder = (typeof TARGET_ORDERS)[number];

/**
 * The classes that each image may be taken to, the most promising first.
 *   score     the likeliest (AutoAttack)
 *   distance  of the `candidates` likeliest, the one whose boundary as linearised at the clean image is nearest (MALT, arXiv 2407.02240).
 *             A class with a zero gradient, of which the linearisation says nothing, goes last: the published program has it first.
 * @param candidates classes whose boundaries are looked at, two passes each
 * @returns per image, all classes but its own; empty where the problem is targeted, or for an image that takes no part
 */
export async function targetsOf(problem: Problem, order: TargetOrder, candidates: number): Promise<Int32Array[]> {
  const { count, norm } = problem;
  const zero = new Float32Array(problem.clean.length);
  const ranked: Int32Array[] = Array.from({ length: count }, () => new Int32Array());
  if (problem.goal) return ranked;
  const far = Array.from({ length: count }, () => new Map<number, number>());
  let logits: Float32Array;
  if (order === 'score') ({ logits } = await problem.query(zero));
  else {
    const p = exponentOf(norm);
    let seen = new Float32Array();
    const onMargin = (query: { logits: Float32Array }): void => void (seen = query.logits.slice());
    await linearize(problem, zero, { rivals: candidates, onMargin }, (image, value, gradient, rival) => {
      const distance = boundaryDistance(p, value, gradient);
      far[image]!.set(rival, distance);
    });
    logits = seen;
  }
  rowsOf(logits, count).forEach((f, image) => {
    if (!problem.active[image]) return;
    const distance = (k: number): number => far[image]!.get(k) ?? Infinity;
    // Stable: of equals, and of classes that nobody looked at, the likeliest first.
    const by = (a: number, b: number): number => (distance(a) === distance(b) ? 0 : distance(a) - distance(b));
    ranked[image] = othersByLogit(f, problem.label[image]!).sort(by);
  });
  return ranked;
}

export function targetsCost(scene: Scene, order: TargetOrder, candidates: number): Cost {
  if (scene.targeted) return cost(0);
  return order === 'score' ? cost(0, 1) : linearizationCost(scene, rivalsAt(scene, candidates));
}
