import { describe, expect, it } from 'vitest';
import { randomInBall } from '../../src-main/attacks/search/start.ts';
import { randomStream } from '../../src-main/attacks/problem/random-stream.ts';

const EPS = 0.3;
const DRAWS = 4000;
const lengths = {
  l1: (v: Float32Array): number => v.reduce((sum, x) => sum + Math.abs(x), 0),
  l2: (v: Float32Array): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0)),
  linf: (v: Float32Array): number => Math.max(...v.map(Math.abs)),
};

function draw(norm: 'l1' | 'l2' | 'linf', d: number): Float32Array[] {
  const random = randomStream(`ball ${norm} ${d}`);
  return Array.from({ length: DRAWS }, () => {
    const delta = new Float32Array(d).fill(9);
    randomInBall(norm, delta, EPS, random);
    return delta;
  });
}

describe.each(['l1', 'l2', 'linf'] as const)('uniform points of a ball in %s', (norm) => {
  // The volume within radius r goes by r^d, so (‖δ‖/ε)^d is uniform on [0,1]; four deviations of so many draws.
  const slack = 4 * Math.sqrt(0.25 / DRAWS);
  it.each([1, 2, 5, 30])('in %d dimensions as many lie within every radius as its volume says', (d) => {
    const shares = draw(norm, d).map((delta) => (lengths[norm](delta) / EPS) ** d);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1 + 1e-5);
    for (const part of [0.1, 0.25, 0.5, 0.75, 0.9])
      expect(Math.abs(shares.filter((share) => share < part).length / DRAWS - part)).toBeLessThan(slack);
  });

  it('in no direction more than in another', () => {
    const points = draw(norm, 2);
    const [above, right, steep] = [
      ([, y]: Float32Array): boolean => y! > 0,
      ([x]: Float32Array): boolean => x! > 0,
      ([x, y]: Float32Array): boolean => Math.abs(y!) > Math.abs(x!),
    ];
    for (const test of [above, right, steep]) expect(Math.abs(points.filter(test).length / DRAWS - 0.5)).toBeLessThan(slack);
    expect(Math.abs(points.filter((p) => above(p) === right(p)).length / DRAWS - 0.5)).toBeLessThan(slack);
  });
});

it('in l0 so many features at most have values of [-1,1], as many of both signs', () => {
  const random = randomStream('ball l0');
  let [sum, squares] = [0, 0];
  const [seen, changed] = [new Set<number>(), new Set<number>()];
  for (let i = 0; i < DRAWS; i++) {
    const delta = new Float32Array(12).fill(9);
    randomInBall('l0', delta, 1.9, random);
    const at = delta.findIndex((v) => v !== 0);
    changed.add(delta.filter((v) => v !== 0).length);
    seen.add(at);
    sum += delta[at]!;
    squares += delta[at]! ** 2;
  }
  expect([...changed]).toEqual([1]);
  expect(seen.size).toBe(12);
  expect(Math.abs(sum / DRAWS)).toBeLessThan(4 * Math.sqrt(1 / 3 / DRAWS));
  expect(squares / DRAWS).toBeCloseTo(1 / 3, 1);
});
