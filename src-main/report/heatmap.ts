import type { Partition } from '../norms/partition.ts';
import type { Picture } from '../images/index.ts';

/** Dark to light, growing evenly in lightness (after matplotlib's inferno), so that it reads in grey too. */
const RAMP = [
  [0, 0, 4],
  [40, 11, 84],
  [101, 21, 110],
  [159, 42, 99],
  [212, 72, 66],
  [245, 125, 21],
  [250, 193, 39],
  [252, 255, 164],
] as const;
/** Where there is no value. */
const NONE = [128, 128, 128] as const;

/**
 * A value for each subset as a picture: from black at 0 to light yellow at the largest, grey where there is none (NaN, or a pixel
 * in no subset); of several subsets at one pixel the largest.
 * @param values one for each subset; below 0 counts as 0
 */
export function heatMap(values: ArrayLike<number>, partition: Partition, height: number, width: number): Picture {
  const plane = height * width;
  const most = Array.from(values).reduce((a, b) => (b > a ? b : a), 0);
  const data = new Uint8Array(3 * plane);
  for (let p = 0; p < plane; p++) {
    let value = NaN;
    for (let j = p; j < partition.of.length; j += plane) {
      const here = partition.of[j]! < 0 ? NaN : values[partition.of[j]!]!;
      if (!(here <= value) && !Number.isNaN(here)) value = here;
    }
    data.set(Number.isNaN(value) ? NONE : colourAt(most > 0 ? Math.max(0, value) / most : 0), 3 * p);
  }
  return { width, height, channels: 3, data };
}

/** @param share 0 to 1 */
function colourAt(share: number): number[] {
  const at = Math.min(share, 1) * (RAMP.length - 1);
  const below = Math.min(Math.floor(at), RAMP.length - 2);
  return RAMP[below]!.map((value, c) => Math.round(value + (at - below) * (RAMP[below + 1]![c]! - value)));
}

/** One line for each subset: its first pixel, how many values it has, and each map; empty where there is no value. */
export function mapCsv(partition: Partition, width: number, height: number, maps: Record<string, ArrayLike<number>>): string {
  const plane = width * height;
  const first = new Int32Array(partition.count).fill(-1);
  const sizes = new Uint32Array(partition.count);
  partition.of.forEach((s, j) => {
    if (s < 0) return;
    sizes[s]!++;
    if (first[s] === -1) first[s] = j % plane;
  });
  const names = Object.keys(maps);
  const lines = Array.from(first, (p, s) =>
    [s, p % width, Math.floor(p / width), sizes[s], ...names.map((name) => (Number.isFinite(maps[name]![s]) ? maps[name]![s] : ''))].join(
      ',',
    ),
  );
  return `${['subset', 'x', 'y', 'values', ...names].join(',')}\n${lines.join('\n')}\n`;
}
