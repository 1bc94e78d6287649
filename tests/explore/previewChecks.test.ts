import { expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import type { PreviewPicture, Spread } from '../../shared/preview.ts';
import { binomialTail } from '../../shared/stats.ts';
import { findWarnings, rangeWarnings } from '../../src-main/explore/previewChecks.ts';

/** Checks of a preprocessing at their borders. */
const range = (low: number, high: number, mean: number, std: number): Spread => ({ low, high, mean, std });
const FINE = range(0, 1, 0.4, 0.3);
const score = (k: number, probability: number) => ({ class: k, logit: 0, probability });
/** `top` and `swapped` as class and probability. */
const picture = (label: number | null, top: [number, number], swapped: [number, number] | null): PreviewPicture => ({
  image: 'a',
  width: 1,
  height: 1,
  channels: [],
  label,
  top: score(...top),
  swapped: swapped && score(...swapped),
});
const times = <T>(n: number, one: T): T[] => Array.from({ length: n }, () => one);
const found = (pictures: PreviewPicture[], classes = 10, spec = {}) => findWarnings(Preprocessing.parse(spec), FINE, pictures, classes);

it('knows the tail of a binomial distribution', () => {
  // 8 coins: C(8,7) + C(8,8) of 256.
  expect(binomialTail(7, 8, 0.5)).toBeCloseTo(9 / 256, 12);
  expect(binomialTail(1, 3, 0.1)).toBeCloseTo(1 - 0.9 ** 3, 12);
  expect(binomialTail(0, 5, 0.3)).toBe(1);
  expect(binomialTail(6, 5, 0.3)).toBe(0);
});

it('says of ranges what is sure, and no more', () => {
  const kinds = (spec: object, ...values: [number, number, number, number]) =>
    rangeWarnings(Preprocessing.parse(spec), range(...values)).map(({ kind }) => kind);
  expect(kinds({}, 0.5, 0.5, 0.5, 0)).toEqual(['flat']);
  expect(kinds({}, 0, 1 / 64, 0.005, 0.002)).toEqual(['tiny']);
  expect(kinds({}, 0, 1 / 63, 0.005, 0.002)).toEqual([]);
  expect(kinds({ scale: 255 }, 0, 255, 120, 70)).toEqual([]);
  const caffe = { scale: 255, mean: [103.939, 116.779, 123.68] };
  expect(kinds(caffe, -123.68, 151.1, -3, 70)).toEqual([]);
  // The same means with pixels of 0 to 1.
  expect(kinds({ ...caffe, scale: 1 }, -123.68, -102.9, -114, 8)).toEqual(['unlike']);
  const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  expect(kinds(imagenet, -2.1, 2.64, 0.1, 1.1)).toEqual([]);
  // A sheet of white paper.
  expect(kinds(imagenet, 1.9, 2.64, 2.4, 0.2)).toEqual([]);
  expect(kinds({ ...imagenet, scale: 255 }, -2.1, 1136, 500, 300)).toEqual(['huge']);
  expect(kinds({ ...imagenet, scale: 1 / 255 }, -2.12, -1.78, -1.99, 0.14)).toEqual([]);
  expect(kinds({ mean: [123.7], std: [58.4] }, -2.12, -2.1, -2.11, 0.005)).toEqual(['unlike']);
});

it('takes accuracy for chance by a test, from eight labels on', () => {
  const some = (right: number, wrong: number) => [...times(right, picture(3, [3, 0.9], null)), ...times(wrong, picture(3, [4, 0.9], null))];
  expect(found(some(0, 7))).toEqual([]);
  expect(found(some(1, 7))).toMatchObject([
    { kind: 'chance', right: 1, of: 8, classes: 10, commonest: null, p: expect.closeTo(1 - 0.9 ** 8, 9) },
  ]);
  // Two of eight may still be right on more than half of all.
  expect(found(some(2, 6))).toEqual([]);
  // Three of eight by guessing: 3.8 %.
  expect(found(some(3, 5))).toEqual([]);
  // Of two classes: four of nine are chance, and six of eight may well be a sound model.
  expect(found(some(4, 5), 2)).toMatchObject([{ kind: 'chance', commonest: null }]);
  expect(found(some(6, 2), 2)).toEqual([]);
  expect(found(times(9, picture(null, [4, 0.9], null)))).toEqual([]);
});

it('compares both orders of channels picture by picture', () => {
  const better = (n: number, rest: number) => [...times(n, picture(3, [4, 0.9], [3, 0.5])), ...times(rest, picture(3, [3, 0.9], [3, 0.5]))];
  // Five of five that differ: 1 in 32.
  expect(found(better(5, 10))).toMatchObject([{ kind: 'swapped', use: 'bgr', by: 'labels', now: 10, then: 15, of: 15 }]);
  expect(found(better(4, 11))).toEqual([]);
  expect(found(better(5, 10), 10, { channels: 'bgr' })).toMatchObject([{ use: 'rgb' }]);
  // Without labels, by how sure the model is, if that is more than a trifle.
  const surer = (by: number) => times(8, picture(null, [3, 0.5], [4, 0.5 + by]));
  expect(found(surer(0.2))).toMatchObject([{ kind: 'swapped', by: 'probability', now: 0.5, then: expect.closeTo(0.7, 12) }]);
  expect(found(surer(0.02))).toEqual([]);
  expect(found(surer(-0.2))).toEqual([]);
  expect(found(times(7, picture(null, [3, 0.5], [4, 0.9])))).toEqual([]);
});
