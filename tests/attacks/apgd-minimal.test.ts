import { describe, expect, it } from 'vitest';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { exactMinimum } from '../../src-main/norms/exactLinear.ts';
import { linearCase, OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 5, width: 7 };

describe.each(['l1', 'l2', 'linf'] as const)('the smallest ball of APGD in %s', (norm) => {
  it.each([2, 3])('is the exact minimum of linear models with %i classes, within 1.01, whatever it starts with', async (classes) => {
    const test = linearCase(`smallest-${classes}`, classes, SHAPE, 8, false);
    for (const rivals of classes === 2 ? [9, 0] : [9]) {
      const options = { rivals, finish: 0 };
      const job = { model: test.differentiable, images: test.images, norm, eps: [1], attack: 'apgd-minimal', options, seed: 1 };
      const found = await attackBatch({ ...job, maxQueries: null, gate: OPEN });
      found.forEach(({ float }, i) => {
        const { pixels, label } = test.images[i]!;
        const best = exactMinimum(norm, test.model, pixels, label).distance;
        const ratio = (float?.[norm] ?? Infinity) / best;
        expect(ratio).toBeGreaterThan(1 - 1e-4);
        expect(ratio).toBeLessThan(1.01);
      });
    }
  });

  it('takes no more steps than asked for, and leaves a picture that nothing breaks', async () => {
    const test = linearCase('unbroken', 2, SHAPE, 2, false);
    const weights = new Float32Array(2 * 105);
    const model = { ...test.differentiable };
    // Whatever is asked, the logits stay and the gradient leads nowhere.
    model.forward = () => Promise.resolve({ logits: Float32Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? 1 : 0)) });
    model.gradient = async (_, pixels) => ({
      ...(await model.forward(pixels)),
      loss: new Float32Array(4).fill(1),
      gradient: new Float32Array(4 * (weights.length / 2)).fill(0.01),
    });
    const images = test.images.map((image) => ({ ...image, label: 0 }));
    const job = { model, images, norm, eps: [1], attack: 'apgd-minimal', options: { steps: 10, searches: 4, rivals: 0 }, seed: 1 };
    const found = await attackBatch({ ...job, maxQueries: null, gate: OPEN });
    // A step counts as one, and so does the look at the last point of a ball.
    for (const { state, backwards } of found) {
      expect(state).toBe('held');
      expect(backwards).toBeLessThanOrEqual(40);
      expect(backwards).toBeGreaterThan(20);
    }
  });
});
