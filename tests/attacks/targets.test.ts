import { describe, expect, it } from 'vitest';
import { within } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import { targetsOf } from '../../src-main/attacks/search/targets.ts';
import { exactMinimum } from '../../src-main/norms/exactLinear.ts';
import { linearCase, linearModel, logitsOf, OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 5, width: 7 };
const FEATURES = 105;

describe('the order of target classes', () => {
  const DUAL = {
    l1: (g: number[]) => Math.max(...g.map(Math.abs)),
    l2: (g: number[]) => Math.hypot(...g),
    linf: (g: number[]) => g.reduce((sum, v) => sum + Math.abs(v), 0),
  };
  const { model, images } = linearCase('targets', 8, SHAPE, 6, false);
  const problemOf = (weights: Float32Array, norm: 'l1' | 'l2' | 'linf') =>
    new CountedProblem(linearModel({ ...model, weights }, SHAPE, 4), images, { norm, stream: 'x', limits: null, gate: OPEN });

  it.each(['l1', 'l2', 'linf'] as const)('is that of the distances in %s, or of the scores', async (norm) => {
    const weights = model.weights as Float32Array;
    const ranked = await targetsOf(problemOf(weights, norm), 'distance', 100);
    const three = await targetsOf(problemOf(weights, norm), 'distance', 3);
    const scored = await targetsOf(problemOf(weights, norm), 'score', 100);
    images.forEach(({ pixels, label }, i) => {
      const f = logitsOf(weights, model.bias, pixels, 8);
      const others = f.map((_, k) => k).filter((k) => k !== label);
      const distance = (k: number): number =>
        (f[label]! - f[k]!) /
        DUAL[norm](Array.from({ length: FEATURES }, (_, j) => weights[label * FEATURES + j]! - weights[k * FEATURES + j]!));
      const likeliest = [...others].sort((a, b) => f[b]! - f[a]!);
      expect(Array.from(scored[i]!)).toEqual(likeliest);
      expect(Array.from(ranked[i]!)).toEqual([...others].sort((a, b) => distance(a) - distance(b)));
      const looked = likeliest.slice(0, 3).sort((a, b) => distance(a) - distance(b));
      expect(Array.from(three[i]!)).toEqual([...looked, ...likeliest.slice(3)]);
    });
  });

  it('has a class with a zero gradient last', async () => {
    const [image] = images;
    const weights = (model.weights as Float32Array).slice();
    const f = logitsOf(weights, model.bias, image!.pixels, 8);
    const second = f
      .map((_, k) => k)
      .filter((k) => k !== image!.label)
      .sort((a, b) => f[b]! - f[a]!)[0]!;
    // The same weights as the label's: the two never part.
    weights.copyWithin(second * FEATURES, image!.label * FEATURES, (image!.label + 1) * FEATURES);
    const bias = Array.from(model.bias);
    bias[second]! -= 1;
    const dead = linearModel({ classes: 8, weights, bias }, SHAPE, 4);
    const problem = new CountedProblem(dead, [image!], { norm: 'linf', stream: 'x', limits: null, gate: OPEN });
    expect((await targetsOf(problem, 'distance', 100))[0]!.at(-1)).toBe(second);
    expect((await targetsOf(problem, 'score', 100))[0]![0]).toBe(second);
  });
});

describe('APGD towards classes in turn', () => {
  it.each(['l1', 'l2', 'linf'] as const)('in %s breaks ten classes just above the exact minimum, and none below it', async (norm) => {
    const test = linearCase('apgd-10', 10, SHAPE, 10, false);
    for (const image of test.images) {
      const best = exactMinimum(norm, test.model, image.pixels, image.label).distance;
      const run = async (eps: number) => {
        const job = { model: test.differentiable, images: [image], norm, eps: [eps], attack: 'apgd-targeted', options: {}, seed: 1 };
        return (await attackBatch({ ...job, maxQueries: null, gate: OPEN }))[0]!;
      };
      expect((await run(0.99 * best)).float).toBeNull();
      const { float } = await run(1.02 * best);
      expect(within(float?.[norm] ?? Infinity, 1.02 * best)).toBe(true);
    }
  });

  it('takes the margin for DLR of two and three classes', async () => {
    for (const classes of [2, 3]) {
      const test = linearCase('few', classes, SHAPE, 4, false);
      const job = { model: test.differentiable, images: test.images, norm: 'l2' as const, eps: [4], attack: 'apgd-targeted' };
      const found = await attackBatch({ ...job, options: {}, seed: 1, maxQueries: null, gate: OPEN });
      expect(found.map(({ state }) => state)).toEqual(found.map(() => 'broken'));
    }
  });
});
