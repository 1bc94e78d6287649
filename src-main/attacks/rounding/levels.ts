import { within } from '../../../shared/norms.ts';
import type { Norm } from '../../../shared/norms.ts';
import { distance } from '../../norms/distances.ts';
import type { Access } from '../../../shared/access.ts';
import type { Reply } from '../search/run-searches.ts';

/** Pixel value of each level as a decoded 8-bit picture has it. */
export const PIXEL = Float32Array.from({ length: 256 }, (_, level) => level / 255);

/**
 * How far below zero the margin must be, as a share of the largest |logit|, before an 8-bit image is trusted: the
 * original model in a session of its own sums in another order.
 */
const SAFETY = 1e-4;

/** The best 8-bit image of one picture: a safe one before an unsafe one, then the nearest. */
export class EightBit {
  readonly clean: Uint8Array;
  levels: Uint8Array | null = null;
  distance = Infinity;
  safe = false;
  /** What may be asked of the model. */
  readonly access: Access;
  private readonly norm: Norm;
  private readonly epsilon: number | undefined;
  private readonly channels: number;
  private readonly pixels: Float32Array;

  /** @param pixels the clean picture: exact multiples of 1/255 */
  constructor(norm: Norm, epsilon: number | undefined, pixels: Float32Array, channels: number, access: Access) {
    this.access = access;
    this.norm = norm;
    this.channels = channels;
    this.epsilon = epsilon;
    this.pixels = pixels;
    this.clean = toLevels(pixels);
  }

  distanceOf(levels: Uint8Array): number {
    return distance(this.norm, toPixels(levels), this.pixels, this.channels);
  }

  inBudget(levels: Uint8Array): boolean {
    return this.epsilon === undefined || within(this.distanceOf(levels), this.epsilon);
  }

  /** Keeps `levels` (the array itself) when it is the best success so far; tells whether it is a safe one. */
  offer(levels: Uint8Array, reply: Reply): boolean {
    if (!reply.success || reply.margin >= 0 || !this.inBudget(levels)) return false;
    // Without scores nobody can tell how deep it lies.
    const safe = this.access === 'decision' || reply.margin < -SAFETY * largestLogit(reply);
    const size = this.distanceOf(levels);
    if (safe === this.safe ? size < this.distance : safe) {
      this.levels = levels;
      this.distance = size;
      this.safe = safe;
    }
    return safe;
  }
}

export function largestLogit(reply: Reply): number {
  return reply.logits.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
}

export function toLevels(pixels: Float32Array): Uint8Array {
  return Uint8Array.from(pixels, (p) => clampLevel(Math.round(p * 255)));
}

export function toPixels(levels: Uint8Array): Float32Array {
  return Float32Array.from(levels, (level) => PIXEL[level]!);
}

export function clampLevel(level: number): number {
  return level < 0 ? 0 : level > 255 ? 255 : level;
}

/** clean + scale · δ, rounded to the nearest level; δ in units of [0,1]. */
export function scaled(clean: Uint8Array, delta: Float32Array, scale: number): Uint8Array {
  return clean.map((level, j) => clampLevel(Math.round(level + scale * 255 * delta[j]!)));
}
