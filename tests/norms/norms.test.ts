import { describe, expect, it } from 'vitest';
import type { FeatureNorm } from '../../shared/norms.ts';
import { randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { distance, distances, length } from '../../src-main/norms/distances.ts';
import { dualNorm } from '../../src-main/norms/dual.ts';
import { exactMinimum, targetedBound } from '../../src-main/norms/exactLinear.ts';
import { linearMinimiser, smallestDrop } from '../../src-main/norms/linear.ts';
import { project } from '../../src-main/norms/project.ts';
import { projectBox } from '../../src-main/norms/projectBox.ts';
import { borrowScratch, kthLargest } from '../../src-main/norms/select.ts';
import { steepestStep } from '../../src-main/norms/steepest.ts';

const random = randomStream('norms');
const NORMS: FeatureNorm[] = ['l0', 'l1', 'l2', 'linf'];
const vector = (n: number, scale = 1): Float32Array => Float32Array.from({ length: n }, () => (2 * random() - 1) * scale);
const image = (n: number): Float32Array => Float32Array.from({ length: n }, () => (random() < 0.4 ? Math.round(random()) : random()));
const squared = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0);

describe('distances', () => {
  it('counts, sums and takes maxima on a hand-made pair', () => {
    const clean = Float32Array.of(0, 0.5, 1, 0.25, 0.25, 0);
    const moved = Float32Array.of(0.5, 0.5, 1, 0.25, 0, 0.25);
    // 2 channels of 3 pixels: positions 0 (channel 0), 1 and 2 (channel 1) differ.
    expect(distances(clean, moved, 2)).toEqual({ l0: 3, l0Pixels: 3, l1: 1, l2: Math.sqrt(0.375), linf: 0.5 });
    expect(distances(Float32Array.of(0, 1, 0, 1), Float32Array.of(1, 1, 1, 1), 2).l0Pixels).toBe(1);
    for (const norm of NORMS) expect(distance(norm, clean, clean)).toBe(0);
  });
});

describe('selection', () => {
  it('agrees with sorting, ties included', () => {
    for (let round = 0; round < 200; round++) {
      const values = Float64Array.from({ length: 1 + Math.floor(random() * 40) }, () => Math.floor(random() * 8));
      const k = 1 + Math.floor(random() * values.length);
      const sorted = [...values].sort((a, b) => b - a);
      expect(kthLargest(values, k)).toBe(sorted[k - 1]);
    }
    expect(() => kthLargest(borrowScratch(3), 4)).toThrow(RangeError);
  });

  it('agrees with sorting where many values share their leading bits, or none do, and leaves them as they are', () => {
    const n = 40_001;
    for (const values of [
      Float32Array.from({ length: n }, () => random()),
      Float64Array.from({ length: n }, () => 1 + random() * 1e-9),
      Float64Array.from({ length: n }, () => (random() < 0.7 ? 0 : random() ** 40)),
      Float32Array.from({ length: n }, () => Math.floor(random() * 5) / 1000),
    ]) {
      const known = values.slice();
      const sorted = values.slice().sort().reverse();
      for (const k of [1, 2, 1000, 12_000, n - 1, n]) expect(kthLargest(values, k)).toBe(sorted[k - 1]);
      expect(values).toEqual(known);
    }
  });
});

/** A point is the projection onto a convex set if no other point of the set is nearer to what was projected. */
function expectNearest(original: Float32Array, found: Float32Array, inside: (candidate: Float32Array) => void): void {
  const best = squared(original, found);
  for (let trial = 0; trial < 300; trial++) {
    const candidate = found.map((v) => v + (2 * random() - 1) * (trial % 2 ? 0.3 : 0.01));
    inside(candidate);
    expect(squared(original, candidate)).toBeGreaterThanOrEqual(best - 1e-5);
  }
}

describe('projection onto a ball', () => {
  it.each(NORMS)('%s: inside, nearest, and leaves what is inside alone', (norm) => {
    for (const eps of norm === 'l0' ? [1, 4, 30] : [0.05, 0.7, 100]) {
      const original = vector(24);
      const found = original.slice();
      project(norm, found, eps);
      expect(length(norm, found)).toBeLessThanOrEqual(eps * (1 + 1e-6));
      if (length(norm, original) <= eps) expect(found).toEqual(original);
      // Any point scaled into the ball is a member of it; for l0 take the k entries of another choice.
      expectNearest(original, found, (candidate) => {
        const size = length(norm, candidate);
        if (norm === 'l0') {
          const kept = [...candidate.keys()].sort(() => random() - 0.5).slice(0, eps);
          candidate.forEach((_, i) => (candidate[i] = kept.includes(i) ? original[i]! : 0));
        } else if (size > eps) candidate.forEach((v, i) => (candidate[i] = (v * eps) / size));
      });
    }
  });
  it.each(NORMS)('%s: of no size holds nothing but 0', (norm) => {
    for (const onto of [project, (of: FeatureNorm, delta: Float32Array, eps: number) => projectBox(of, delta, delta.map(Math.abs), eps)]) {
      const delta = Float32Array.of(0.5, 0.25, -0.125, 0);
      onto(norm, delta, 0);
      expect(delta.map(Math.abs)).toEqual(new Float32Array(4));
    }
  });
  it('l1 is Duchi’s soft threshold', () => {
    const delta = Float32Array.of(3, -2, 0.5);
    project('l1', delta, 2);
    expect([...delta]).toEqual([1.5, -0.5, 0]);
  });
});

describe('projection onto a ball and the box', () => {
  it.each(NORMS)('%s: inside both, and nearest', (norm) => {
    for (const eps of norm === 'l0' ? [1, 5, 30] : [0.05, 0.6, 2, 100]) {
      const clean = image(20);
      const original = vector(20, 1.5);
      const found = original.slice();
      projectBox(norm, found, clean, eps);
      expect(length(norm, found)).toBeLessThanOrEqual(eps * (1 + 1e-5));
      found.forEach((d, i) => {
        expect(clean[i]! + d).toBeGreaterThanOrEqual(-1e-6);
        expect(clean[i]! + d).toBeLessThanOrEqual(1 + 1e-6);
      });
      expectNearest(original, found, (candidate) => {
        candidate.forEach((v, i) => (candidate[i] = Math.max(-clean[i]!, Math.min(1 - clean[i]!, v))));
        if (norm === 'l0') {
          const kept = [...candidate.keys()].sort(() => random() - 0.5).slice(0, eps);
          candidate.forEach((_, i) => (candidate[i] = kept.includes(i) ? candidate[i]! : 0));
        }
        // Scaling towards 0 stays in the box, which holds 0.
        const size = length(norm, candidate);
        if (norm !== 'l0' && size > eps) candidate.forEach((v, i) => (candidate[i] = (v * eps) / size));
      });
    }
  });
});

describe('linear functions over ball and box', () => {
  it.each(NORMS)('%s: no random member of the set does better', (norm) => {
    for (const eps of norm === 'l0' ? [1, 3] : [0.05, 0.5]) {
      const clean = image(12);
      const gradient = vector(12, 3);
      const delta = new Float32Array(12);
      linearMinimiser(norm, gradient, clean, eps, delta);
      expect(length(norm, delta)).toBeLessThanOrEqual(eps * (1 + 1e-6));
      const least = dot(gradient, delta);
      for (let trial = 0; trial < 2000; trial++) {
        const other = vector(12, trial % 2 ? 1 : eps);
        projectBox(norm, other, clean, eps);
        expect(dot(gradient, other)).toBeGreaterThanOrEqual(least - 1e-5);
      }
      // And the drop it makes cannot be had for less: the two closed forms answer each other.
      const again = new Float64Array(12);
      expect(smallestDrop(norm, gradient, clean, -least * (1 - 1e-9), again)).toBeCloseTo(length(norm, delta), 5);
      expect(dot(gradient, again)).toBeCloseTo(least, 4);
    }
  });
  it('says Infinity when the box is too small, 0 when nothing is asked', () => {
    const out = new Float64Array(2);
    for (const norm of NORMS) {
      expect(smallestDrop(norm, [1, -1], [0, 1], 0.1, out)).toBe(Infinity);
      expect(smallestDrop(norm, [1, -1], [0.5, 0.5], 0, out)).toBe(0);
    }
  });
  it('without the box binding it is Hölder’s equality', () => {
    const gradient = vector(30, 0.2);
    const clean = new Float32Array(30).fill(0.5);
    for (const norm of ['l1', 'l2', 'linf'] as const)
      expect(smallestDrop(norm, gradient, clean, 1e-2, new Float64Array(30))).toBeCloseTo(1e-2 / dualNorm(norm, gradient), 7);
  });
  it('steepest steps are `step` long and fall', () => {
    for (const norm of ['l1', 'l2', 'linf'] as const) {
      const gradient = vector(40);
      const clean = new Float32Array(40).fill(0.5);
      const delta = new Float32Array(40);
      steepestStep(norm, delta, gradient, clean, 0.1, 0.1);
      expect(length(norm, delta)).toBeCloseTo(0.1, 5);
      expect(dot(gradient, delta)).toBeLessThan(0);
    }
  });
});

describe('exact minimum of a linear model', () => {
  const classes = 3;
  const d = 6;
  /** The l0 optimum by trying every support: each feature of it at the better end of the box. */
  function bruteL0(weights: Float32Array, clean: Float32Array, label: number): number {
    let best = Infinity;
    for (let mask = 0; mask < 2 ** d; mask++) {
      const size = [...mask.toString(2)].filter((b) => b === '1').length;
      if (size >= best) continue;
      for (let k = 0; k < classes; k++) {
        if (k === label) continue;
        let margin = 0;
        for (let j = 0; j < d; j++) {
          const slope = weights[label * d + j]! - weights[k * d + j]!;
          const free = (mask >> j) & 1;
          margin += free ? Math.min(0, slope) : slope * clean[j]!;
        }
        if (margin <= 0) best = Math.min(best, size);
      }
    }
    return best;
  }
  it('l0 agrees with trying every support', () => {
    for (let round = 0; round < 60; round++) {
      const weights = vector(classes * d);
      const clean = image(d);
      const scores = [0, 1, 2].map((k) => dot(weights.subarray(k * d, (k + 1) * d), clean));
      const label = scores.indexOf(Math.max(...scores));
      const found = exactMinimum('l0', { classes, weights, bias: new Float32Array(classes) }, clean, label);
      expect(found.distance).toBe(bruteL0(weights, clean, label));
    }
  });
  it('two classes: the targeted bound is the untargeted optimum', () => {
    for (const norm of NORMS) {
      const weights = vector(2 * d);
      const clean = image(d);
      const model = { classes: 2, weights, bias: new Float32Array(2) };
      const [a, b] = [dot(weights.subarray(0, d), clean), dot(weights.subarray(d), clean)];
      const label = a > b ? 0 : 1;
      const exact = exactMinimum(norm, model, clean, label).distance;
      const bound = targetedBound(norm, model, clean, 1 - label);
      if (exact === Infinity) expect(bound).toBe(Infinity);
      else expect(bound).toBeCloseTo(exact, 6);
    }
  });
  it('refuses shapes that do not fit', () => {
    expect(() => exactMinimum('l2', { classes: 2, weights: [1], bias: [0, 0] }, [0.5], 0)).toThrow(RangeError);
  });
});
