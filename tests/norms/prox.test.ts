import { expect, it } from 'vitest';
import { length } from '../../src-main/norms/distances.ts';
import { proximal } from '../../src-main/norms/prox.ts';
import { proximalCount } from '../../src-main/norms/proxCount.ts';
import { randomStream } from '../../src-main/attacks/problem/random-stream.ts';

/** A point, a metric and a picture that the point leaves on some features. */
function draw(seed: string, n: number) {
  const random = randomStream(`prox ${seed}`);
  const clean = Float32Array.from({ length: n }, () => (random() < 0.3 ? Math.round(random()) : random()));
  const r = Float32Array.from({ length: n }, () => 1.5 * (random() - 0.5));
  const h = Float32Array.from({ length: n }, () => 10 ** (3 * random() - 2));
  return { random, clean, r, h, mu: 10 ** (3 * random() - 2.5) };
}

const inBox = (z: Float32Array, clean: Float32Array): boolean => z.every((d, j) => clean[j]! + d > -1e-6 && clean[j]! + d < 1 + 1e-6);

it.each(['l1', 'l2', 'linf'] as const)('%s: no point of the box near or far has a smaller proximal objective', (norm) => {
  for (let trial = 0; trial < 40; trial++) {
    const { random, clean, r, h, mu } = draw(`${norm} ${trial}`, 7);
    const value = (z: Float32Array): number => mu * length(norm, z) + z.reduce((sum, one, j) => sum + 0.5 * h[j]! * (one - r[j]!) ** 2, 0);
    const z = r.slice();
    proximal(norm, z, h, mu, clean);
    expect(inBox(z, clean)).toBe(true);
    const least = value(z);
    let smallest = Infinity;
    // The objective is convex: what is not better close by is not better anywhere.
    for (let i = 0; i < 1000; i++) {
      const scale = 10 ** (-6 * random());
      const near = z.map((one, j) =>
        Math.min(1 - clean[j]!, Math.max(-clean[j]!, i % 3 === 0 && one === 0 ? 0 : one + scale * (random() - 0.5))),
      );
      if (i % 5 === 0) near.set(z.map((one) => one * (1 - scale)));
      smallest = Math.min(smallest, value(near));
    }
    expect(smallest).toBeGreaterThan(least - 1e-6 * (1 + least));
  }
});

it('a norm that weighs enough takes every change back, one that weighs nothing none', () => {
  for (const norm of ['l1', 'l2', 'linf'] as const) {
    const { clean, r, h } = draw(`ends ${norm}`, 9);
    const [all, none] = [r.slice(), r.slice()];
    proximal(norm, all, h, 1e6, clean);
    expect([...all].map(Math.abs)).toEqual(new Array(9).fill(0));
    proximal(norm, none, h, 0, clean);
    none.forEach((z, j) => expect(z).toBeCloseTo(Math.min(1 - clean[j]!, Math.max(-clean[j]!, r[j]!)), 6));
  }
});

it.each(['two-thirds', 'hard'] as const)('%s: no value of a feature has a smaller objective', (penalty) => {
  const phi = (z: number): number => (z === 0 ? 0 : penalty === 'hard' ? 1 : Math.abs(z) ** (2 / 3));
  let kept = 0;
  for (let trial = 0; trial < 60; trial++) {
    const { clean, r, h, mu } = draw(`${penalty} ${trial}`, 5);
    const z = r.slice();
    proximalCount(penalty, z, h, mu, clean, 1);
    expect(inBox(z, clean)).toBe(true);
    z.forEach((one, j) => {
      const value = (at: number): number => 0.5 * h[j]! * (at - r[j]!) ** 2 + mu * phi(at);
      if (one !== 0) kept++;
      const least = value(one);
      const others = Array.from({ length: 1000 }, (_, i) => i / 1000 - clean[j]!).map(value);
      expect(Math.min(value(0), ...others)).toBeGreaterThan(least - 1e-6 * (1 + least));
    });
  }
  expect(kept).toBeGreaterThan(50);
});

it('a pixel stays or goes as a whole, and one colour of a single channel is a feature', () => {
  const { clean, r, h, mu } = draw('pixels', 12);
  const z = r.slice();
  proximalCount('hard', z, h, mu, clean, 3);
  const whole = Array.from({ length: 4 }, (_, p) => {
    const planes = [p, p + 4, p + 8];
    // What a pixel that moves comes nearer to r by, against what it costs; a channel that the box holds stays where it is.
    const moves = planes.map((j) => Math.min(Math.abs(r[j]!), r[j]! > 0 ? 1 - clean[j]! : clean[j]!));
    const gain = planes.reduce((sum, j, c) => sum + 0.5 * h[j]! * (r[j]! ** 2 - (Math.abs(r[j]!) - moves[c]!) ** 2), 0);
    planes.forEach((j, c) => expect(Math.abs(z[j]!)).toBeCloseTo(gain > mu ? moves[c]! : 0, 6));
    return gain > mu;
  });
  expect(new Set(whole).size).toBe(2);
  const [one, other] = [r.slice(), r.slice()];
  proximalCount('two-thirds', one, h, mu, clean, 1);
  for (let j = 0; j < 12; j++) {
    const alone = other.slice(j, j + 1);
    proximalCount('two-thirds', alone, h.slice(j, j + 1), mu, clean.slice(j, j + 1), 1);
    expect(alone[0]).toBe(one[j]);
  }
});
