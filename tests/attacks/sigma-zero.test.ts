import { describe, expect, it } from 'vitest';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import type { ImageFinding } from '../../src-main/attacks/problem/finding.ts';
import { exactMinimum } from '../../src-main/norms/exactLinear.ts';
import { canReach, linearCase, OPEN } from './linear.ts';
import type { LinearCase } from './linear.ts';

const SHAPE = { channels: 3, height: 4, width: 5 };
/** The published attack alone: no other starts, no exchange. */
const BARE = { rivals: 0, polish: 0 };

type Count = 'l0' | 'l0Pixels';

function run(test: LinearCase, norm: Count, options: Record<string, unknown>, maxQueries: number | null = null): Promise<ImageFinding[]> {
  return attackBatch({
    model: test.differentiable,
    images: test.images,
    norm,
    eps: [1],
    attack: 'sigma-zero',
    options,
    seed: 5,
    maxQueries,
    gate: OPEN,
  });
}

const optimum = (test: LinearCase, norm: Count, i: number): number =>
  exactMinimum(norm, test.model, test.images[i]!.pixels, test.images[i]!.label, SHAPE.channels).distance;

describe.each(['l0', 'l0Pixels'] as const)('σ-zero in %s on linear models', (norm) => {
  const cases = [2, 3, 10].map((classes) => linearCase(`sigma-zero ${classes}`, classes, SHAPE, 40, false));

  it('is at the exact optimum on 99 of 100 images, as a picture too, and never below it', async () => {
    let [equal, all] = [0, 0];
    for (const test of cases)
      for (const [i, finding] of (await run(test, norm, { steps: 200 })).entries()) {
        const best = optimum(test, norm, i);
        if (best === Infinity) {
          expect(finding.state).toBe('held');
          continue;
        }
        all++;
        expect(finding.float![norm]).toBeGreaterThanOrEqual(best);
        if (finding.float![norm] === best && finding.eightBitDistances![norm] === best) equal++;
      }
    expect(all).toBeGreaterThan(100);
    expect(equal / all).toBeGreaterThanOrEqual(0.99);
  });

  it('the descent alone comes within a tenth of it on average, and its polish to it', async () => {
    const ratios = async (options: Record<string, unknown>): Promise<number> => {
      const found = await run(cases[1]!, norm, options);
      const all = found.flatMap((finding, i) =>
        optimum(cases[1]!, norm, i) < Infinity ? [(finding.float?.[norm] ?? Infinity) / optimum(cases[1]!, norm, i)] : [],
      );
      return all.reduce((a, b) => a + b, 0) / all.length;
    };
    expect(await ratios({ ...BARE, steps: 300 })).toBeLessThan(1.1);
    const poor = { ...BARE, steps: 15 };
    expect(await ratios(poor)).toBeGreaterThan(1.1);
    expect(await ratios({ ...poor, polish: 50 })).toBeLessThan(1.03);
  });

  it('with a fixed budget k it finds a success within k exactly where one exists, and stops there', async () => {
    for (const k of [2, 5, 9]) {
      const found = await run(cases[2]!, norm, { ...BARE, steps: 300, polish: 50, restarts: 2, epsilonBudget: k });
      const full = await run(cases[2]!, norm, { ...BARE, steps: 300, polish: 50, restarts: 2 });
      let [possible, reached, spent, spentInFull] = [0, 0, 0, 0];
      found.forEach((finding, i) => {
        const within = (finding.float?.[norm] ?? Infinity) <= k;
        if (optimum(cases[2]!, norm, i) > k) return expect(within).toBe(false);
        possible++;
        if (!within) return;
        reached++;
        spent += finding.forwards + finding.backwards;
        spentInFull += full[i]!.forwards + full[i]!.backwards;
      });
      expect(possible).toBeGreaterThan(3);
      expect(reached / possible).toBeGreaterThanOrEqual(0.95);
      expect(spent).toBeLessThan(0.5 * spentInFull);
    }
  });

  it('targeted at one of two classes it is at the exact optimum', async () => {
    const test = linearCase('sigma-zero towards', 2, SHAPE, 30, true);
    for (const [i, finding] of (await run(test, norm, { steps: 200 })).entries()) {
      const best = optimum(test, norm, i);
      if (best === Infinity) expect(finding.state).toBe('held');
      else expect(finding.float![norm]).toBe(best);
    }
  });
});

it('targeted at one of three classes, pixels are at the optimum of every set tried, or one above it on a few', async () => {
  const shape = { channels: 3, height: 2, width: 4 };
  const plane = 8;
  const test = linearCase('sigma-zero brute', 3, shape, 24, true);
  const found = await run(test, 'l0Pixels', { steps: 1000 });
  const sets = Array.from({ length: 2 ** plane }, (_, set) => ({
    mask: set * (1 + 2 ** plane + 2 ** (2 * plane)),
    size: [...set.toString(2)].filter((b) => b === '1').length,
  })).sort((a, b) => a.size - b.size);
  const excess = found.flatMap((finding, i) => {
    const { pixels, goal } = test.images[i]!;
    const best = sets.find(({ mask }) => canReach(test.model, pixels, goal!, mask))?.size;
    if (best === undefined) {
      expect(finding.state).toBe('held');
      return [];
    }
    return [(finding.float?.l0Pixels ?? Infinity) - best];
  });
  expect(excess.length).toBeGreaterThan(10);
  expect(Math.min(...excess)).toBe(0);
  expect(Math.max(...excess)).toBeLessThanOrEqual(1);
  expect(excess.filter((e) => e === 0).length / excess.length).toBeGreaterThanOrEqual(0.8);
});

it('in grey pictures pixels and features are the same computation', async () => {
  const test = linearCase('sigma-zero grey', 4, { channels: 1, height: 5, width: 6 }, 12, false);
  const [features, pixels] = [await run(test, 'l0', { steps: 150 }), await run(test, 'l0Pixels', { steps: 150 })];
  expect(pixels).toEqual(features);
});

it('spends no more than its queries, and keeps what it had when they end', async () => {
  const test = linearCase('sigma-zero 3', 3, SHAPE, 12, false);
  for (const finding of await run(test, 'l0Pixels', { steps: 1000, ...BARE }, 80)) {
    expect(finding.forwards + finding.backwards).toBeLessThanOrEqual(80);
    if (finding.float) expect(finding.state).toBe('broken');
  }
});
