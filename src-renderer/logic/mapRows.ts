import type { Cells, Values } from './heat.ts';
import { readable } from './numbers.ts';

/** The maps there are: first order, by the Jacobian's columns, and what the network really does. */
export const MAPS = ['linear', 'quadratic', 'moved'] as const;
export type MapName = (typeof MAPS)[number];

/** A value of a map as people read it, the same wherever it stands. */
export function mapNumber(value: number): string {
  return readable(value, 4);
}

/** Where a subset lies: the box around its pixels, and how many values it has. */
export interface Place {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  /** Pixels with a value in it. */
  pixels: number;
  /** Plane of its values; null where it has all of a pixel's. */
  plane: number | null;
}

export type MapSort = 'rank' | 'position' | MapName;

export function placesOf({ width, height, planes, of, count }: Cells): Place[] {
  const plane = width * height;
  const places = Array.from({ length: count }, (): Place => ({
    x0: width,
    y0: height,
    x1: -1,
    y1: -1,
    pixels: 0,
    plane: planes > 1 ? -1 : null,
  }));
  of.forEach((subset, j) => {
    const place = places[subset];
    if (!place) return;
    const [x, y] = [j % width, Math.floor((j % plane) / width)];
    place.x0 = Math.min(place.x0, x);
    place.x1 = Math.max(place.x1, x);
    place.y0 = Math.min(place.y0, y);
    place.y1 = Math.max(place.y1, y);
    if (planes > 1) place.plane = Math.floor(j / plane);
    place.pixels++;
  });
  return places;
}

/**
 * Subsets by value, the largest first; those without one come last.
 * @param before the order of those that are equal or have none; absent: by number
 */
export function ranking(values: Values, before: readonly number[] = Array.from(values, (_, subset) => subset)): number[] {
  const [some, none]: [number[], number[]] = [[], []];
  for (const subset of before) (Number.isNaN(values[subset]!) ? none : some).push(subset);
  return [...some.sort((a, b) => values[b]! - values[a]!), ...none];
}

/**
 * Ranked subsets in the order of a column. What has no value stays at the end, whichever way round.
 * @param values of the column; null: the column of ranks, or of positions
 */
export function sortSubsets(ranked: readonly number[], key: MapSort, values: Values | null, down: boolean): number[] {
  const order = key === 'rank' ? [...ranked] : values === null ? [...ranked].sort((a, b) => a - b) : ranking(values, ranked);
  if (!down) return order;
  const end = values === null ? order.length : order.findIndex((subset) => Number.isNaN(values[subset]!));
  const some = end < 0 ? order.length : end;
  return [...order.slice(0, some).reverse(), ...order.slice(some)];
}
