import type { Pixels } from './difference.ts';
import { readable } from './numbers.ts';
import type { Point } from './zoom.ts';

/** The values of a pixel, 0 to 255: one of a grey picture, else three. None where there is no such pixel: pictures beside each other may differ in size. */
export function valuesAt(pixels: Pixels, { x, y }: Point, channels: number): number[] {
  if (x >= pixels.width || y >= pixels.height) return [];
  const start = 4 * (y * pixels.width + x);
  return [...pixels.data.slice(start, start + (channels === 1 ? 1 : 3))];
}

/** The values as text. */
export function textAt(pixels: Pixels, at: Point, channels: number): string[] {
  return valuesAt(pixels, at, channels).map(String);
}

/** `+8`, `−3`, `0`. */
export function signed(value: number): string {
  return value > 0 ? `+${value}` : readable(value);
}

/** What the change of a pixel is, per channel. */
export function changeAt(clean: Pixels, changed: Pixels, at: Point, channels: number): string[] {
  const before = valuesAt(clean, at, channels);
  return valuesAt(changed, at, channels).map((value, index) => signed(value - before[index]!));
}
