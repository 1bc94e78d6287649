import { describe, expect, it } from 'vitest';
import type { FeatureNorm, Norm } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { exactMinimum, targetedBound } from '../../src-main/norms/exactLinear.ts';
import type { ImageShape } from '../../src-main/model/differentiable.ts';
import { linearCase, OPEN } from './linear.ts';

/** Attacks on a Lagrangian, against the exact optimum of linear models whose box binds; none begins at the linearised boundary, which is that optimum. */
const SHAPE: ImageShape = { channels: 3, height: 5, width: 7 };
const optima = new Map<string, number>();

/** Found over optimum of every image that can be broken; one that cannot must be held. */
async function ratios(attack: string, norm: FeatureNorm, options: Record<string, unknown>, classes: number, targeted: boolean) {
  const { model, differentiable, images } = linearCase(`optimum-${classes}`, classes, SHAPE, 4, targeted);
  const found = await attackBatch({
    model: differentiable,
    images,
    norm,
    eps: [1],
    attack,
    options,
    seed: 3,
    maxQueries: null,
    gate: OPEN,
  });
  return found.flatMap((finding, i) => {
    const { pixels, label, goal } = images[i]!;
    const key = [norm, classes, targeted, i].join();
    const best =
      optima.get(key) ??
      (goal !== null && classes > 2 ? targetedBound(norm, model, pixels, goal, 300) : exactMinimum(norm, model, pixels, label).distance);
    optima.set(key, best);
    if (best < Infinity) return [(finding.float?.[norm] ?? Infinity) / best];
    expect(finding.state).toBe('held');
    return [];
  });
}

const ATTACKS: [string, FeatureNorm, Record<string, unknown>][] = [
  ['pdpgd', 'l1', { rivals: 0, steps: 1000 }],
  ['pdpgd', 'l2', { rivals: 0, steps: 200 }],
  ['pdpgd', 'linf', { rivals: 0, steps: 1000 }],
  ['pdgd', 'l2', { rivals: 0, steps: 200 }],
  ['alma', 'l1', { steps: 3000 }],
  ['alma', 'l2', { steps: 500 }],
  ['ead', 'l1', { beta: 30, steps: 1000 }],
  ['carlini-wagner', 'l2', { steps: 300 }],
  ['carlini-wagner', 'linf', { steps: 300, initial: 0.01, decrease: 0.97, abort: false }],
];

describe.each([2, 3, 10].flatMap((classes) => [false, true].map((targeted) => ({ classes, targeted }))))(
  'linear model, $classes classes, targeted $targeted',
  ({ classes, targeted }) => {
    it.each(ATTACKS)('%s %s comes within 1.05 of the optimum on every image, %j', async (attack, norm, options) => {
      const all = await ratios(attack, norm, options, classes, targeted);
      expect(all.length).toBeGreaterThan(1);
      expect(Math.min(...all)).toBeGreaterThan(1 - 1e-4);
      expect(Math.max(...all)).toBeLessThan(1.05);
    });

    it.each(['two-thirds', 'hard'])('pdpgd finds the l0 optimum by the penalty %s', async (penalty) => {
      const all = await ratios('pdpgd', 'l0', { rivals: 0, steps: 200, penalty }, classes, targeted);
      expect(Math.min(...all)).toBeGreaterThanOrEqual(1);
      // Targeted at more than two classes the bound is not tight.
      expect(Math.max(...all)).toBeLessThanOrEqual(targeted && classes > 2 ? 1.5 : 1);
    });
  },
);

it.each([
  ['pdpgd', ['l0', 'l0Pixels', 'l1', 'l2', 'linf']],
  ['pdgd', ['l2']],
  ['alma', ['l1', 'l2']],
  ['ead', ['l1']],
  ['carlini-wagner', ['l2', 'linf']],
] as [string, Norm[]][])('%s leaves an image held that nothing inside the box can break', async (attack, norms) => {
  const { images, model } = linearCase('held', 3, SHAPE, 2, false);
  // So far ahead that no picture changes the class.
  const bias = Float32Array.from(model.bias, (b, k) => b + (k === images[0]!.label ? 1e4 : 0));
  const { linearModel } = await import('./linear.ts');
  const ahead = linearModel({ ...model, bias }, SHAPE, 4);
  for (const norm of norms) {
    const [finding] = await attackBatch({
      model: ahead,
      images: images.slice(0, 1),
      norm,
      eps: [1],
      attack,
      options: { steps: 20 },
      seed: 1,
      maxQueries: null,
      gate: OPEN,
    });
    expect(finding).toMatchObject({ state: 'held', eightBit: null, floatPixels: null });
  }
});
