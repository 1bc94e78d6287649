import { expect, it } from 'vitest';
import { gaussian, randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { length } from '../../src-main/norms/distances.ts';
import { toHyperplane } from '../../src-main/norms/hyperplane.ts';

const random = randomStream('hyperplane');
const d = 8;
const at = Float32Array.from({ length: d }, () => random());
const gradient = Float32Array.from({ length: d }, () => gaussian(random));
const dot = (v: Float32Array): number => v.reduce((sum, value, j) => sum + value * gradient[j]!, 0);
const inside = (v: Float32Array): boolean => v.every((value, j) => at[j]! + value >= -1e-6 && at[j]! + value <= 1 + 1e-6);

// No move of those drawn that reaches the hyperplane inside the box is shorter.
it.each(['l1', 'l2', 'linf'] as const)('moves to the hyperplane from both sides by the shortest way, %s', (norm) => {
  for (const value of [0.8, -0.8]) {
    const out = new Float32Array(d);
    toHyperplane(norm, gradient, at, value, out);
    expect(value + dot(out)).toBeCloseTo(0, 5);
    expect(inside(out)).toBe(true);
    let tried = 0;
    for (let i = 0; i < 20_000; i++) {
      // Near the answer and far from it; the last feature is set so that the hyperplane is met.
      const other = out.map((move) => move + (i % 2 ? 0.05 : 0.5) * gaussian(random) * (random() < 0.5 ? 1 : 0));
      const j = i % d;
      other[j] = 0;
      other[j] = -(value + dot(other)) / gradient[j]!;
      if (!inside(other)) continue;
      tried++;
      expect(length(norm, other)).toBeGreaterThan(length(norm, out) - 1e-5);
    }
    expect(tried).toBeGreaterThan(100);
  }
});

it('goes to the corner that comes nearest where the box does not reach it', () => {
  const out = new Float32Array(d);
  toHyperplane('l2', gradient, at, 1e3, out);
  expect([...out].map((move, j) => at[j]! + move)).toEqual([...gradient].map((g) => (g > 0 ? 0 : 1)));
  toHyperplane('l2', gradient, at, -1e3, out);
  expect([...out].map((move, j) => at[j]! + move)).toEqual([...gradient].map((g) => (g > 0 ? 1 : 0)));
});
