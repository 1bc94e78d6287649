import type { Partition, Planes } from './partition.ts';

/** Rounds of k-means; the authors find ten enough for most pictures. */
const ROUNDS = 10;

/**
 * Superpixels: connected areas of like colour, by SLIC (Achanta et al. 2012, algorithm 1): k-means in colour (CIELAB; grey: its
 * lightness) and position together, each centre looking only within two grid steps S,
 *   D² = d_colour² + (d_position / S)² m²,
 * from centres on a regular grid, moved to the flattest of nine pixels. Pieces that hang together are areas of their own
 * afterwards, those below a quarter of S² join a neighbour. The same picture gives the same areas.
 * @param pixels planes CHW in [0,1], one or three channels @param count areas wanted; about so many come out
 * @param compactness m: large makes them square, small makes them follow colours; 10 is usual
 * @throws RangeError for a count or compactness that is not positive
 */
export function bySuperpixel(
  { channels, height, width }: Planes,
  pixels: ArrayLike<number>,
  count: number,
  compactness: number,
): Partition {
  if (!(count >= 1) || !(compactness > 0)) throw new RangeError(`${count} superpixels of compactness ${compactness}`);
  const plane = height * width;
  const colours = Array.from(
    { length: plane },
    (_, p) => (channels === 3 ? lab(pixels[p]!, pixels[plane + p]!, pixels[2 * plane + p]!) : [100 * pixels[p]!, 0, 0]) as Colour,
  );
  const step = Math.max(1, Math.sqrt(plane / count));
  const label = connected(assign(colours, height, width, step, compactness), height, width, (step * step) / 4);
  const most = label.reduce((a, b) => Math.max(a, b), -1);
  return { count: most + 1, of: Int32Array.from({ length: channels * plane }, (_, j) => label[j % plane]!) };
}

type Colour = [number, number, number];

interface Centre {
  colour: Colour;
  y: number;
  x: number;
}

function assign(colours: readonly Colour[], height: number, width: number, step: number, compactness: number): Int32Array {
  const [down, across] = [Math.max(1, Math.round(height / step)), Math.max(1, Math.round(width / step))];
  let centres: Centre[] = Array.from({ length: down * across }, (_, i) => {
    const y = Math.floor(((Math.floor(i / across) + 0.5) * height) / down);
    const x = Math.floor((((i % across) + 0.5) * width) / across);
    return flattest(colours, height, width, y, x);
  });
  const reach = Math.ceil(2 * step);
  const weight = (compactness / step) ** 2;
  const label = new Int32Array(colours.length);
  for (let round = 0; round < ROUNDS; round++) {
    const nearest = new Float64Array(colours.length).fill(Infinity);
    centres.forEach((centre, i) => {
      for (let y = Math.max(0, Math.round(centre.y) - reach); y <= Math.min(height - 1, Math.round(centre.y) + reach); y++)
        for (let x = Math.max(0, Math.round(centre.x) - reach); x <= Math.min(width - 1, Math.round(centre.x) + reach); x++) {
          const d = difference(colours[y * width + x]!, centre.colour) + weight * ((y - centre.y) ** 2 + (x - centre.x) ** 2);
          if (d < nearest[y * width + x]!) [nearest[y * width + x], label[y * width + x]] = [d, i];
        }
    });
    centres = means(colours, label, width, centres);
  }
  return label;
}

function means(colours: readonly Colour[], label: Int32Array, width: number, old: readonly Centre[]): Centre[] {
  const sums = old.map(() => [0, 0, 0, 0, 0, 0]);
  label.forEach((i, p) => [...colours[p]!, Math.floor(p / width), p % width, 1].forEach((value, k) => (sums[i]![k]! += value)));
  return sums.map(([a, b, c, y, x, n], i) => (n! > 0 ? { colour: [a! / n!, b! / n!, c! / n!], y: y! / n!, x: x! / n! } : old[i]!));
}

/** Of the pixel and its eight neighbours the one with the smallest colour gradient: no centre on an edge. */
function flattest(colours: readonly Colour[], height: number, width: number, y0: number, x0: number): Centre {
  let best: Centre = { colour: colours[y0 * width + x0]!, y: y0, x: x0 };
  let least = Infinity;
  for (let y = Math.max(1, y0 - 1); y <= Math.min(height - 2, y0 + 1); y++)
    for (let x = Math.max(1, x0 - 1); x <= Math.min(width - 2, x0 + 1); x++) {
      const p = y * width + x;
      const slope = difference(colours[p + 1]!, colours[p - 1]!) + difference(colours[p + width]!, colours[p - width]!);
      if (slope < least) [least, best] = [slope, { colour: colours[p]!, y, x }];
    }
  return best;
}

/** Every connected piece of a label becomes one; pieces of fewer than `least` pixels join the one before them in the row or column. */
function connected(label: Int32Array, height: number, width: number, least: number): Int32Array {
  const out = new Int32Array(label.length).fill(-1);
  let next = 0;
  for (let start = 0; start < label.length; start++) {
    if (out[start] !== -1) continue;
    const piece = [start];
    out[start] = next;
    for (let i = 0; i < piece.length; i++)
      for (const q of beside(piece[i]!, height, width))
        if (out[q] === -1 && label[q] === label[start]) {
          out[q] = next;
          piece.push(q);
        }
    // The first pixel in reading order has its neighbours above and to the left in finished areas.
    const before = start % width > 0 ? out[start - 1]! : start >= width ? out[start - width]! : -1;
    if (piece.length < least && before >= 0) for (const p of piece) out[p] = before;
    else next++;
  }
  return out;
}

function beside(p: number, height: number, width: number): number[] {
  const x = p % width;
  const around: number[] = [];
  if (x > 0) around.push(p - 1);
  if (x < width - 1) around.push(p + 1);
  if (p >= width) around.push(p - width);
  if (p < width * (height - 1)) around.push(p + width);
  return around;
}

function difference(a: Colour, b: Colour): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}

/** sRGB to CIELAB under D65 (IEC 61966-2-1, CIE 15). */
function lab(r: number, g: number, b: number): Colour {
  const [lr, lg, lb] = [r, g, b].map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)) as Colour;
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124564 * lr + 0.3575761 * lg + 0.1804375 * lb) / 0.95047);
  const y = f(0.2126729 * lr + 0.7151522 * lg + 0.072175 * lb);
  const z = f((0.0193339 * lr + 0.119192 * lg + 0.9503041 * lb) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
