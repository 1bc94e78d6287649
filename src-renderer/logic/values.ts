import type { Pixels } from './difference.ts';
import type { Point } from './zoom.ts';

/** The values of a pixel, 0 to 255: one of a grey picture, else three. */
export function valuesAt(pixels: Pixels, { x, y }: Point, channels: number): number[] {
  const start = 4 * (y * pixels.width + x);
  return [...pixels.data.slice(start, start + (channels === 1 ? 1 : 3))];
}

/** `+8`, `−3`, `0`. */
export function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value).replace('-', '−');
}

/** What the change of a pixel is, per channel. */
export function changeAt(clean: Pixels, changed: Pixels, at: Point, channels: number): string[] {
  const before = valuesAt(clean, at, channels);
  return valuesAt(changed, at, channels).map((value, index) => signed(value - before[index]!));
}
