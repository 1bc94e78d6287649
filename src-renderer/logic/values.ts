import type { Pixels } from './difference.ts';
import { readable } from './numbers.ts';
import type { Point } from './zoom.ts';

/** The values of a pixel, 0 to 255: one of a grey picture, else three. */
export function valuesAt(pixels: Pixels, { x, y }: Point, channels: number): number[] {
  const start = 4 * (y * pixels.width + x);
  return [...pixels.data.slice(start, start + (channels === 1 ? 1 : 3))];
}

/** The values as text; none where the picture has no such pixel, as pictures beside each other may differ in size. */
export function textAt(pixels: Pixels, at: Point, channels: number): string[] {
  return at.x < pixels.width && at.y < pixels.height ? valuesAt(pixels, at, channels).map(String) : [];
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
