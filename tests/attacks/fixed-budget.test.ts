import { describe, expect, it } from 'vitest';
import { within } from '../../shared/norms.ts';
import type { FeatureNorm } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { exactMinimum, targetedBound } from '../../src-main/norms/exactLinear.ts';
import { linearCase, linearModel, logitsOf, OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 5, width: 7 };

describe.each([
  [2, false],
  [3, false],
  [10, false],
  [3, true],
  [10, true],
] as const)('%i classes, targeted %s', (classes, targeted) => {
  it.each(['l1', 'l2', 'linf'] as const)('PGD in %s succeeds at 1.25 times the optimum, and never below it', async (norm) => {
    const test = linearCase(`budget-${classes}`, classes, SHAPE, 10, targeted);
    for (const image of test.images) {
      const best = targeted
        ? targetedBound(norm, test.model, image.pixels, image.goal!)
        : exactMinimum(norm, test.model, image.pixels, image.label).distance;
      if (best === Infinity) continue;
      // Some levels more, for the least budgets are below one level of an 8-bit picture.
      const slack = norm === 'linf' ? 1 / 255 : norm === 'l2' ? 0.05 : 0.1;
      const [finding] = await attackBatch({
        model: test.differentiable,
        images: [image],
        norm,
        eps: [best * 0.98, best * 1.25 + slack],
        attack: 'pgd',
        options: { steps: 100, restarts: 5 },
        seed: 1,
        maxQueries: null,
        gate: OPEN,
      });
      expect(finding!.state).toBe('broken');
      expect(finding!.epsilon).toBe(best * 1.25 + slack);
      expect(within(finding!.eightBitDistances![norm], best * 1.25 + slack)).toBe(true);
      expect(within(finding!.float![norm], best * 1.25 + slack)).toBe(true);
    }
  });
});

describe('what every fixed-budget attack keeps to', () => {
  const cases = (['fgsm', 'bim', 'pgd', 'apgd'] as const).flatMap((attack) =>
    (['l0', 'l1', 'l2', 'linf'] as FeatureNorm[])
      .filter((norm) => attack === 'fgsm' || norm !== 'l0')
      .map((norm) => [attack, norm] as const),
  );
  it.each(cases)('%s %s: pictures inside the budget and the box that reach the goal', async (attack, norm) => {
    const test = linearCase('keeps', 5, SHAPE, 24, false);
    const eps = { l0: [1, 3, 8], l1: [0.3, 1, 3], l2: [0.1, 0.4, 1.2], linf: [2 / 255, 8 / 255, 0.15] }[norm];
    const found = await attackBatch({
      model: test.differentiable,
      images: test.images,
      norm,
      eps,
      attack,
      options: {},
      seed: 1,
      maxQueries: null,
      gate: OPEN,
    });
    expect(found.filter((f) => f.state === 'broken').length).toBeGreaterThan(12);
    found.forEach((finding, i) => {
      const { pixels, label } = test.images[i]!;
      // One gradient is not enough to tell: below the optimum nothing may be found.
      const best = exactMinimum(norm, test.model, pixels, label).distance;
      if (finding.state !== 'broken') return expect(finding.eightBit).toBeNull();
      expect(finding.epsilon).toBeGreaterThan(best * (1 - 1e-5));
      expect(within(finding.eightBitDistances![norm], finding.epsilon!)).toBe(true);
      const seen = Float32Array.from(finding.eightBit!, (level) => level / 255);
      const logits = logitsOf(test.model.weights, test.model.bias, seen, 5);
      expect(logits.indexOf(Math.max(...logits))).not.toBe(label);
    });
  });

  it('every loss works, and dlr says how many classes it needs', async () => {
    const test = linearCase('losses', 4, SHAPE, 8, true);
    for (const loss of ['margin', 'cross-entropy', 'dlr']) {
      const found = await attackBatch({
        model: test.differentiable,
        images: test.images,
        norm: 'l2',
        eps: [4],
        attack: 'pgd',
        options: { loss },
        seed: 1,
        maxQueries: null,
        gate: OPEN,
      });
      expect(found.every((f) => f.state === 'broken')).toBe(true);
    }
    const small = linearCase('losses', 2, SHAPE, 1, false);
    const run = attackBatch({
      model: small.differentiable,
      images: small.images,
      norm: 'l2',
      eps: [4],
      attack: 'pgd',
      options: { loss: 'dlr' },
      seed: 1,
      maxQueries: null,
      gate: OPEN,
    });
    await expect(run).rejects.toThrow('needs 3 classes');
  });

  it('restarts go on only where nothing was found', async () => {
    const test = linearCase('restarts', 3, SHAPE, 6, false);
    const [easy] = await attackBatch({
      model: test.differentiable,
      images: test.images,
      norm: 'linf',
      eps: [1],
      attack: 'pgd',
      options: { restarts: 5, steps: 10 },
      seed: 1,
      maxQueries: null,
      gate: OPEN,
    });
    expect(easy!.forwards).toBeLessThan(20);
    const blind = linearModel({ classes: 2, weights: new Float32Array(2 * 105), bias: [1, 0] }, SHAPE, 4);
    const images = test.images.map((image) => ({ ...image, label: 0 }));
    const held = await attackBatch({
      model: blind,
      images,
      norm: 'linf',
      eps: [0.1],
      attack: 'pgd',
      options: { restarts: 3, steps: 10 },
      seed: 1,
      maxQueries: null,
      gate: OPEN,
    });
    for (const finding of held) expect([finding.state, finding.forwards, finding.backwards]).toEqual(['held', 35, 30]);
  });
});
