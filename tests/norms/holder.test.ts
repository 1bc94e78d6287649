import { describe, expect, it } from 'vitest';
import { gaussian, randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { boundaryDistance, dualExponent, exponentOf, holderDrop, holderStep, lengthP } from '../../src-main/norms/holder.ts';

const EXPONENTS = [1, 1.25, 1.5, 2, 3, 10, 50, Infinity];
const random = randomStream('holder');
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, value, j) => sum + value * b[j]!, 0);
/** ‖v‖_p by its definition. */
const plain = (p: number, v: ArrayLike<number>): number =>
  p === Infinity ? Math.max(...Array.from(v, Math.abs)) : Array.from(v).reduce((sum, x) => sum + Math.abs(x) ** p, 0) ** (1 / p);

describe.each(EXPONENTS)('p = %d', (p) => {
  const q = p === 1 ? Infinity : p === Infinity ? 1 : p / (p - 1);
  it('(6) and (7): the step has the length asked for and no point of the ball lowers g·η more', () => {
    for (let trial = 0; trial < 20; trial++) {
      const g = Float64Array.from({ length: 7 }, (_, j) => (j === 3 ? 0 : gaussian(random) * 10 ** (trial % 3)));
      const eta = new Float64Array(7);
      const fall = holderStep(p, g, 0.3, eta);
      expect(plain(p, eta)).toBeCloseTo(0.3, 6);
      expect(dot(g, eta)).toBeCloseTo(-fall, 6);
      expect(fall / (0.3 * plain(q, g))).toBeCloseTo(1, 6);
      expect(eta[3]).toBe(0);
      for (let other = 0; other < 200; other++) {
        const v = Float64Array.from(g, () => gaussian(random));
        const scale = 0.3 / plain(p, v);
        expect(scale * dot(g, v)).toBeGreaterThanOrEqual(-fall * (1 + 1e-9));
      }
    }
  });
  it('(8): the smallest step that drops as asked', () => {
    const g = Float64Array.from({ length: 9 }, () => gaussian(random));
    const eta = new Float64Array(9);
    const size = holderDrop(p, g, 0.7, eta);
    expect(dot(g, eta)).toBeCloseTo(-0.7, 6);
    expect(plain(p, eta)).toBeCloseTo(size, 6);
    expect(size).toBeCloseTo(0.7 / plain(q, g), 6);
    expect(holderDrop(p, g, 0, eta)).toBe(0);
    expect(holderDrop(p, new Float64Array(9), 1, eta)).toBe(Infinity);
    expect([...eta].every((x) => x === 0)).toBe(true);
  });
  it('lengths neither overflow nor underflow', () => {
    expect(lengthP(p, [3e200, -4e200]) / 1e200).toBeCloseTo(plain(p, [3, -4]), 3);
    expect(lengthP(p, [3e-200, -4e-200]) / 1e-200).toBeCloseTo(plain(p, [3, -4]), 3);
    expect(lengthP(p, [0, 0])).toBe(0);
  });
});

it('exponents: duals, norms, and what has none', () => {
  expect([dualExponent(1), dualExponent(2), dualExponent(Infinity), dualExponent(1.5)]).toEqual([Infinity, 2, 1, 3]);
  expect(() => dualExponent(0.5)).toThrow(RangeError);
  expect([exponentOf('l1'), exponentOf('l2'), exponentOf('linf')]).toEqual([1, 2, Infinity]);
  expect(() => exponentOf('l0')).toThrow(RangeError);
});

it('a linearised boundary lies as far on either side as the smallest step that reaches it, and nowhere without a gradient', () => {
  const g = Float64Array.of(3, -4, 0, 12);
  // The dual norms by hand: 12, 13 and 19.
  for (const [p, dual] of [
    [1, 12],
    [2, 13],
    [Infinity, 19],
  ] as const)
    for (const value of [0.7, -0.7]) expect(boundaryDistance(p, value, g)).toBeCloseTo(0.7 / dual, 12);
  expect(boundaryDistance(2, 0, g)).toBe(0);
  for (const value of [0.7, 0]) expect(boundaryDistance(2, value, new Float64Array(3))).toBe(Infinity);
});
