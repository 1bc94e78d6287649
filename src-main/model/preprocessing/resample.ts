import type { Preprocessing } from '../../../shared/plan.ts';
import type { ImageShape } from '../differentiable.ts';
import { spatialMaps } from './matrices.ts';
import type { Band, SpatialMaps } from './matrices.ts';

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
  private readonly rowsFirst: boolean;

  constructor(maps: SpatialMaps, picture: ImageShape, padValue: number) {
    this.maps = maps;
    this.picture = picture;
    this.padValue = padValue;
    this.read = { channels: picture.channels, height: maps.height, width: maps.width };
    const [rows, cols] = [maps.rows?.weights.length ?? 0, maps.cols?.weights.length ?? 0];
    // Either order is right; the cheaper one shrinks first.
    this.rowsFirst = rows * picture.width + cols * maps.height <= cols * picture.height + rows * maps.width;
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
    return this.planes(change, height * width, this.read.height * this.read.width, (plane) =>
      this.rowsFirst ? alongCols(cols, alongRows(rows, plane, width), width) : alongRows(rows, alongCols(cols, plane, width), this.read.width),
    );
  }

  /** The transpose: from a gradient with respect to what is read, [N, C, H', W'], that with respect to the pictures. */
  adjoint(gradient: Float32Array): Float32Array {
    const { rows, cols } = this.maps;
    const { height, width } = this.picture;
    return this.planes(gradient, this.read.height * this.read.width, height * width, (plane) =>
      this.rowsFirst ? backRows(rows, backCols(cols, plane, this.read.width), width) : backCols(cols, backRows(rows, plane, this.read.width), this.read.width),
    );
  }

  private planes(values: Float32Array, from: number, to: number, map: (plane: Float32Array) => Float32Array): Float32Array {
    const count = values.length / from;
    if (!Number.isInteger(count)) throw new Error(`expected planes of ${from} values, got ${values.length}`);
    const out = new Float32Array(count * to);
    for (let p = 0; p < count; p++) out.set(map(values.subarray(p * from, (p + 1) * from)), p * to);
    return out;
  }
}

/**
 * What stands between pictures of this shape and the network.
 * @returns null where the picture is read as it is
 * @throws UserError as `planGeometry`.
 */
export function resamplerOf(spec: Preprocessing, picture: ImageShape): Resampler | null {
  const maps = spatialMaps(spec, picture.height, picture.width);
  return maps.rows || maps.cols || maps.pad ? new Resampler(maps, picture, spec.padValue) : null;
}

/** A preprocessing without its geometry: what is left to do behind a resampler. */
export function withoutGeometry(spec: Preprocessing): Preprocessing {
  return { ...spec, geometry: 'none', width: null, height: null };
}

/** R X of a plane whose rows have `width` values. */
function alongRows(band: Band | null, x: Float32Array, width: number): Float32Array {
  if (!band) return x;
  const { to, first, start, weights } = band;
  const out = new Float32Array(to * width);
  const sum = new Float64Array(width);
  for (let row = 0; row < to; row++) {
    sum.fill(0);
    const begin = start[row]!;
    for (let k = begin; k < start[row + 1]!; k++) {
      const weight = weights[k]!;
      const at = (first[row]! + k - begin) * width;
      for (let i = 0; i < width; i++) sum[i]! += weight * x[at + i]!;
    }
    out.set(sum, row * width);
  }
  return out;
}

/** X C' of a plane whose rows have `width` values. */
function alongCols(band: Band | null, x: Float32Array, width: number): Float32Array {
  if (!band) return x;
  const { to, first, start, weights } = band;
  const height = x.length / width;
  const out = new Float32Array(height * to);
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

/** R' G. */
function backRows(band: Band | null, g: Float32Array, width: number): Float32Array {
  if (!band) return g;
  const { from, to, first, start, weights } = band;
  const out = new Float32Array(from * width);
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

/** G C, rows of `width` values. */
function backCols(band: Band | null, g: Float32Array, width: number): Float32Array {
  if (!band) return g;
  const { from, to, first, start, weights } = band;
  const height = g.length / width;
  const out = new Float32Array(height * from);
  for (let row = 0; row < height; row++)
    for (let col = 0; col < to; col++) {
      const [begin, end] = [start[col]!, start[col + 1]!];
      const at = row * from + first[col]! - begin;
      const value = g[row * to + col]!;
      for (let k = begin; k < end; k++) out[at + k]! += weights[k]! * value;
    }
  return out;
}
