import { describe, expect, it } from 'vitest';
import type { Norm } from '../../shared/norms.ts';
import { Best } from '../../src-main/attacks/problem/best.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { EightBit } from '../../src-main/attacks/rounding/levels.ts';
import { linearCase, logitsOf, OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 6, width: 5 };

/** How much longer an 8-bit picture may be than the float point, in the norm's own unit, when 90 features round. */
const PRICE: Record<Norm, number> = { l0: 0, l0Pixels: 0, l1: 0.25, l2: 0.03, linf: 1.01 / 255 };

describe.each([
  ['ddn', 'l2'],
  ['fmn', 'l0'],
  ['fmn', 'l1'],
  ['fmn', 'l2'],
  ['fmn', 'linf'],
  ['sigma-zero', 'l0'],
] as const)('8-bit pictures of %s %s', (attack, norm) => {
  it.each([false, true])('keep every float success at a small price (targeted %s)', async (targeted) => {
    const test = linearCase('eight', 6, SHAPE, 16, targeted);
    const found = await attackBatch({
      model: test.differentiable,
      images: test.images,
      norm,
      eps: [1],
      attack,
      options: { steps: 150 },
      seed: 2,
      maxQueries: null,
      gate: OPEN,
    });
    found.forEach((finding, i) => {
      const { pixels, label, goal } = test.images[i]!;
      if (!finding.float) return;
      expect(finding.state).toBe('broken');
      const seen = Float32Array.from(finding.eightBit!, (level) => level / 255);
      const logits = logitsOf(test.model.weights, test.model.bias, seen, 6);
      const prediction = logits.indexOf(Math.max(...logits));
      if (goal === null) expect(prediction).not.toBe(label);
      else expect(prediction).toBe(goal);
      const changed = seen.filter((p, j) => p !== pixels[j]).length;
      expect(finding.eightBitDistances!.l0).toBe(changed);
      expect(finding.eightBitDistances![norm]).toBeLessThanOrEqual(finding.float[norm] + PRICE[norm]);
      // Pictures are float points too: none is nearer than the best float point.
      expect(finding.eightBitDistances![norm]).toBeGreaterThanOrEqual(finding.float[norm]);
    });
  });
});

describe('the best 8-bit picture of an image', () => {
  const clean = Float32Array.of(100 / 255, 100 / 255);
  const reply = (margin: number) => ({
    margin,
    success: margin < 0,
    logits: Float32Array.of(10, 10 - margin),
    gradient: new Float32Array(2),
  });

  it('lies within the budget, to the level', () => {
    const best = new EightBit('linf', 3 / 255, clean, 1, 'gradient');
    expect(best.offer(Uint8Array.of(104, 100), reply(-1))).toBe(false);
    expect(best.levels).toBeNull();
    expect(best.offer(Uint8Array.of(103, 97), reply(-1))).toBe(true);
    expect([...best.levels!]).toEqual([103, 97]);
  });

  it('is a success, and one that is sure before one that is nearer', () => {
    const best = new EightBit('l2', undefined, clean, 1, 'gradient');
    for (const margin of [0, 1]) expect(best.offer(Uint8Array.of(101, 100), reply(margin))).toBe(false);
    expect(best.levels).toBeNull();
    // Below a ten-thousandth of the largest logit another machine may see it otherwise.
    expect(best.offer(Uint8Array.of(101, 100), reply(-0.0005))).toBe(false);
    expect([...best.levels!]).toEqual([101, 100]);
    expect(best.offer(Uint8Array.of(110, 100), reply(-0.01))).toBe(true);
    expect(best.offer(Uint8Array.of(100, 101), reply(-0.0005))).toBe(false);
    expect([...best.levels!]).toEqual([110, 100]);
    expect(best.offer(Uint8Array.of(100, 109), reply(-0.01))).toBe(true);
    expect(best.offer(Uint8Array.of(109, 100), reply(-0.01))).toBe(true);
    expect([...best.levels!]).toEqual([100, 109]);
  });
});

describe('a success that rounding may not lose', () => {
  const clean = new Float32Array(6);
  const offered = (norm: Norm, epsilon?: number) => {
    const best = new Best(norm, epsilon, clean, 1, 1);
    const point = (...values: number[]) => Float32Array.from({ length: 6 }, (_, j) => values[j] ?? 0);
    best.offer(0, point(0.9, 0.8, 0.7, 0.6), -2);
    best.offer(0, point(0.5, 0.4), -0.3);
    best.offer(0, point(0.5, 0.4, 0.3), -0.5);
    best.offer(0, point(0.2), -1e-4);
    return best;
  };

  it('is the one of the fewest features that does not lie just behind the boundary', () => {
    const best = offered('l0');
    expect(Array.from(best.pixels(0)!, Math.fround)).toEqual([0.2, 0, 0, 0, 0, 0].map(Math.fround));
    expect(Array.from(best.firmPixels(0)!)).toEqual([0.5, 0.4, 0, 0, 0, 0].map(Math.fround));
    // Once something far deeper is known, what lies at a third of a hundredth of it is no longer firm.
    best.offer(0, new Float32Array(6).fill(1), -100);
    expect(Array.from(best.firmPixels(0)!)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('is kept where changes are counted, and not within a budget', () => {
    expect(offered('l2').firmPixels(0)).toBeNull();
    expect(offered('l0', 5).firmPixels(0)).toBeNull();
  });
});
