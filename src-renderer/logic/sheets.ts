import { SHEET_MOST } from '../../shared/sheet.ts';
import type { Size } from './zoom.ts';

/** Pixels that the engine decodes for one sheet at most, or else one picture: the first of many photographs is soon there. */
const PIXELS = 4e6;

/** At which picture each sheet of a long list begins. */
export function sheetStarts(pictures: readonly Size[]): number[] {
  const starts: number[] = [];
  let [count, pixels] = [SHEET_MOST, 0];
  pictures.forEach(({ width, height }, at) => {
    if (count >= SHEET_MOST || pixels + width * height > PIXELS) {
      starts.push(at);
      [count, pixels] = [0, 0];
    }
    count += 1;
    pixels += width * height;
  });
  return starts;
}

/** The sheet that a picture is on. */
export function sheetOf(starts: readonly number[], at: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The side of a sheet's cells, px: as fine as the screen shows them, and no larger than the pictures. */
export function sheetSide(pictures: readonly Size[], shown: number): number {
  return Math.min(shown, Math.max(...pictures.map(({ width, height }) => Math.max(width, height))));
}
