import type { Point, Size } from './zoom.ts';

/** A picture's pixels, each with the number of its area, row by row; 0: of none. */
export type Areas = ArrayLike<number>;

/** Areas are told apart by number and border; the colours repeat after these. */
export const AREA_COLOURS: readonly (readonly [number, number, number])[] = [
  [230, 97, 0],
  [26, 133, 255],
  [212, 17, 89],
  [64, 176, 76],
  [255, 194, 10],
  [140, 80, 200],
  [0, 158, 156],
  [120, 94, 60],
];

export function colourOf(area: number): readonly [number, number, number] {
  return AREA_COLOURS[(area - 1) % AREA_COLOURS.length]!;
}

/** Every pixel of a rectangle between two corners, both inside it. */
export function* rectangle(a: Point, b: Point): Generator<Point> {
  for (let y = Math.min(a.y, b.y); y <= Math.max(a.y, b.y); y++)
    for (let x = Math.min(a.x, b.x); x <= Math.max(a.x, b.x); x++) yield { x, y };
}

/** The pixels of a round brush so many pixels across, drawn in a line. */
export function* stroke(from: Point, to: Point, across: number): Generator<Point> {
  const steps = Math.max(1, Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  const reach = (across - 1) / 2;
  for (let i = 0; i <= steps; i++) {
    const [x, y] = [Math.round(from.x + ((to.x - from.x) * i) / steps), Math.round(from.y + ((to.y - from.y) * i) / steps)];
    // Of an even width the pixel under the pointer is the one right below the middle.
    const [low, high] = [-Math.ceil(reach), Math.floor(reach)];
    const shift = across % 2 === 0 ? 0.5 : 0;
    for (let dy = low; dy <= high; dy++)
      for (let dx = low; dx <= high; dx++)
        if ((dx + shift) ** 2 + (dy + shift) ** 2 <= (across / 2) ** 2 + 0.25) yield { x: x + dx, y: y + dy };
  }
}

/** A mask with some pixels given to an area; those outside the picture are left out. */
export function painted(mask: Areas, { width, height }: Size, pixels: Iterable<Point>, area: number): number[] {
  const next = Array.from(mask);
  for (const { x, y } of pixels) if (x >= 0 && y >= 0 && x < width && y < height) next[y * width + x] = area;
  return next;
}

/** What was free goes to the area, everything else becomes free. */
export function inverted(mask: Areas, area: number): number[] {
  return Array.from(mask, (one) => (one === 0 ? area : 0));
}

/** Areas that have pixels, ascending, and how many each has. */
export function areaSizes(mask: Areas): Map<number, number> {
  const sizes = new Map<number, number>();
  for (let p = 0; p < mask.length; p++) if (mask[p] !== 0) sizes.set(mask[p]!, (sizes.get(mask[p]!) ?? 0) + 1);
  return new Map([...sizes].sort(([a], [b]) => a - b));
}

/** The borders between areas as straight runs [x0, y0, x1, y1], in pixels from the upper left corner. */
export function borders(areas: Areas, { width, height }: Size): [number, number, number, number][] {
  const runs: [number, number, number, number][] = [];
  const walk = (
    lines: number,
    along: number,
    differs: (line: number, at: number) => boolean,
    add: (line: number, from: number, to: number) => void,
  ): void => {
    for (let line = 1; line < lines; line++) {
      for (let at = 0, from = -1; at <= along; at++) {
        const here = at < along && differs(line, at);
        if (here && from < 0) from = at;
        if (!here && from >= 0) {
          add(line, from, at);
          from = -1;
        }
      }
    }
  };
  walk(
    height,
    width,
    (y, x) => areas[y * width + x] !== areas[(y - 1) * width + x],
    (y, from, to) => runs.push([from, y, to, y]),
  );
  walk(
    width,
    height,
    (x, y) => areas[y * width + x] !== areas[y * width + x - 1],
    (x, from, to) => runs.push([x, from, x, to]),
  );
  return runs;
}

/** The areas' colours over a picture, RGBA; what is of no area is darkened. */
export function tint(areas: Areas): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * areas.length);
  for (let p = 0; p < areas.length; p++) out.set(areas[p] === 0 ? [0, 0, 0, 110] : [...colourOf(areas[p]!), 105], 4 * p);
  return out;
}
