import type { Preprocessing } from '../../../shared/plan.ts';
import { weightedColumns, weightedRows } from '../../simd/index.ts';
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
  /** The transposes of both, so that a gradient is gathered as pixels are. */
  private readonly back: { rows: Band | null; cols: Band | null };
  /** A plane between the two passes. */
  private readonly between: Float32Array;

  constructor(maps: SpatialMaps, picture: ImageShape, padValue: number, rowsFirst: boolean) {
    this.maps = maps;
    this.picture = picture;
    this.padValue = padValue;
    this.read = { channels: picture.channels, height: maps.height, width: maps.width };
    this.rowsFirst = rowsFirst;
    this.back = { rows: maps.rows && transposed(maps.rows), cols: maps.cols && transposed(maps.cols) };
    this.between = new Float32Array(this.rowsFirst ? maps.height * picture.width : picture.height * maps.width);
  }

  /** @param pixels batch of pictures, [N, C, H, W] @returns what is read of them, [N, C, H', W'], border included */
  forward(pixels: Float32Array): Float32Array {
    const out = this.linear(pixels);
    const { pad } = this.maps;
    if (pad && this.padValue !== 0)
      for (let at = 0; at < out.length; at += pad.length) for (let i = 0; i < pad.length; i++) out[at + i]! += pad[i]! * this.padValue;
    return out;
  }

  /** The same without the border's constant: what becomes of a change of the pictures. */
  linear(change: Float32Array): Float32Array {
    const { rows, cols } = this.maps;
    const { height, width } = this.picture;
    const { between } = this;
    return this.planes(change, height * width, this.read.height * this.read.width, (plane, out) => {
      if (this.rowsFirst) alongCols(cols, alongRows(rows, plane, width, between), width, out);
      else alongRows(rows, alongCols(cols, plane, width, between), this.read.width, out);
    });
  }

  /** The transpose: from a gradient with respect to what is read, [N, C, H', W'], that with respect to the pictures, in `into` where it is given. */
  adjoint(gradient: Float32Array, into?: Float32Array): Float32Array {
    const { rows, cols } = this.back;
    const { height, width } = this.picture;
    const { between } = this;
    return this.planes(
      gradient,
      this.read.height * this.read.width,
      height * width,
      (plane, out) => {
        if (this.rowsFirst) alongRows(rows, alongCols(cols, plane, this.read.width, between), width, out);
        else alongCols(cols, alongRows(rows, plane, this.read.width, between), this.read.width, out);
      },
      into,
    );
  }

  private planes(
    values: Float32Array,
    from: number,
    to: number,
    map: (plane: Float32Array, out: Float32Array) => void,
    into?: Float32Array,
  ): Float32Array {
    const count = values.length / from;
    if (!Number.isInteger(count)) throw new Error(`expected planes of ${from} values, got ${values.length}`);
    const out = into ?? new Float32Array(count * to);
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
function alongRows(band: Band | null, x: Float32Array, width: number, out: Float32Array): Float32Array {
  if (!band) out.set(x);
  else
    for (let o = 0; o < band.to; o++)
      weightedRows(x, band.first[o]! * width, width, band.weights, band.start[o]!, band.start[o + 1]!, out, o * width, width);
  return out;
}

/** X C' of a plane whose rows have `width` values, into `out`. */
function alongCols(band: Band | null, x: Float32Array, width: number, out: Float32Array): Float32Array {
  if (band) weightedColumns(x, width, band, out);
  else out.set(x);
  return out;
}

/** The transpose: what was read from an input is an output of it. Both ends of the taps move on with the output, so these lie together, too. */
function transposed({ from, to, first, start, weights }: Band): Band {
  const found: { first: number; weights: number[] }[] = Array.from({ length: from }, () => ({ first: 0, weights: [] }));
  for (let out = 0; out < to; out++)
    for (let k = start[out]!; k < start[out + 1]!; k++) {
      const one = found[first[out]! + k - start[out]!]!;
      if (one.weights.length === 0) one.first = out;
      one.weights.push(weights[k]!);
    }
  const starts = new Int32Array(from + 1);
  for (let i = 0; i < from; i++) starts[i + 1] = starts[i]! + found[i]!.weights.length;
  return {
    from: to,
    to: from,
    first: Int32Array.from(found, (one) => one.first),
    start: starts,
    weights: Float64Array.from(found.flatMap((one) => one.weights)),
  };
}
