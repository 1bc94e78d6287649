/** Size of a picture whose values lie as planes CHW. */
export interface Planes {
  channels: number;
  height: number;
  width: number;
}

/**
 * A partition S = {S_1, …, S_S} of a picture's features into subsets that are changed together (Balda et al., section 4).
 * Subsets need not be equally large, and features may belong to none: those are never changed.
 */
export interface Partition {
  /** S. */
  readonly count: number;
  /** Subset of each feature; -1: none. */
  readonly of: Int32Array;
}

/** Each pixel with all its channels. */
export function byPixel(shape: Planes): Partition {
  return byPosition(shape, shape.height * shape.width, (y, x) => y * shape.width + x);
}

/** Each value on its own. */
export function byFeature({ channels, height, width }: Planes): Partition {
  const count = channels * height * width;
  return { count, of: Int32Array.from({ length: count }, (_, j) => j) };
}

/** Each colour plane. */
export function byChannel({ channels, height, width }: Planes): Partition {
  const plane = height * width;
  return { count: channels, of: Int32Array.from({ length: channels * plane }, (_, j) => Math.floor(j / plane)) };
}

/**
 * Blocks of `high` x `wide` pixels from the top left corner; those at the right and lower edge may be smaller.
 * @throws RangeError for blocks that are no whole number of pixels
 */
export function byBlock(shape: Planes, high: number, wide: number): Partition {
  if (!Number.isInteger(high) || !Number.isInteger(wide) || high < 1 || wide < 1)
    throw new RangeError(`blocks of ${high} x ${wide} pixels`);
  const across = Math.ceil(shape.width / wide);
  return byPosition(shape, across * Math.ceil(shape.height / high), (y, x) => Math.floor(y / high) * across + Math.floor(x / wide));
}

export function byRow(shape: Planes): Partition {
  return byPosition(shape, shape.height, (y) => y);
}

export function byColumn(shape: Planes): Partition {
  return byPosition(shape, shape.width, (_, x) => x);
}

/**
 * The user's own: a number for each pixel, row by row; equal numbers are one subset, 0 is never changed.
 * @throws RangeError when there is not one number for each pixel
 */
export function byMask(shape: Planes, mask: ArrayLike<number>): Partition {
  const { height, width } = shape;
  if (mask.length !== height * width) throw new RangeError(`a mask of ${mask.length} numbers for ${height * width} pixels`);
  const names = [...new Set(Array.from(mask))].filter((name) => name !== 0).sort((a, b) => a - b);
  const rank = new Map(names.map((name, s) => [name, s]));
  return byPosition(shape, names.length, (y, x) => rank.get(mask[y * width + x]!) ?? -1);
}

/** How many features each subset has. */
export function subsetSizes({ count, of }: Partition): Uint32Array {
  const sizes = new Uint32Array(count);
  for (const s of of) if (s >= 0) sizes[s]!++;
  return sizes;
}

/** The mixed norm ‖η‖_{0,S}: subsets in which at least one feature changes. */
export function subsetsChanged({ count, of }: Partition, delta: ArrayLike<number>): number {
  const changed = new Uint8Array(count);
  for (let j = 0; j < of.length; j++) if (of[j]! >= 0 && delta[j] !== 0) changed[of[j]!] = 1;
  return changed.reduce((sum, one) => sum + one, 0);
}

function byPosition({ channels, height, width }: Planes, count: number, subset: (y: number, x: number) => number): Partition {
  const plane = height * width;
  const of = new Int32Array(channels * plane);
  for (let p = 0; p < plane; p++) {
    const s = subset(Math.floor(p / width), p % width);
    for (let c = 0; c < channels; c++) of[c * plane + p] = s;
  }
  return { count, of };
}
