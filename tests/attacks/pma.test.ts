import { describe, expect, it } from 'vitest';
import { within } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import type { Differentiable } from '../../src-main/model/differentiable.ts';
import { exactMinimum } from '../../src-main/norms/exactLinear.ts';
import { linearCase, logitsOf, OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 5, width: 7 };

describe('PMA', () => {
  it.each(['l2', 'linf'] as const)('in %s breaks two classes just above the exact minimum, and never below it', async (norm) => {
    const test = linearCase('pma', 2, SHAPE, 8, false);
    for (const image of test.images) {
      const best = exactMinimum(norm, test.model, image.pixels, image.label).distance;
      const run = async (eps: number) => {
        const job = { model: test.differentiable, images: [image], norm, eps: [eps], attack: 'pma', options: {}, seed: 1 };
        return (await attackBatch({ ...job, maxQueries: null, gate: OPEN }))[0]!.float?.[norm];
      };
      expect(await run(0.99 * best)).toBeUndefined();
      expect(within((await run(1.02 * best)) ?? Infinity, 1.02 * best)).toBe(true);
    }
  });

  it('goes up its own class first, then follows one probability, the next time the largest other’s, and in the end their margin', async () => {
    const [classes, steps] = [6, 10];
    const test = linearCase('pma', classes, SHAPE, 1, false, 1);
    const { label } = test.images[0]!;
    const asked: { loss: string; target: number | null; logits: number[] }[] = [];
    const model: Differentiable = {
      ...test.differentiable,
      gradient: (loss, pixels, labels, target) => {
        asked.push({ loss, target: target?.[0] ?? null, logits: logitsOf(test.model.weights, test.model.bias, pixels, classes) });
        return test.differentiable.gradient(loss, pixels, labels, target);
      },
    };
    const job = { model, images: test.images, norm: 'linf' as const, eps: [1e-3], attack: 'pma', options: { steps }, seed: 1 };
    await attackBatch({ ...job, maxQueries: null, gate: OPEN });
    const phases = [...new Array<string>(5).fill('cross-entropy'), ...new Array<string>(5).fill('probability-margin')];
    expect(asked.map(({ loss }) => loss)).toEqual([...phases, ...phases]);
    const own = (f: number[]): number => Math.log(f.reduce((sum, v) => sum + Math.exp(v - f[label]!), 0)) * -1;
    for (const round of [0, steps]) {
      expect(own(asked[round + 1]!.logits)).toBeGreaterThan(own(asked[round]!.logits));
      expect(own(asked[round + 2]!.logits)).toBeLessThan(own(asked[round + 1]!.logits));
    }
    const largest = (f: number[]): number => f.indexOf(Math.max(...f.filter((_, k) => k !== label)));
    asked.forEach(({ target }, i) => expect(target).toBe(i > steps && i < 15 ? largest(asked[i - 1]!.logits) : null));
  });
});
