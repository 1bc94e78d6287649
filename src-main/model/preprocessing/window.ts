import type { Preprocessing } from '../../../shared/plan.ts';
import type { ImageShape } from '../differentiable.ts';
import { spatialMaps } from './matrices.ts';
import type { Band, SpatialMaps } from './matrices.ts';

/** A rectangle of a picture, in its pixels. */
export interface Window {
  top: number;
  left: number;
  height: number;
  width: number;
}

/**
 * The part of a picture that the network reads: of a photograph of 800 x 600 that is cropped to its centre, 57 of 100 pixels.
 * @returns null where it is the whole picture
 * @throws UserError as `planGeometry`.
 */
export function windowOf(spec: Preprocessing, picture: ImageShape): Window | null {
  return windowRead(spatialMaps(spec, picture.height, picture.width), picture);
}

/** The same of a geometry that is known as maps. */
export function windowRead({ rows, cols }: SpatialMaps, { height, width }: ImageShape): Window | null {
  const [down, across] = [extent(rows, height), extent(cols, width)];
  if (down.size === height && across.size === width) return null;
  return { top: down.first, left: across.first, height: down.size, width: across.size };
}

function extent(band: Band | null, all: number): { first: number; size: number } {
  if (!band) return { first: 0, size: all };
  let [first, end] = [band.from, 0];
  for (let i = 0; i < band.to; i++) {
    const taps = band.start[i + 1]! - band.start[i]!;
    if (taps === 0) continue;
    first = Math.min(first, band.first[i]!);
    end = Math.max(end, band.first[i]! + taps);
  }
  return { first, size: end - first };
}

/** Of pixels in [0,1] or of levels. */
type Planes = Float32Array | Uint8Array;

/** A window of planes CHW, copied. */
export function cut<P extends Planes>(planes: P, { channels, height, width }: ImageShape, window: Window): P {
  const out = planes.slice(0, channels * window.height * window.width) as P;
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < window.height; y++) {
      const from = (c * height + window.top + y) * width + window.left;
      out.set(planes.subarray(from, from + window.width), (c * window.height + y) * window.width);
    }
  return out;
}

/** Planes CHW with a window of them replaced, copied. */
export function paste<P extends Planes>(planes: P, { channels, height, width }: ImageShape, window: Window, part: P): P {
  const out = planes.slice() as P;
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < window.height; y++) {
      const from = (c * window.height + y) * window.width;
      out.set(part.subarray(from, from + window.width), (c * height + window.top + y) * width + window.left);
    }
  return out;
}
