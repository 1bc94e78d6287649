import { within } from '../../../shared/norms.ts';
import type { Norm } from '../../../shared/norms.ts';
import { distance } from '../../norms/distances.ts';

/**
 * Of the points within a budget that did not reach the goal the one that came nearest to it: the lowest margin. Kept for
 * whoever looks at one image; an audit has no use for it.
 */
export class LowestMargin {
  private readonly known: { pixels: Float32Array; margin: number }[] = [];
  private readonly norm: Norm;
  private readonly epsilon: number;
  private readonly channels: number;

  constructor(norm: Norm, epsilon: number, channels: number) {
    this.norm = norm;
    this.epsilon = epsilon;
    this.channels = channels;
  }

  /** Copies `pixels`. */
  offer(image: number, pixels: Float32Array, margin: number, clean: Float32Array): void {
    const known = this.known[image];
    if (known && !(margin < known.margin)) return;
    if (!within(distance(this.norm, pixels, clean, this.channels), this.epsilon)) return;
    this.known[image] = { pixels: pixels.slice(), margin };
  }

  pixels(image: number): Float32Array | null {
    return this.known[image]?.pixels ?? null;
  }
}
