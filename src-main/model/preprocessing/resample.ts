import type { Preprocessing } from '../../../shared/plan.ts';
import type { ImageShape } from '../differentiable.ts';
import { spatialMaps } from './matrices.ts';
import type { Band, SpatialMaps } from './matrices.ts';
import { windowRead } from './window.ts';
import type { Window } from './window.ts';

/**
 * The geometry of a preprocessing (resize, crop, pad) between a picture of any size and the size that the network reads. It
 * stands before the differentiated graph and not in it: the graph then costs the same for every picture, and a photograph
 * only the few products that its pixels really enter into. Every picture of a batch by itself, in a fixed order: the same bits
 * whatever stands beside it.
 */
export class Resampler {
  /** The picture's channels at the size that the network reads. */
  readonly read: ImageShape;
  private readonly picture: ImageShape;
  private readonly maps: SpatialMaps;
  private readonly padValue: number;
  /** Along the rows first, then along the columns: either order is right, and the cheaper one shrinks first. */
  private readonly rowsFirst: boolean;
  /** A plane between the two passes. */
  private readonly between: Float32Array;
  private readonly sum: Float64Array;

  constructor(maps: SpatialMaps, picture: ImageShape, padValue: number, rowsFirst: boolean) {
    this.maps = maps;
    this.picture = picture;
    this.padValue = padValue;
    this.read = { channels: picture.channels, height: maps.height, width: maps.width };
    this.rowsFirst = rowsFirst;
    this.between = new Float32Array(this.rowsFirst ? maps.height * picture.width : picture.height * maps.width);
    this.sum = new Float64Array(Math.max(picture.width, maps.width));
  }

  /** @param pixels batch of pictures, [N, C, H, W] @returns what is read of them, [N, C, H', W'], border included */
  forward(pixels: Float32Array): Float32Array {
    const out = this.linear(pixels);
    const { pad } = this.maps;
    if (pad && this.padValue !== 0) for (let at = 0; at < out.length; at += pad.length) for (let i = 0; i < pad.length; i++) out[at + i]! += pad[i]! * this.padValue;
    return out;
  }

  /** The same without the border's constant: what becomes of a change of the pictures. */
  linear(change: Float32Array): Float32Array {
    const { rows, cols } = this.maps;
    const { height, width } = this.picture;
    const { between, sum } = this;
    return this.planes(change, height * width, this.read.height * this.read.width, (plane, out) => {
      if (this.rowsFirst) alongCols(cols, alongRows(rows, plane, width, between, sum), width, out);
      else alongRows(rows, alongCols(cols, plane, width, between), this.read.width, out, sum);
    });
  }

  /** The transpose: from a gradient with respect to what is read, [N, C, H', W'], that with respect to the pictures. */
  adjoint(gradient: Float32Array): Float32Array {
    const { rows, cols } = this.maps;
    const { height, width } = this.picture;
    const { between } = this;
    return this.planes(gradient, this.read.height * this.read.width, height * width, (plane, out) => {
      between.fill(0);
      if (this.rowsFirst) backRows(rows, backCols(cols, plane, this.read.width, between), width, out);
      else backCols(cols, backRows(rows, plane, this.read.width, between), this.read.width, out);
    });
  }

  private planes(values: Float32Array, from: number, to: number, map: (plane: Float32Array, out: Float32Array) => void): Float32Array {
    const count = values.length / from;
    if (!Number.isInteger(count)) throw new Error(`expected planes of ${from} values, got ${values.length}`);
    const out = new Float32Array(count * to);
    for (let p = 0; p < count; p++) map(values.subarray(p * from, (p + 1) * from), out.subarray(p * to, (p + 1) * to));
    return out;
  }
}

/**
 * What stands between pictures of this shape and the network.
 * @param window of the picture: the resampler then stands between that part of it and the network, which must read nothing else
 * @returns null where the picture is read as it is
 * @throws UserError as `planGeometry`.
 */
export function resamplerOf(spec: Preprocessing, picture: ImageShape, window: Window | null = null): Resampler | null {
  const maps = spatialMaps(spec, picture.height, picture.width);
  if (!maps.rows && !maps.cols && !maps.pad) return null;
  // Of the part that is read, so that both orders, and with them the bits, are the same with and without a window.
  const { height, width } = windowRead(maps, picture) ?? picture;
  const [rows, cols] = [maps.rows?.weights.length ?? 0, maps.cols?.weights.length ?? 0];
  const rowsFirst = rows * width + cols * maps.height <= cols * height + rows * maps.width;
  if (!window) return new Resampler(maps, picture, spec.padValue, rowsFirst);
  const part = { ...maps, rows: within(maps.rows, window.top, window.height), cols: within(maps.cols, window.left, window.width) };
  return new Resampler(part, { ...picture, height: window.height, width: window.width }, spec.padValue, rowsFirst);
}

/** A band that reads `size` of its inputs from `begin` on, and is given no others. */
function within(band: Band | null, begin: number, size: number): Band | null {
  return band && { ...band, from: size, first: band.first.map((at) => Math.max(0, at - begin)) };
}

/** A preprocessing without its geometry: what is left to do behind a resampler. */
export function withoutGeometry(spec: Preprocessing): Preprocessing {
  return { ...spec, geometry: 'none', width: null, height: null };
}

/** R X of a plane whose rows have `width` values, into `out`. */
function alongRows(band: Band | null, x: Float32Array, width: number, out: Float32Array, sum: Float64Array): Float32Array {
  if (!band) return copied(x, out);
  const { to, first, start, weights } = band;
  for (let row = 0; row < to; row++) {
    sum.fill(0, 0, width);
    const begin = start[row]!;
    for (let k = begin; k < start[row + 1]!; k++) {
      const weight = weights[k]!;
      const at = (first[row]! + k - begin) * width;
      for (let i = 0; i < width; i++) sum[i]! += weight * x[at + i]!;
    }
    const into = row * width;
    for (let i = 0; i < width; i++) out[into + i] = sum[i]!;
  }
  return out;
}

/** X C' of a plane whose rows have `width` values, into `out`. */
function alongCols(band: Band | null, x: Float32Array, width: number, out: Float32Array): Float32Array {
  if (!band) return copied(x, out);
  const { to, first, start, weights } = band;
  const height = x.length / width;
  for (let row = 0; row < height; row++)
    for (let col = 0; col < to; col++) {
      const [begin, end] = [start[col]!, start[col + 1]!];
      const at = row * width + first[col]! - begin;
      let sum = 0;
      for (let k = begin; k < end; k++) sum += weights[k]! * x[at + k]!;
      out[row * to + col] = sum;
    }
  return out;
}

/** R' G, added to `out`. */
function backRows(band: Band | null, g: Float32Array, width: number, out: Float32Array): Float32Array {
  if (!band) return copied(g, out);
  const { to, first, start, weights } = band;
  for (let row = 0; row < to; row++) {
    const begin = start[row]!;
    for (let k = begin; k < start[row + 1]!; k++) {
      const weight = weights[k]!;
      const [at, into] = [row * width, (first[row]! + k - begin) * width];
      for (let i = 0; i < width; i++) out[into + i]! += weight * g[at + i]!;
    }
  }
  return out;
}

/** G C, rows of `width` values, added to `out`. */
function backCols(band: Band | null, g: Float32Array, width: number, out: Float32Array): Float32Array {
  if (!band) return copied(g, out);
  const { from, to, first, start, weights } = band;
  const height = g.length / width;
  for (let row = 0; row < height; row++)
    for (let col = 0; col < to; col++) {
      const [begin, end] = [start[col]!, start[col + 1]!];
      const at = row * from + first[col]! - begin;
      const value = g[row * to + col]!;
      for (let k = begin; k < end; k++) out[at + k]! += weights[k]! * value;
    }
  return out;
}

function copied(x: Float32Array, out: Float32Array): Float32Array {
  out.set(x);
  return out;
}
