import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMPILED, compiled } from '../../scripts/loops.mjs';
import * as simd from '../../src-main/simd/index.ts';
import { randomStream } from '../../src-main/attacks/problem/random-stream.ts';

/** One value, parts of four, a whole slot, and several with a rest. */
const LENGTHS = [1, 2, 3, 5, 8192, 8193, 20_003];

function scene(n: number) {
  const random = randomStream(`simd ${n}`);
  const clean = Float32Array.from({ length: n }, () => Math.min(1, Math.max(0, 1.4 * random() - 0.2)));
  const delta = Float32Array.from(clean, (_, i) => (i % 7 === 3 ? 0 : random() - 0.5));
  const gradient = Float32Array.from(clean, (_, i) => (i % 5 === 1 ? 0 : random() - 0.5));
  return { clean, delta, gradient };
}

const room = (x: number, d: number): number => (d < 0 ? x : 1 - x);
const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
const near = (got: number, wanted: number): void =>
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(wanted)));
/** What a loop makes of δ, as float32. */
const made = (delta: Float32Array, run: (d: Float32Array) => void): Float32Array => {
  const copy = delta.slice();
  run(copy);
  return copy;
};
const by = (delta: Float32Array, f: (d: number, i: number) => number): Float32Array => Float32Array.from(delta, f);

describe.each(LENGTHS)('%d values, each loop against one in plain double precision', (n) => {
  const { clean, delta, gradient } = scene(n);

  it('changes δ as one value at a time would', () => {
    const out = new Float32Array(n);
    simd.place(clean, delta, out);
    expect(out).toEqual(by(delta, (d, i) => Math.min(1, Math.max(0, clean[i]! + d))));
    expect(made(delta, (d) => simd.scale(d, 1.7))).toEqual(by(delta, (d) => 1.7 * d));
    expect(made(delta, (d) => simd.addScaled(d, -0.3, gradient))).toEqual(by(delta, (d, i) => d + -0.3 * gradient[i]!));
    expect(made(delta, (d) => simd.addSigns(d, -0.03, gradient))).toEqual(by(delta, (d, i) => d + -0.03 * Math.sign(gradient[i]!)));
    expect(made(delta, (d) => simd.clip(d, clean, 0.1))).toEqual(
      by(delta, (d, i) => Math.max(-Math.min(0.1, clean[i]!), Math.min(d, 0.1, 1 - clean[i]!))),
    );
    expect(made(delta, (d) => simd.boxedScale(d, clean, 0.9))).toEqual(
      by(delta, (d, i) => Math.sign(d) * Math.min(0.9 * Math.abs(d), room(clean[i]!, d))),
    );
    expect(made(delta, (d) => simd.boxedShrink(d, clean, 0.1))).toEqual(
      by(delta, (d, i) => (d < 0 ? -1 : 1) * Math.min(Math.max(Math.abs(d) - 0.1, 0), room(clean[i]!, d))),
    );
    simd.movable(delta, gradient, clean, out);
    const held = (i: number): boolean =>
      (clean[i]! + delta[i]! <= 0 && gradient[i]! > 0) || (clean[i]! + delta[i]! >= 1 && gradient[i]! < 0);
    expect(out).toEqual(by(gradient, (g, i) => (held(i) ? 0 : Math.abs(g))));
  });

  it('steps where sizes are above a bound, and packs what moved', () => {
    const sizes = by(gradient, Math.abs);
    const got = delta.slice();
    const bound = sizes[n >> 1]!;
    const above = (i: number): boolean => sizes[i]! > bound;
    expect(simd.addSignsAbove(got, -0.03, gradient, sizes, bound)).toBe(sizes.filter((_, i) => above(i)).length);
    expect(got).toEqual(by(delta, (d, i) => (above(i) ? d + -0.03 * Math.sign(gradient[i]!) : d)));
    const [into, beside] = [new Float32Array(n), new Float32Array(n)];
    const count = simd.pack(delta, clean, into, beside);
    expect(into.slice(0, count)).toEqual(delta.filter((d) => d !== 0));
    expect(beside.slice(0, count)).toEqual(clean.filter((_, i) => delta[i] !== 0));
  });

  it('finds the largest difference', () => {
    expect(simd.farthest(delta, gradient)).toBe(Math.max(...Array.from(delta, (d, i) => Math.abs(d - gradient[i]!))));
  });

  it('sums what one value at a time sums, but for the order', () => {
    near(simd.sumOfSquares(delta), sum(Array.from(delta, (d) => d * d)));
    near(simd.sumOfSizes(delta), sum(Array.from(delta, Math.abs)));
    const out = new Float64Array(2);
    simd.boxedSquares(delta, clean, 0.8, out);
    near(out[0]!, sum(Array.from(delta, (d, i) => Math.min(0.8 * d * d, room(clean[i]!, d) ** 2))));
    near(out[1]!, sum(Array.from(delta, (d, i) => (0.8 * d * d < room(clean[i]!, d) ** 2 ? d * d : 0))));
    simd.boxedSizes(delta, clean, 0.1, out);
    const left = (d: number): number => Math.max(Math.abs(d) - 0.1, 0);
    near(out[0]!, sum(Array.from(delta, (d, i) => Math.min(left(d), room(clean[i]!, d)))));
    expect(out[1]).toBe(Array.from(delta, (d, i) => left(d) > 0 && left(d) < room(clean[i]!, d)).filter(Boolean).length);
  });

  it('finds NaN and infinity wherever they stand', () => {
    expect(simd.allFinite(delta)).toBe(true);
    for (const wrong of [NaN, Infinity, -Infinity])
      for (const at of [0, n >> 1, n - 1]) expect(simd.allFinite(Float32Array.from(delta, (d, i) => (i === at ? wrong : d)))).toBe(false);
  });

  it('weighs rows of a plane', () => {
    const weights = Float64Array.of(0.5, 0.2, -0.3, 0.7);
    const [out, plane] = [new Float32Array(n + 2).fill(9), Float32Array.from([...delta, ...clean, ...gradient, ...delta])];
    const value = (i: number, ks: number[]): number =>
      Math.fround(ks.reduce((all, k) => all + weights[k]! * plane[(k - ks[0]!) * n + i]!, 0));
    for (const ks of [[2], [1, 2], [0, 1, 2, 3]]) {
      simd.weightedRows(plane, 0, n, weights, ks[0]!, ks.at(-1)! + 1, out, 1, n);
      expect(out).toEqual(Float32Array.from({ length: n + 2 }, (_, i) => (i === 0 || i === n + 1 ? 9 : value(i - 1, ks))));
    }
    simd.weightedRows(plane, 0, n, weights, 2, 2, out, 1, n);
    expect(out).toEqual(Float32Array.from({ length: n + 2 }, (_, i) => (i === 0 || i === n + 1 ? 9 : 0)));
  });
});

it('weighs columns: spans that are empty, apart, or wider than a slot, in more outputs than a slot has', () => {
  const random = randomStream('columns');
  const [width, to] = [30_001, 20_000];
  const first = new Int32Array(to);
  const start = new Int32Array(to + 1);
  for (let o = 0; o < to; o++) {
    const count = o === 3 ? 7000 : o === 9 ? 9001 : o % 11 === 5 ? 0 : 1 + Math.floor(random() * 4);
    first[o] = o === 3 || o === 9 ? 20_000 : Math.floor((o * (width - 5)) / to);
    start[o + 1] = start[o]! + count;
  }
  const weights = Float64Array.from({ length: start[to]! }, () => random() - 0.5);
  const x = Float32Array.from({ length: 2 * width }, () => random());
  const out = new Float32Array(2 * to).fill(9);
  simd.weightedColumns(x, width, { to, first, start, weights }, out);
  for (const row of [0, 1])
    for (let o = 0; o < to; o++) {
      let sum = 0;
      for (let k = start[o]!; k < start[o + 1]!; k++) sum += weights[k]! * x[row * width + first[o]! + k - start[o]!]!;
      if (out[row * to + o] !== Math.fround(sum)) expect([row, o, out[row * to + o]]).toEqual([row, o, Math.fround(sum)]);
    }
});

it('hands on what is no number, for whoever judges it', () => {
  const clean = Float32Array.of(0.5, 0.5, 0.5, 0.5);
  const delta = Float32Array.of(NaN, 0.1, NaN, 0.1);
  const out = new Float32Array(4);
  simd.place(clean, delta, out);
  expect(out).toEqual(Float32Array.of(NaN, 0.6, NaN, 0.6));
  expect(made(delta, (d) => simd.clip(d, clean, 1))).toEqual(delta);
});

it('is what its source says: `npm run loops` makes it', async () => {
  expect(await compiled()).toBe(readFileSync(COMPILED, 'utf8'));
});
