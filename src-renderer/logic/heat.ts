import type { Pixels } from './difference.ts';
import { rampAt } from './ramp.ts';
import type { Point } from './zoom.ts';

/** Which subset each pixel is in; with more than one plane, each of its values. */
export interface Cells {
  width: number;
  height: number;
  planes: number;
  /** Planes one after the other, row by row; -1: in none. */
  of: Int32Array;
  count: number;
}

/** A value for each subset; NaN where there is none. */
export type Values = ArrayLike<number>;

/** The subset that a pixel stands for: of several, as of single values, the one with the most. -1: none. */
export function subsetAt({ width, height, planes, of }: Cells, { x, y }: Point, values: Values): number {
  let best = -1;
  for (let c = 0; c < planes; c++) {
    const here = of[(c * height + y) * width + x]!;
    if (here >= 0 && (best < 0 || Number.isNaN(values[best]!) || values[here]! > values[best]!)) best = here;
  }
  return best;
}

/** The largest value there is; 0 where none is above. */
export function largest(values: Values): number {
  let most = 0;
  for (let s = 0; s < values.length; s++) if (values[s]! > most) most = values[s]!;
  return most;
}

/** How values lie on the ramp: in proportion, or by their root, which tells small ones apart where few are large. */
export const SCALES = ['linear', 'root'] as const;
export type ScaleName = (typeof SCALES)[number];

/** Place on a scale from 0 to `most`, 0 to 1. */
export function shareOn(scale: ScaleName, value: number, most: number): number {
  const share = most > 0 ? Math.min(1, Math.max(0, value / most)) : 0;
  return scale === 'root' ? Math.sqrt(share) : share;
}

/** Where there is no value: grey of middle lightness. */
export const NO_VALUE = [128, 128, 128] as const;

/**
 * Values over a picture. The more of the map is seen, the less colour the picture keeps: colours then mean values alone.
 * @param share place of a value on the ramp, 0 to 1
 * @param opacity 0: the picture, 1: the map
 */
export function heatOver(picture: Pixels, cells: Cells, values: Values, share: (value: number) => number, opacity: number): Pixels {
  const data = new Uint8ClampedArray(picture.data.length);
  for (let p = 0; p < cells.width * cells.height; p++) {
    const subset = subsetAt(cells, { x: p % cells.width, y: Math.floor(p / cells.width) }, values);
    const value = subset < 0 ? NaN : values[subset]!;
    const colour = Number.isNaN(value) ? NO_VALUE : rampAt(share(value));
    const own = picture.data.subarray(4 * p, 4 * p + 3);
    const grey = 0.2126 * own[0]! + 0.7152 * own[1]! + 0.0722 * own[2]!;
    for (let c = 0; c < 3; c++) {
      const below = own[c]! + (grey - own[c]!) * opacity;
      data[4 * p + c] = below + (colour[c]! - below) * opacity;
    }
    data[4 * p + 3] = 255;
  }
  return { width: picture.width, height: picture.height, data };
}

/** Pixels that have a value in one of some subsets, ascending. */
export function pixelsOf({ width, height, of }: Cells, subsets: ReadonlySet<number>): number[] {
  const plane = width * height;
  const found = new Set<number>();
  of.forEach((subset, j) => {
    if (subsets.has(subset)) found.add(j % plane);
  });
  return [...found].sort((a, b) => a - b);
}

/** The subsets of the largest values, the first number first where equal; those without a value, or none above 0, are left out. */
export function topSubsets(values: Values, howMany: number): number[] {
  return Array.from(values, (_, subset) => subset)
    .filter((subset) => values[subset]! > 0)
    .sort((a, b) => values[b]! - values[a]! || a - b)
    .slice(0, howMany);
}
