import type { Objective } from '../model/differentiable.ts';
import { CountedProblem } from '../attacks/problem/counted.ts';
import type { GradientQuery } from '../attacks/problem/problem.ts';

/** Losses at the end that are looked at. */
const LAST = 10;

/** Keeps each image's losses, in the order in which an attack asked for their gradients. */
export class TracedProblem extends CountedProblem {
  private readonly losses: number[][] = Array.from({ length: this.count }, () => []);

  override async gradient(delta: Float32Array, loss: Objective, only?: Uint8Array, towards?: Int32Array): Promise<GradientQuery> {
    const asked = this.active.slice();
    const answer = await super.gradient(delta, loss, only, towards);
    for (let image = 0; image < this.count; image++)
      if (asked[image] && this.failure[image] === null && (!only || only[image])) this.losses[image]!.push(answer.loss[image]!);
    return answer;
  }

  /**
   * By what share of all that the smallest loss so far fell it fell in the last steps; 0 of one that never fell, null of too few.
   */
  falling(image: number): number | null {
    const losses = this.losses[image]!;
    if (losses.length <= LAST) return null;
    const smallest = (of: readonly number[]): number => of.reduce((least, loss) => Math.min(least, loss), Infinity);
    const [start, before, end] = [losses[0]!, smallest(losses.slice(0, -LAST)), smallest(losses)];
    return start > end ? (before - end) / (start - end) : 0;
  }
}
