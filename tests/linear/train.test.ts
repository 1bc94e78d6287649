import { describe, expect, it } from 'vitest';
import { gaussian, randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { dualValue, objective, smoothed } from '../../src-main/linear/objective.ts';
import type { Problem } from '../../src-main/linear/objective.ts';
import { samplesOf } from '../../src-main/linear/samples.ts';
import { train } from '../../src-main/linear/train.ts';

const random = randomStream('linear training');
const D = 6;

/** Two clouds that overlap a little, pixels partly 0. */
function clouds(n: number, rest: Omit<Problem, 'samples' | 'sign'>): Problem {
  const sign = Int8Array.from({ length: n }, (_, i) => (i % 3 === 0 ? -1 : 1));
  const rows = Array.from(sign, (y) =>
    Float32Array.from({ length: D }, (_, j) => (random() < 0.2 ? 0 : 0.5 + 0.25 * gaussian(random) + (j < 2 ? 0.2 * y : 0))),
  );
  return { samples: samplesOf(rows), sign, ...rest };
}

const CASES = (['hinge', 'logistic'] as const).flatMap((loss) =>
  (['l2', 'linf'] as const).flatMap((norm) => [0, 0.05, 0.2].map((epsilon) => ({ loss, norm, epsilon, ridge: 1e-3 }))),
);

describe.each(CASES)('$loss against $norm ≤ $epsilon', (how) => {
  it('ends within its gap of the minimum: the dual bound proves it, and no weights tried are better', () => {
    const problem = clouds(90, how);
    const { weights, bias, value, bound } = train(problem, 1e-4);
    expect(value - bound).toBeLessThanOrEqual(1e-4 * value);
    expect(bound).toBeLessThanOrEqual(value);
    const best = Float64Array.of(...weights, bias);
    expect(objective(problem, best)).toBe(value);
    for (let trial = 0; trial < 400; trial++) {
      const size = 10 ** (-4 + 4 * random());
      const other = trial % 4 === 0 ? best.map((x) => x * (1 + size * gaussian(random))) : best.map((x) => x + size * gaussian(random));
      expect(objective(problem, other)).toBeGreaterThanOrEqual(bound);
      expect(objective(problem, other)).toBeGreaterThanOrEqual(value * (1 - 1e-4));
    }
  });

  it('any weights of the samples bound any model from below', () => {
    const problem = clouds(30, how);
    for (let trial = 0; trial < 50; trial++) {
      const bound = dualValue(
        problem,
        Float64Array.from({ length: 30 }, () => random()),
      );
      const point = Float64Array.from({ length: D + 1 }, () => 3 * gaussian(random));
      expect(objective(problem, point)).toBeGreaterThanOrEqual(bound);
    }
  });

  it('the smoothed gradient is that of central differences, and smoothing only lowers', () => {
    const problem = clouds(25, how);
    const slopes = new Float64Array(25);
    for (const width of [0.3, 0.01]) {
      const point = Float64Array.from({ length: D + 1 }, () => gaussian(random));
      const gradient = new Float64Array(D + 1);
      const value = smoothed(problem, point, width, gradient, slopes);
      expect(value).toBeLessThanOrEqual(objective(problem, point) + 1e-12);
      expect(value).toBeGreaterThan(objective(problem, point) - width * (1 + how.epsilon * D));
      const scratch = new Float64Array(D + 1);
      for (let j = 0; j <= D; j++) {
        const at = (h: number): number => smoothed(problem, point.with(j, point[j]! + h), width, scratch, slopes);
        expect(gradient[j]).toBeCloseTo((at(1e-6) - at(-1e-6)) / 2e-6, 5);
      }
    }
  });
});

describe('the inner maximum', () => {
  const one = (norm: 'l2' | 'linf', loss: 'hinge' | 'logistic', epsilon: number, x: Float32Array, y: number): Problem => ({
    samples: samplesOf([x]),
    sign: Int8Array.of(y),
    loss,
    norm,
    epsilon,
    ridge: 0,
  });
  const cases = (['hinge', 'logistic'] as const).flatMap((loss) => [1, -1].map((y) => ({ loss, y })));

  it.each(cases)('$loss, y = $y, l∞: the largest loss of all 64 corners of the ball, which is at -yε sign(w)', ({ loss, y }) => {
    for (let round = 0; round < 20; round++) {
      const x = Float32Array.from({ length: D }, () => random());
      const point = Float64Array.from({ length: D + 1 }, () => gaussian(random));
      const epsilon = 0.3 * random();
      const lossAt = (sign: (j: number) => number): number =>
        objective(
          one(
            'linf',
            loss,
            0,
            x.map((v, j) => v + epsilon * sign(j)),
            y,
          ),
          point,
        );
      const corners = Array.from({ length: 2 ** D }, (_, mask) => lossAt((j) => ((mask >> j) & 1 ? 1 : -1)));
      expect(objective(one('linf', loss, epsilon, x, y), point)).toBeCloseTo(Math.max(...corners), 5);
      expect(lossAt((j) => -y * Math.sign(point[j]!))).toBeCloseTo(Math.max(...corners), 6);
    }
  });

  it.each(cases)('$loss, y = $y, l2: reached at -yε w/‖w‖ and nowhere exceeded', ({ loss, y }) => {
    for (let round = 0; round < 20; round++) {
      const x = Float32Array.from({ length: D }, () => random());
      const point = Float64Array.from({ length: D + 1 }, () => gaussian(random));
      const epsilon = random();
      const lossAt = (delta: ArrayLike<number>): number =>
        objective(
          one(
            'l2',
            loss,
            0,
            x.map((v, j) => v + delta[j]!),
            y,
          ),
          point,
        );
      const w = point.subarray(0, D);
      const most = objective(one('l2', loss, epsilon, x, y), point);
      expect(lossAt(w.map((v) => (-y * epsilon * v) / Math.hypot(...w)))).toBeCloseTo(most, 5);
      for (let trial = 0; trial < 100; trial++) {
        const direction = Float64Array.from({ length: D }, () => gaussian(random));
        expect(lossAt(direction.map((v) => (epsilon * v) / Math.hypot(...direction)))).toBeLessThanOrEqual(most + 1e-6);
      }
    }
  });
});

it('the SVM of two points with a small ridge is the hard margin between them', () => {
  const a = Float32Array.of(0.9, 0.1, 0.4);
  const b = Float32Array.of(0.1, 0.3, 0.8);
  const { weights, bias } = train(
    { samples: samplesOf([a, b]), sign: Int8Array.of(1, -1), loss: 'hinge', norm: 'l2', epsilon: 0, ridge: 1e-5 },
    1e-4,
  );
  const gap = a.map((v, j) => v - b[j]!);
  const squared = gap.reduce((sum, v) => sum + v * v, 0);
  weights.forEach((w, j) => expect(w).toBeCloseTo((2 * gap[j]!) / squared, 3));
  expect(weights.reduce((sum, w, j) => sum + w * a[j]!, bias)).toBeCloseTo(1, 3);
});

it('against a radius no model withstands, the minimum is the constant model', () => {
  const { weights, value } = train({ ...clouds(60, { loss: 'hinge', norm: 'linf', epsilon: 2, ridge: 1e-3 }) }, 1e-3);
  // Twice the smaller class's share: all of it is lost, by as much as the others gain.
  expect(value).toBeCloseTo(2 / 3, 2);
  expect(Math.max(...weights.map(Math.abs))).toBeLessThan(0.01);
});

it('refuses what has no answer', () => {
  const problem = clouds(9, { loss: 'hinge', norm: 'l2', epsilon: 0.1, ridge: 1e-3 });
  expect(() => train({ ...problem, ridge: 0 }, 1e-3)).toThrow(/ridge/);
  expect(() => train({ ...problem, epsilon: -1 }, 1e-3)).toThrow(/ε/);
  expect(() => train({ ...problem, sign: new Int8Array(9).fill(1) }, 1e-3)).toThrow(/both classes/);
});
