import type { Preprocessing } from '../../../shared/plan.ts';
import { planGeometry } from './geometry.ts';
import type { Axis } from './geometry.ts';

/**
 * A linear map of one axis, `from` values to `to`, in which every output is a weighted sum of a few neighbouring inputs: output i
 * of the inputs from `first[i]` on, with the weights from `start[i]` to `start[i + 1]`.
 */
export interface Band {
  from: number;
  to: number;
  first: Int32Array;
  start: Int32Array;
  weights: Float64Array;
}

/**
 * A geometry as a linear map: out = R X C' for every channel, plus the pad value where `pad` is 1.
 * null stands for the identity, or for no padding.
 */
export interface SpatialMaps {
  height: number;
  width: number;
  /** R: height x picture height. */
  rows: Band | null;
  /** C: width x picture width. */
  cols: Band | null;
  /** height x width, 1 on padded pixels. */
  pad: Float32Array | null;
}

/**
 * Resizing, cropping and padding are all separable and linear in the pixels, so that two matrices say everything: the
 * gradient is their transpose, and crops stay exact (rows of a 0/1 matrix). Nearly all of their entries are 0, and only the
 * others are kept: a photograph's matrices would be larger than the photograph, and a product with them cost more than the network.
 * Kernels are PIL's: antialiased by stretching the kernel when shrinking (Resample.c), bicubic with a = -1/2, nearest
 * takes the pixel below the centre. Unlike PIL on 8-bit pictures nothing is rounded or clipped between the passes.
 * @throws UserError as `planGeometry`.
 */
export function spatialMaps(spec: Preprocessing, height: number, width: number): SpatialMaps {
  const { rows, cols } = planGeometry(spec, height, width);
  return { height: rows.to, width: cols.to, rows: axisBand(rows, spec), cols: axisBand(cols, spec), pad: padding(rows, cols) };
}

function axisBand(axis: Axis, spec: Preprocessing): Band | null {
  const { from, scaled, to, offset } = axis;
  if (from === scaled && scaled === to) return null;
  const first = new Int32Array(to);
  const start = new Int32Array(to + 1);
  const weights: number[] = [];
  for (let out = 0; out < to; out++) {
    const sample = out - offset;
    if (sample >= 0 && sample < scaled) {
      const found = taps(sample, axis, spec.interpolation);
      first[out] = found.first;
      weights.push(...found.weights);
    }
    start[out + 1] = weights.length;
  }
  return { from, to, first, start, weights: Float64Array.from(weights) };
}

/** Which source pixels make up a scaled one, and with what weights (they sum to 1). */
function taps(sample: number, { from, scaled }: Axis, interpolation: Preprocessing['interpolation']): { first: number; weights: number[] } {
  if (from === scaled) return { first: sample, weights: [1] };
  // floor((sample + 1/2) * from / scaled), in whole numbers so that ties do not depend on rounding.
  if (interpolation === 'nearest') return { first: Math.floor(((2 * sample + 1) * from) / (2 * scaled)), weights: [1] };
  const { support, kernel } = KERNELS[interpolation];
  const scale = from / scaled;
  const stretch = Math.max(scale, 1);
  const centre = (sample + 0.5) * scale;
  const first = Math.max(0, Math.floor(centre - support * stretch + 0.5));
  const end = Math.min(from, Math.floor(centre + support * stretch + 0.5));
  const weights = Array.from({ length: end - first }, (_, i) => kernel((first + i + 0.5 - centre) / stretch));
  const sum = weights.reduce((a, b) => a + b, 0);
  return { first, weights: weights.map((w) => w / sum) };
}

const KERNELS = {
  bilinear: { support: 1, kernel: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    // Keys 1981 with a = -1/2.
    kernel: (x: number) => {
      const t = Math.abs(x);
      if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
      return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
    },
  },
};

function padding(rows: Axis, cols: Axis): Float32Array | null {
  const covers = ({ offset, scaled, to }: Axis): boolean => offset <= 0 && offset + scaled >= to;
  if (covers(rows) && covers(cols)) return null;
  const inside = ({ offset, scaled }: Axis, at: number): boolean => at >= offset && at < offset + scaled;
  const isPadded = (y: number, x: number): number => (inside(rows, y) && inside(cols, x) ? 0 : 1);
  return Float32Array.from({ length: rows.to * cols.to }, (_, i) => isPadded(Math.floor(i / cols.to), i % cols.to));
}
