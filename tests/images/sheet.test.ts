import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { cellAt, fitted } from '../../shared/sheet.ts';
import { encodeSheet } from '../../src-main/images/index.ts';
import type { Picture } from '../../src-main/images/index.ts';
import { readPng } from './files.ts';

const filled = (width: number, height: number, channels: 1 | 3, level: (x: number, y: number, c: number) => number): Picture => {
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) for (let c = 0; c < channels; c++) data[channels * (y * width + x) + c] = level(x, y, c);
  return { width, height, channels, data };
};
const ref = (picture: Picture) => ({ width: picture.width, height: picture.height, read: () => Promise.resolve(picture) });

describe('a sheet of thumbnails', () => {
  it('holds small pictures exactly, each in its own cell, and nothing besides', async () => {
    const side = 6;
    const pictures = Array.from({ length: 11 }, (_, n) =>
      filled(2 + (n % 4), 6 - (n % 3), n % 2 ? 3 : 1, (x, y, c) => 10 * n + 3 * x + y + 50 * c),
    );
    const sheet = readPng(await encodeSheet(pictures.map(ref), side));
    expect([sheet.width, sheet.height, sheet.channels]).toEqual([8 * side, 2 * side, 4]);
    const expected = new Uint8Array(sheet.data.length);
    pictures.forEach(({ width, height, channels, data }, n) => {
      const [left, top] = [(n % 8) * side, n < 8 ? 0 : side];
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const from = channels * (y * width + x);
          const rgb = channels === 1 ? [data[from]!, data[from]!, data[from]!] : [...data.subarray(from, from + 3)];
          expected.set([...rgb, 255], 4 * ((top + y) * sheet.width + left + x));
        }
    });
    expect(Buffer.compare(sheet.data, expected)).toBe(0);
  });

  it('scales down what is larger than its cell, and keeps its shape and mean colour', async () => {
    const [wide, high] = [filled(300, 100, 3, (x, _, c) => (x < 150 ? 200 : 100) - 20 * c), filled(20, 80, 1, () => 77)];
    const sheet = readPng(await encodeSheet([ref(wide), ref(high)], 30));
    expect([fitted(wide, 30), fitted(high, 30)]).toEqual([
      { width: 30, height: 10 },
      { width: 8, height: 30 },
    ]);
    const at = (x: number, y: number): number[] => [...sheet.data.subarray(4 * (y * sheet.width + x), 4 * (y * sheet.width + x) + 4)];
    expect([at(3, 5), at(26, 5), at(15, 10)]).toEqual([
      [200, 180, 160, 255],
      [100, 80, 60, 255],
      [0, 0, 0, 0],
    ]);
    expect([at(30, 0), at(37, 29), at(38, 29)]).toEqual([
      [77, 77, 77, 255],
      [77, 77, 77, 255],
      [0, 0, 0, 0],
    ]);
  });

  it('leaves the cell of a damaged picture empty, and stops for a fault of our own', async () => {
    const gone = { width: 4, height: 4, read: () => Promise.reject(new UserError('It is gone.')) };
    const sheet = readPng(await encodeSheet([gone, ref(filled(4, 4, 1, () => 9))], 4));
    expect([sheet.data[3], sheet.data[4 * 4 + 3]]).toEqual([0, 255]);
    await expect(encodeSheet([{ width: 4, height: 4, read: () => Promise.reject(new Error('ours')) }], 4)).rejects.toThrow('ours');
  });

  it('decodes large pictures one after the other', async () => {
    let [at, most] = [0, 0];
    const large = {
      width: 6000,
      height: 5000,
      read: async () => {
        most = Math.max(most, ++at);
        await new Promise((next) => setImmediate(next));
        at--;
        return filled(4, 4, 1, () => 9);
      },
    };
    const sheet = readPng(await encodeSheet([large, large, large], 4));
    expect([most, sheet.data[3], sheet.data[4 * 4 + 3], sheet.data[8 * 4 + 3]]).toEqual([1, 255, 255, 255]);
    await encodeSheet(
      Array.from({ length: 8 }, () => ({ ...large, width: 100 })),
      4,
    );
    expect(most).toBe(4);
  });

  it('has cells that do not overlap', () => {
    const cells = Array.from({ length: 48 }, (_, n) => cellAt(n, 10));
    expect(new Set(cells.map(({ x, y }) => `${x} ${y}`)).size).toBe(48);
    expect(cells.at(-1)).toEqual({ x: 70, y: 50 });
  });
});
