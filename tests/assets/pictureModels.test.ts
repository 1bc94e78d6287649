import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { outputs, planes, pngs, SAMPLES } from './pictures.ts';

/** Peak signal-to-noise ratio in dB of two pictures in [0,1]. */
function psnr(a: number[], b: number[]): number {
  return -10 * Math.log10(mean(a.map((v, i) => (v - b[i]!) ** 2)));
}

function mean(values: number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Colourfulness of planes in [0,1]: Hasler and Süsstrunk 2003, equations for M(3); 0 for every grey picture. */
function colourfulness(planes: number[]): number {
  const size = planes.length / 3;
  const [r, g, b] = [0, 1, 2].map((c) => planes.slice(c * size, (c + 1) * size)) as [number[], number[], number[]];
  const rg = r.map((v, i) => v - g[i]!);
  const yb = r.map((v, i) => (v + g[i]!) / 2 - b[i]!);
  const variance = (v: number[]): number => mean(v.map((x) => x * x)) - mean(v) ** 2;
  return Math.sqrt(variance(rg) + variance(yb)) + 0.3 * Math.hypot(mean(rg), mean(yb));
}

function expectPictures(rows: number[][]): void {
  for (const row of rows) {
    expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...row)).toBeLessThanOrEqual(1);
  }
}

describe('sample autoencoder', () => {
  const files = readdirSync(join(SAMPLES, 'images')).sort().flatMap((name) => pngs('images', name));
  const read = (): Promise<number[][]> => Promise.all(files.map((file) => planes(file, 32, 3)));

  test('gives back the sample pictures with a mean PSNR of 24 dB or more, each more like itself than like any other', async () => {
    const pictures = await read();
    const { rows, dims } = await outputs('autoencoder.onnx', pictures, [3, 32, 32]);
    expect(dims).toEqual([files.length, 3, 32, 32]);
    expectPictures(rows);
    expect(mean(rows.map((row, i) => psnr(row, pictures[i]!)))).toBeGreaterThanOrEqual(24);
    for (const [i, row] of rows.entries()) {
      const near = pictures.map((picture) => psnr(row, picture));
      expect(near.indexOf(Math.max(...near)), files[i]).toBe(i);
    }
  });

  test('has a bottleneck: what is no sign does not come through', async () => {
    // A chequerboard of single pixels is as simple as pictures get, and none of the drawings.
    const chequers = Array.from({ length: 3 * 32 * 32 }, (_, i) => ((i % 32) + Math.floor(i / 32)) % 2);
    const { rows } = await outputs('autoencoder.onnx', [chequers], [3, 32, 32]);
    expect(psnr(rows[0]!, chequers)).toBeLessThan(12);
  });

  test('gives the same for one picture as for many', async () => {
    const pictures = (await read()).slice(0, 3);
    const { rows } = await outputs('autoencoder.onnx', pictures, [3, 32, 32]);
    const alone = await outputs('autoencoder.onnx', [pictures[2]!], [3, 32, 32]);
    expect(psnr(alone.rows[0]!, rows[2]!)).toBeGreaterThan(100);
  });
});

describe('sample colorizer', () => {
  const files = pngs('grey');
  const grey = (): Promise<number[][]> => Promise.all(files.map((file) => planes(file, 64, 1)));
  const coloured = (): Promise<number[][]> => Promise.all(pngs('colours').map((file) => planes(file, 64, 3)));

  test('has 24 pairs of a grey and a coloured picture, the one the luma of the other', async () => {
    expect(files.length).toBe(24);
    expect(pngs('colours').map((file) => basename(file))).toEqual(files.map((file) => basename(file)));
    const [flat, full] = await Promise.all([grey(), coloured()]);
    for (const [n, picture] of flat.entries()) {
      const size = picture.length;
      const luma = picture.map((_, i) => 0.299 * full[n]![i]! + 0.587 * full[n]![size + i]! + 0.114 * full[n]![2 * size + i]!);
      // Half a step of 8 bits, from rounding.
      expect(Math.max(...picture.map((v, i) => Math.abs(v - luma[i]!))), files[n]).toBeLessThan(0.501 / 255);
    }
  });

  test('finds colours near the true ones, and about as many', async () => {
    const [flat, full] = await Promise.all([grey(), coloured()]);
    const { rows, dims } = await outputs('colorizer.onnx', flat, [1, 64, 64]);
    expect(dims).toEqual([files.length, 3, 64, 64]);
    expectPictures(rows);
    const near = mean(rows.map((row, i) => psnr(row, full[i]!)));
    const unpainted = mean(flat.map((v, i) => psnr([...v, ...v, ...v], full[i]!)));
    expect(near).toBeGreaterThanOrEqual(24);
    expect(near).toBeGreaterThan(unpainted + 6);
    const share = mean(rows.map(colourfulness)) / mean(full.map(colourfulness));
    expect(share).toBeGreaterThan(0.85);
    expect(share).toBeLessThan(1.1);
  });

  test('keeps the brightness: the luma of its picture is the picture it was given', async () => {
    const flat = await grey();
    const { rows } = await outputs('colorizer.onnx', flat, [1, 64, 64]);
    const luma = rows.map((row, n) => flat[n]!.map((_, i) => 0.299 * row[i]! + 0.587 * row[4096 + i]! + 0.114 * row[8192 + i]!));
    expect(mean(luma.map((l, n) => psnr(l, flat[n]!)))).toBeGreaterThan(30);
  });
});
