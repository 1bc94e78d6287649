import { expect, it } from 'vitest';
import { bySuperpixel } from '../../src-main/norms/superpixels.ts';
import { randomStream } from '../../src-main/attacks/problem/random-stream.ts';

/*
 * SLIC (Achanta et al. 2012, algorithm 1) written a second time, pixel by pixel instead of centre by centre and without a thought for
 * speed; CIELAB from the definitions of IEC 61966-2-1 and CIE 15, κ = 24389/27 and ε = 216/24389.
 */

interface Shape {
  channels: number;
  height: number;
  width: number;
}

function lightness([red, green, blue]: number[]): number[] {
  const linear = [red!, green!, blue!].map((v) => (v > 0.04045 ? Math.pow((v + 0.055) / 1.055, 12 / 5) : v / 12.92));
  const toXyz = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.072175],
    [0.0193339, 0.119192, 0.9503041],
  ];
  const white = [0.95047, 1, 1.08883];
  const [x, y, z] = toXyz.map((row, i) => {
    const t = row.reduce((sum, part, k) => sum + part * linear[k]!, 0) / white[i]!;
    return t <= 216 / 24389 ? (903.2962962962963 * t + 16) / 116 : Math.pow(t, 1 / 3);
  }) as [number, number, number];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function slic({ channels, height, width }: Shape, pixels: Float32Array, count: number, compactness: number): number[] {
  const plane = height * width;
  const colour = (y: number, x: number): number[] => {
    const values = Array.from({ length: channels }, (_, c) => pixels[c * plane + y * width + x]!);
    return channels === 3 ? lightness(values) : [100 * values[0]!, 0, 0];
  };
  const far = (a: number[], b: number[]): number => a.reduce((sum, v, k) => sum + (v - b[k]!) ** 2, 0);
  const s = Math.max(1, Math.sqrt(plane / count));
  const [rows, columns] = [height, width].map((side) => Math.max(1, Math.round(side / s))) as [number, number];
  const centres: { colour: number[]; y: number; x: number }[] = [];
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < columns; k++) {
      const [y0, x0] = [Math.floor(((i + 0.5) * height) / rows), Math.floor(((k + 0.5) * width) / columns)];
      const nine = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [y0 + dy, x0 + dx] as const));
      const inside = nine.filter(([y, x]) => y > 0 && x > 0 && y < height - 1 && x < width - 1);
      const slopes = inside.map(([y, x]) => far(colour(y, x + 1), colour(y, x - 1)) + far(colour(y + 1, x), colour(y - 1, x)));
      const [y, x] = inside[slopes.indexOf(Math.min(...slopes))] ?? [y0, x0];
      centres.push({ colour: colour(y, x), y, x });
    }
  const label = new Array<number>(plane).fill(0);
  for (let round = 0; round < 10; round++) {
    for (let p = 0; p < plane; p++) {
      const [y, x] = [Math.floor(p / width), p % width];
      let least = Infinity;
      centres.forEach((centre, i) => {
        if (Math.max(Math.abs(y - Math.round(centre.y)), Math.abs(x - Math.round(centre.x))) > Math.ceil(2 * s)) return;
        const d = far(colour(y, x), centre.colour) + (compactness / s) ** 2 * ((y - centre.y) ** 2 + (x - centre.x) ** 2);
        if (d < least) [least, label[p]] = [d, i];
      });
    }
    centres.forEach((centre, i) => {
      const own = label.flatMap((one, p) => (one === i ? [p] : []));
      if (own.length === 0) return;
      const mean = (of: (p: number) => number): number => own.reduce((sum, p) => sum + of(p), 0) / own.length;
      const at = (p: number): number[] => colour(Math.floor(p / width), p % width);
      centre.colour = [0, 1, 2].map((k) => mean((p) => at(p)[k]!));
      [centre.y, centre.x] = [mean((p) => Math.floor(p / width)), mean((p) => p % width)];
    });
  }
  return joined(label, height, width, (s * s) / 4);
}

/** Pieces that hang together, in reading order of their first pixels; small ones belong to what is left of that, or above it. */
function joined(label: number[], height: number, width: number, least: number): number[] {
  const out = label.map(() => -1);
  let areas = 0;
  for (let start = 0; start < label.length; start++) {
    if (out[start]! >= 0) continue;
    const piece = new Set([start]);
    for (const p of piece) {
      const [y, x] = [Math.floor(p / width), p % width];
      for (const [ny, nx] of [
        [y - 1, x],
        [y + 1, x],
        [y, x - 1],
        [y, x + 1],
      ] as const)
        if (ny >= 0 && nx >= 0 && ny < height && nx < width && label[ny * width + nx] === label[start]) piece.add(ny * width + nx);
    }
    const before = start % width > 0 ? start - 1 : start - width;
    const area = piece.size < least && before >= 0 ? out[before]! : areas++;
    for (const p of piece) out[p] = area;
  }
  return out;
}

it.each([
  [{ channels: 3, height: 13, width: 17 }, 9, 10, 1],
  [{ channels: 3, height: 12, width: 12 }, 6, 2, 0.06],
  [{ channels: 1, height: 11, width: 19 }, 12, 20, 1],
  [{ channels: 1, height: 2, width: 9 }, 4, 10, 1],
  [{ channels: 3, height: 9, width: 2 }, 20, 40, 0.3],
])('superpixels of %o are those of the algorithm as it is printed', (shape, count, compactness, brightest) => {
  const random = randomStream(`slic ${shape.width}`);
  const plane = shape.height * shape.width;
  // Bands that lean, with noise: areas of many forms, pieces that are cut off, and some very dark.
  const pixels = Float32Array.from({ length: shape.channels * plane }, (_, j) => {
    const [c, y, x] = [Math.floor(j / plane), Math.floor((j % plane) / shape.width), j % shape.width];
    return brightest * (0.5 + 0.3 * Math.sin(0.9 * y + 0.7 * x + c) + 0.2 * random());
  });
  expect(Array.from(bySuperpixel(shape, pixels, count, compactness).of.subarray(0, plane))).toEqual(
    slic(shape, pixels, count, compactness),
  );
});
