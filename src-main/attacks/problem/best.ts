import { isCount, within } from '../../../shared/norms.ts';
import type { Norm } from '../../../shared/norms.ts';
import { distance } from '../../norms/distances.ts';

/** A success is firm that lies at least so deep as this share of the deepest one. */
const FIRM = 0.01;

/**
 * The best points each image of a batch has reached. Points are kept as pixels, not as δ: clean + (pixels - clean)
 * need not be the same float again.
 */
export class Best {
  private readonly norm: Norm;
  private readonly epsilon: number | undefined;
  private readonly channels: number;
  private readonly clean: Float32Array[];
  private readonly nearest: (Float32Array | null)[];
  private readonly nearestDistance: Float64Array;
  private readonly nearestMargin: Float64Array;
  private readonly level: (Float32Array | null)[];
  private readonly levelDistance: Float64Array;
  private readonly deepest: (Float32Array | null)[];
  private readonly deepestMargin: Float64Array;
  private readonly firm: (Float32Array | null)[];
  private readonly firmDistance: Float64Array;
  private readonly firmMargin: Float64Array;

  constructor(norm: Norm, epsilon: number | undefined, clean: Float32Array, count: number, channels: number) {
    const d = clean.length / count;
    this.norm = norm;
    this.epsilon = epsilon;
    this.channels = channels;
    this.clean = Array.from({ length: count }, (_, i) => clean.subarray(i * d, (i + 1) * d));
    this.nearest = this.clean.map(() => null);
    this.level = this.clean.map(() => null);
    this.levelDistance = new Float64Array(count).fill(Infinity);
    this.deepest = this.clean.map(() => null);
    this.nearestDistance = new Float64Array(count).fill(Infinity);
    this.nearestMargin = new Float64Array(count).fill(Infinity);
    this.deepestMargin = new Float64Array(count).fill(Infinity);
    this.firm = this.clean.map(() => null);
    this.firmDistance = new Float64Array(count).fill(Infinity);
    this.firmMargin = new Float64Array(count).fill(Infinity);
  }

  /** A success; of equally near ones the deeper is kept, for it survives rounding better. Copies `pixels`. */
  offer(image: number, pixels: Float32Array, margin: number): void {
    const size = distance(this.norm, pixels, this.clean[image]!, this.channels);
    if (this.epsilon !== undefined && !within(size, this.epsilon)) return;
    const known = this.nearestDistance[image]!;
    if (size < known || (size === known && margin < this.nearestMargin[image]!)) {
      (this.nearest[image] ??= new Float32Array(pixels.length)).set(pixels);
      this.nearestDistance[image] = size;
      this.nearestMargin[image] = margin;
    }
    if (size < this.levelDistance[image]! && isEightBit(pixels)) {
      (this.level[image] ??= new Float32Array(pixels.length)).set(pixels);
      this.levelDistance[image] = size;
    }
    const deepest = margin < this.deepestMargin[image]!;
    if (deepest) this.deepestMargin[image] = margin;
    if (this.epsilon !== undefined && deepest) (this.deepest[image] ??= new Float32Array(pixels.length)).set(pixels);
    const enough = FIRM * this.deepestMargin[image]!;
    if (
      this.epsilon === undefined &&
      isCount(this.norm) &&
      margin <= enough &&
      (size < this.firmDistance[image]! || this.firmMargin[image]! > enough)
    ) {
      (this.firm[image] ??= new Float32Array(pixels.length)).set(pixels);
      this.firmDistance[image] = size;
      this.firmMargin[image] = margin;
    }
  }

  distance(image: number): number {
    return this.nearestDistance[image]!;
  }

  pixels(image: number): Float32Array | null {
    return this.nearest[image]!;
  }

  /** Margin of the nearest success. */
  margin(image: number): number {
    return this.nearestMargin[image]!;
  }

  /** The nearest success that happened to be an 8-bit picture, or null. */
  levelPixels(image: number): Float32Array | null {
    return this.level[image]!;
  }

  /** Where changes are counted, a near success that does not lie just behind the boundary, for where the nearest is lost by rounding; or null. */
  firmPixels(image: number): Float32Array | null {
    return this.firm[image]!;
  }

  /** Of the successes within a fixed budget the one with the lowest margin; null without a budget or a success. */
  deepestPixels(image: number): Float32Array | null {
    return this.deepest[image]!;
  }
}

/** Whether every pixel is a multiple of 1/255, as far as a float can tell. */
function isEightBit(pixels: Float32Array): boolean {
  for (let j = 0; j < pixels.length; j++) {
    const level = pixels[j]! * 255;
    if (Math.abs(level - Math.round(level)) > 1e-3) return false;
  }
  return true;
}
