import { borders } from './areas.ts';
import type { Size } from './zoom.ts';

/** The outline of some pixels as straight runs [x0, y0, x1, y1], the picture's own edge included. */
export function outline(pixels: Iterable<number>, { width, height }: Size): [number, number, number, number][] {
  // A rim of nothing around the picture gives its edge a border, too.
  const wide = width + 2;
  const inside = new Uint8Array(wide * (height + 2));
  for (const p of pixels) inside[(Math.floor(p / width) + 1) * wide + (p % width) + 1] = 1;
  return borders(inside, { width: wide, height: height + 2 }).map(([x0, y0, x1, y1]) => [x0 - 1, y0 - 1, x1 - 1, y1 - 1]);
}
