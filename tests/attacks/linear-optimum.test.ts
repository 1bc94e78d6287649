import { describe, expect, it } from 'vitest';
import type { FeatureNorm } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import type { ImageFinding } from '../../src-main/attacks/problem/finding.ts';
import { exactMinimum, targetedBound } from '../../src-main/norms/exactLinear.ts';
import type { ImageShape } from '../../src-main/model/differentiable.ts';
import { canReach, linearCase, OPEN } from './linear.ts';

const SHAPE: ImageShape = { channels: 3, height: 5, width: 7 };

interface Ratios {
  float: number[];
  eightBit: number[];
}

const known = new Map<string, number>();

/** Each optimum is asked for by several attacks and takes a while when targeted. */
function optimum(key: string, compute: () => number): number {
  if (!known.has(key)) known.set(key, compute());
  return known.get(key)!;
}

/** Found over optimum for every image that can be broken at all; whatever cannot must be held. */
async function ratios(
  attack: string,
  norm: FeatureNorm,
  options: Record<string, unknown>,
  classes: number,
  targeted: boolean,
  count = 12,
): Promise<Ratios> {
  const test = linearCase(`optimum-${classes}`, classes, SHAPE, count, targeted);
  const found = await attackBatch({
    model: test.differentiable,
    images: test.images,
    norm,
    eps: [1],
    attack,
    options,
    seed: 3,
    maxQueries: null,
    gate: OPEN,
  });
  const out: Ratios = { float: [], eightBit: [] };
  found.forEach((finding, i) => {
    const { pixels, label, goal } = test.images[i]!;
    const best = optimum(`${norm} ${classes} ${targeted} ${i}`, () =>
      goal !== null && classes > 2 ? targetedBound(norm, test.model, pixels, goal) : exactMinimum(norm, test.model, pixels, label).distance,
    );
    if (best === Infinity) return expect(finding.state).toBe('held');
    out.float.push((finding.float?.[norm] ?? Infinity) / best);
    out.eightBit.push((finding.eightBitDistances?.[norm] ?? Infinity) / best);
  });
  return out;
}

const CASES = [2, 3, 10].flatMap((classes) => [
  { classes, targeted: false },
  { classes, targeted: true },
]);

describe.each(CASES)('linear model, $classes classes, targeted $targeted', ({ classes, targeted }) => {
  it.each([
    ['ddn', 'l2', {}],
    ['fmn', 'l1', {}],
    ['fmn', 'l2', {}],
    // Nine half spaces at once make a corner that 200 steps of l∞ approach to 4 %; with 1000 they are there.
    ['fmn', 'linf', classes === 10 && targeted ? { steps: 1000 } : {}],
  ] as const)('%s %s comes within 1.01 of the optimum on every image', async (attack, norm, options) => {
    const { float } = await ratios(attack, norm, options, classes, targeted);
    expect(Math.min(...float)).toBeGreaterThan(1 - 1e-4);
    expect(Math.max(...float)).toBeLessThan(1.01);
  });

  it.each([
    ['fmn', {}, 0.95],
    ['sigma-zero', { steps: 300 }, 0.99],
  ] as const)('%s finds the l0 optimum', async (attack, options, share) => {
    const { float, eightBit } = await ratios(attack, 'l0', options, classes, targeted);
    expect(Math.min(...float)).toBeGreaterThanOrEqual(1);
    // Targeted at more than two classes the bound is not tight; brute force decides that case below.
    if (targeted && classes > 2) expect(Math.max(...float)).toBeLessThanOrEqual(1.5);
    else expect(float.filter((ratio) => ratio === 1).length / float.length).toBeGreaterThanOrEqual(share);
    expect(eightBit).toEqual(float);
  });
});

describe('targeted l0 with three classes', () => {
  it.each([
    ['sigma-zero', { steps: 1000 }],
    ['fmn', { steps: 1000 }],
  ] as const)('%s is at the optimum of every support tried, or one feature above it on a few', async (attack, options) => {
    const shape = { channels: 1, height: 2, width: 5 };
    const test = linearCase('brute', 3, shape, 20, true);
    const found: ImageFinding[] = await attackBatch({
      model: test.differentiable,
      images: test.images,
      norm: 'l0',
      eps: [1],
      attack,
      options,
      seed: 3,
      maxQueries: null,
      gate: OPEN,
    });
    const masks = Array.from({ length: 2 ** 10 }, (_, mask) => ({
      mask,
      size: [...mask.toString(2)].filter((b) => b === '1').length,
    })).sort((a, b) => a.size - b.size);
    const excess = found.flatMap((finding, i) => {
      const { pixels, goal } = test.images[i]!;
      const best = masks.find(({ mask }) => canReach(test.model, pixels, goal!, mask))?.size;
      if (best === undefined) {
        expect(finding.state).toBe('held');
        return [];
      }
      return [(finding.float?.l0 ?? Infinity) - best];
    });
    expect(excess.length).toBeGreaterThan(10);
    expect(Math.min(...excess)).toBe(0);
    expect(Math.max(...excess)).toBeLessThanOrEqual(1);
    expect(excess.filter((e) => e === 0).length / excess.length).toBeGreaterThanOrEqual(0.8);
  });
});
