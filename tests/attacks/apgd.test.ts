import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testPictures } from '../../bench/oracles/models.ts';
import { references } from '../../bench/oracles/reference.ts';
import { reach } from '../../bench/strength/measure.ts';
import { within } from '../../shared/norms.ts';
import type { Norm } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { Direction } from '../../src-main/attacks/search/directions.ts';
import { sparseSteps, steadySteps } from '../../src-main/attacks/search/step-sizes.ts';
import { exactMinimum, targetedBound } from '../../src-main/norms/exactLinear.ts';
import { linearCase, OPEN } from './linear.ts';
import { watch } from './watched.ts';

const SHAPE = { channels: 3, height: 5, width: 7 };

describe.each([
  [2, false, 1.02],
  [2, true, 1.02],
  // Nine half spaces at once: the margin's gradient is that of one of them, and steps go to and fro between them.
  [10, true, 1.25],
] as const)('linear model, %i classes, targeted %s', (classes, targeted, above) => {
  it.each(['l1', 'l2', 'linf'] as const)('APGD in %s succeeds just above the exact minimum, and never below it', async (norm) => {
    const test = linearCase(`apgd-${classes}`, classes, SHAPE, 10, targeted);
    let broken = 0;
    for (const image of test.images) {
      const best =
        targeted && classes > 2
          ? targetedBound(norm, test.model, image.pixels, image.goal!)
          : exactMinimum(norm, test.model, image.pixels, image.label).distance;
      if (best === Infinity) continue;
      const run = async (eps: number): Promise<number | undefined> => {
        const options = { loss: 'margin', restarts: 3, steps: 300 };
        const job = { model: test.differentiable, images: [image], norm, eps: [eps], attack: 'apgd', options, seed: 1 };
        const [finding] = await attackBatch({ ...job, maxQueries: null, gate: OPEN });
        return finding!.float?.[norm];
      };
      expect(await run(0.99 * best)).toBeUndefined();
      expect(within((await run(above * best)) ?? Infinity, above * best)).toBe(true);
      broken++;
    }
    expect(broken).toBeGreaterThan(2);
  });
});

/** The points, counted from the start, at which a step size falls. */
function falls(losses: readonly number[], steps: number): number[] {
  const sizes = steadySteps(0.5, { steps, rho: 0.75, checkpoint: 0.22 });
  expect(sizes.step).toBe(1);
  let lowest = Infinity;
  return losses.flatMap((loss, i) => {
    lowest = Math.min(lowest, loss);
    const before = sizes.step;
    const back = sizes.goesBack(loss, lowest, new Float32Array(1));
    expect(sizes.step).toBe(back ? before / 2 : before);
    return back ? [i] : [];
  });
}

describe('the step size of APGD', () => {
  const points = (count: number, loss: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => loss(i));

  it('is halved at every checkpoint of the paper where nothing falls, and at none where everything does', () => {
    expect(
      falls(
        points(101, () => 1),
        100,
      ),
    ).toEqual([22, 41, 57, 70, 80, 87, 93, 99]);
    expect(
      falls(
        points(101, (i) => -i),
        100,
      ),
    ).toEqual([]);
  });

  it('is halved, too, where most steps lower the loss and none below what it was at the last checkpoint', () => {
    // Five steps down, one up to where they began; the first point is the lowest.
    const saw = points(101, (i) => (i === 0 ? -9 : -(i % 6)));
    expect(falls(saw, 100)).toEqual([41, 70, 87, 99]);
  });

  it('in l1 follows how many features the best point has changed', () => {
    const features = 120;
    const sizes = sparseSteps(3, new Float32Array(features), { steps: 50, share: 0.2 });
    expect([sizes.step, sizes.share]).toEqual([3, 0.2]);
    const changed = (n: number): Float32Array => Float32Array.from({ length: features }, (_, j) => (j < n ? 0.1 : 0));
    const told = [90, 90, 90, 88, 88, 30, 30, 30, 30].map((n) => [sizes.goesBack(0, 0, changed(n)), sizes.step, sizes.share] as const);
    // Windows of two steps: at points 2, 4, 6 and 8.
    expect(told[1]).toEqual([false, 3, 0.2]);
    expect(told[2]).toEqual([true, 3, 0.5]);
    expect(told[4]).toEqual([false, 2, 88 / 180]);
    expect(told[6]).toEqual([true, 3, 30 / 180]);
    expect(told[8]).toEqual([false, 2, 30 / 180]);
  });

  it('in l1 begins with balls of three and two times the radius', async () => {
    const test = linearCase('wide', 4, SHAPE, 1, false, 1);
    const { model, points: asked } = watch(test.differentiable);
    const { pixels } = test.images[0]!;
    const [epsilon, steps] = [0.05, 20];
    const job = { model, images: test.images, norm: 'l1' as const, eps: [epsilon], attack: 'apgd', seed: 1, maxQueries: null, gate: OPEN };
    await attackBatch({ ...job, options: { steps } });
    const lengths = asked.map((point) => point.reduce((sum, x, j) => sum + Math.abs(x - pixels[j]!), 0) / epsilon);
    // Gradients, and a look at the last point of each.
    const parts = [lengths.slice(0, 7), lengths.slice(7, 14), lengths.slice(14)];
    expect(parts.map((part) => part.length)).toEqual([7, 7, 9]);
    parts.forEach((part, i) => expect(Math.max(...part)).toBeCloseTo(3 - i, 4));
  });
});

describe('the directions of APGD', () => {
  const gradients = [
    [1, -3, 0],
    [0.5, 0.5, -1],
    [-2, 0, 2],
  ].map((g) => Float32Array.from(g));

  it('momentum: three quarters of what was, and each gradient at length 1', () => {
    const momentum = new Direction('momentum', 3);
    const [a, b, c] = gradients.map((g) => Array.from(momentum.next(g)));
    expect(a).toEqual([0.25, -0.75, 0]);
    expect(b).toEqual([0.75 * 0.25 + 0.25, 0.75 * -0.75 + 0.25, -0.5]);
    c!.forEach((v, j) => expect(v).toBeCloseTo(0.75 * b![j]! + gradients[2]![j]! / 4, 6));
    momentum.reset();
    expect(Array.from(momentum.next(gradients[0]!))).toEqual(a);
  });

  it('conjugate: reaches the minimum of a quadratic function in as many line searches as it has dimensions', () => {
    const A = [
      [5, 1, 0.5],
      [1, 2, -0.3],
      [0.5, -0.3, 0.7],
    ];
    const along = (v: ArrayLike<number>): number[] => A.map((row) => row.reduce((sum, a, j) => sum + a * v[j]!, 0));
    const steepness = (kind: 'gradient' | 'conjugate'): number[] => {
      const direction = new Direction(kind, 3);
      const x = [1, -2, 3];
      return [0, 1, 2, 3].map(() => {
        const g = Float32Array.from(along(x));
        const s = Array.from(direction.next(g));
        const step = g.reduce((sum, v, j) => sum + v * s[j]!, 0) / along(s).reduce((sum, v, j) => sum + v * s[j]!, 0);
        s.forEach((v, j) => (x[j]! -= step * v));
        return Math.hypot(...g);
      });
    };
    expect(steepness('conjugate')[3]).toBeLessThan(1e-5);
    expect(steepness('gradient')[3]).toBeGreaterThan(0.01);
  });
});

const shared = '../shared';
const MODEL = 'mnist_sigmazero_smallcnn_ddn';
const has = existsSync(join(shared, `oracles/${MODEL}.aa-apgd-ce-linf-eps0.3.json`)) && existsSync(join(shared, 'data/mnist'));

describe.skipIf(!has)(`APGD on ${MODEL}${has ? '' : ' (skipped: ../shared is not there)'}`, () => {
  it.each(['aa-apgd-ce-linf-eps0.3', 'aa-apgd-ce-l2-eps2', 'aa-apgd-ce-l1-eps10'])(
    'breaks as many images as AutoAttack’s, in as many passes: %s',
    { timeout: 60_000 },
    async (name) => {
      const [reference] = references(shared, [`${MODEL}.${name}`], 40);
      const { set, indices, norm, budget } = reference!;
      const model = await reference!.open(16);
      const run = await reach(model, testPictures(shared, set, indices), norm as Norm, [budget!], { attack: 'apgd', options: {} });
      await model.close();
      const broken = (sizes: readonly number[]): number => sizes.filter((size) => size < Infinity).length;
      // Starts are random on both sides.
      expect(broken(run.float)).toBeGreaterThanOrEqual(broken(reference!.float) - 1);
      expect(run.passes).toBeLessThanOrEqual(reference!.passes);
    },
  );
});
