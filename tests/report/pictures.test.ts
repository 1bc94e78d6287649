import { expect, test } from 'vitest';
import { crisp, difference, enlarge, shrunk } from '../../src-main/report/pictures.ts';

const grey = (width: number, height: number, data: number[]) => ({ width, height, channels: 1 as const, data: Uint8Array.from(data) });

test('enlarging makes squares of single pixels', () => {
  expect(enlarge(grey(2, 1, [10, 20]), 2)).toEqual(grey(4, 2, [10, 10, 20, 20, 10, 10, 20, 20]));
  const colour = { width: 1, height: 2, channels: 3 as const, data: Uint8Array.from([1, 2, 3, 4, 5, 6]) };
  expect([...enlarge(colour, 2).data]).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 4, 5, 6, 4, 5, 6]);
});

test('small pictures get whole enlargement, large ones stay', () => {
  expect(crisp(grey(3, 2, [1, 2, 3, 4, 5, 6]), 10)).toMatchObject({ width: 12, height: 8 });
  const large = grey(20, 1, Array(20).fill(1));
  expect(crisp(large, 10)).toBe(large);
});

test('shrinking takes the mean of whole blocks', () => {
  expect(shrunk(grey(4, 2, [0, 10, 100, 200, 20, 30, 0, 0]), 2)).toEqual(grey(2, 1, [15, 75]));
  const small = grey(2, 1, [1, 2]);
  expect(shrunk(small, 2)).toBe(small);
});

test('the difference is signed around grey, as large as it can be without being cut', () => {
  const { picture, factor } = difference(grey(4, 1, [100, 100, 100, 100]), grey(4, 1, [100, 103, 97, 101]));
  expect(factor).toBe(32);
  expect([...picture.data]).toEqual([128, 128 + 96, 128 - 96, 128 + 32]);
  expect(difference(grey(1, 1, [0]), grey(1, 1, [255]))).toMatchObject({ factor: 1, picture: { data: Uint8Array.from([255]) } });
  expect([...difference(grey(1, 1, [5]), grey(1, 1, [5])).picture.data]).toEqual([128]);
  expect(() => difference(grey(2, 1, [1, 2]), grey(1, 2, [1, 2]))).toThrow('shape');
});
