import { significant } from '../../shared/format.ts';
import type { Cells } from './heat.ts';

/** The maps there are: first order, by the Jacobian's columns, and what the network really does. */
export const MAPS = ['linear', 'quadratic', 'moved'] as const;
export type MapName = (typeof MAPS)[number];

/** A value of a map as people read it, the same wherever it stands. */
export function mapNumber(value: number): string {
  return significant(value, 4).replace('-', '−');
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

/** A subset as a row of the table. */
export interface MapRow {
  subset: number;
  /** By the map on show, the most vulnerable first. */
  rank: number;
  linear: number;
  /** null: there is none. */
  quadratic: number | null;
  /** null: not tried. */
  moved: number | null;
}

export type MapSort = 'rank' | 'position' | MapName;

export function placesOf({ width, height, planes, of, count }: Cells): Place[] {
  const plane = width * height;
  const places = Array.from({ length: count }, (): Place => ({ x0: width, y0: height, x1: -1, y1: -1, pixels: 0, plane: planes > 1 ? -1 : null }));
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

/** A row for each subset, ranked by one map: what it has no value for comes last, as in the other maps' order. */
export function mapRows(maps: { linear: ArrayLike<number>; quadratic: ArrayLike<number> | null; moved: ArrayLike<number> }, by: MapName): MapRow[] {
  const ranking = maps[by] ?? maps.linear;
  const number = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value);
  const second = maps.quadratic ?? maps.linear;
  const order = Array.from(ranking, (_, subset) => subset).sort((a, b) => below(number(ranking[a]), number(ranking[b])) || second[b]! - second[a]! || a - b);
  return order.map((subset, at) => ({ subset, rank: at + 1, linear: maps.linear[subset]!, quadratic: number(maps.quadratic?.[subset]), moved: number(maps.moved[subset]) }));
}

/** A sorted copy. What is missing stays at the end, whichever way round. */
export function sortMapRows(rows: readonly MapRow[], key: MapSort, down: boolean): MapRow[] {
  const sign = down ? -1 : 1;
  if (key === 'rank') return down ? [...rows].reverse() : [...rows];
  if (key === 'position') return [...rows].sort((a, b) => sign * (a.subset - b.subset));
  return [...rows].sort((a, b) => (a[key] === null || b[key] === null ? below(a[key], b[key]) : sign * below(a[key], b[key])) || a.rank - b.rank);
}

/** The larger first, null last. */
function below(a: number | null, b: number | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return b - a;
}
