import type { ImageFinding } from '../../src-main/attacks/problem/finding.ts';
import { describe, expect, it } from 'vitest';
import type { FeatureNorm } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { normConstrained } from '../../src-main/attacks/budget/constrained.ts';
import type { Constrained } from '../../src-main/attacks/budget/constrained.ts';
import { deepFoolPath } from '../../src-main/attacks/minimum/deepfool.ts';
import {
  epsilonFooling,
  firstOrderBounds,
  foolingCurve,
  foolingRatio,
  imageLengths,
  infeasibleBelow,
  rho1,
  rho2,
} from '../../bench/balda/measures.ts';
import { randomNoise } from '../../src-main/attacks/budget/random-noise.ts';
import { transfer } from '../../src-main/attacks/problem/transfer.ts';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import { randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { byPixel, subsetsChanged } from '../../src-main/norms/partition.ts';
import { exactMinimum, targetedBound } from '../../src-main/norms/exactLinear.ts';
import { exponentOf, lengthP } from '../../src-main/norms/holder.ts';
import { linearCase, linearModel, logitsOf, OPEN } from './linear.ts';
import type { LinearCase } from './linear.ts';

const SHAPE = { channels: 3, height: 5, width: 7 };
const D = 105;
const NORMS = ['l1', 'l2', 'linf'] as const;
const paper: Omit<Constrained, 'epsilon'> = { loss: 'margin', rivals: 9, steps: 1, lengths: [], dither: [], p: null, clip: false };

function target({ differentiable, images }: LinearCase, norm: FeatureNorm, boxed: boolean, epsilon?: number): CountedProblem {
  return new CountedProblem(differentiable, images, { norm, epsilon, stream: 's', limits: null, gate: OPEN, boxed });
}

/** Distance of an image to the nearest boundary of a linear model without the box: min_k M_k / ‖w_y - w_k‖_q, by definition. */
function unboxedMinimum({ model, images }: LinearCase, i: number, norm: (typeof NORMS)[number], only?: number): number {
  const { pixels, label } = images[i]!;
  const f = logitsOf(model.weights, model.bias, pixels, model.classes);
  let best = Infinity;
  for (let k = 0; k < model.classes; k++) {
    if (k === label || (only !== undefined && k !== only)) continue;
    const w = Array.from({ length: D }, (_, j) => Math.abs(model.weights[label * D + j]! - model.weights[k * D + j]!));
    const dual = norm === 'l1' ? Math.max(...w) : norm === 'l2' ? Math.hypot(...w) : w.reduce((a, b) => a + b, 0);
    best = Math.min(best, (f[label]! - f[k]!) / dual);
  }
  return best;
}

describe.each([2, 3, 10])('a linear model of %i classes without the box', (classes) => {
  const test = linearCase(`balda-${classes}`, classes, SHAPE, 8, false);
  it.each(NORMS)('GNM in %s succeeds just above the exact distance and fails just below it', async (norm) => {
    for (let i = 0; i < test.images.length; i++) {
      const one = { ...test, images: [test.images[i]!] };
      const exact = unboxedMinimum(test, i, norm);
      for (const [share, expected] of [
        [0.999, 0],
        [1.001, 1],
      ] as const) {
        const t = target(one, norm, false);
        const eta = await normConstrained(t, { ...paper, epsilon: exact * share });
        expect(lengthP(exponentOf(norm), eta) / (exact * share)).toBeCloseTo(1, 5);
        expect([...(await t.query(eta)).success]).toEqual([expected]);
      }
    }
  });
  it.each(['l2', 'linf'] as const)('DeepFool in %s ends after one step, o times beyond the exact distance', async (norm) => {
    const t = target(test, norm, false);
    const { delta, fooled, steps } = await deepFoolPath(t, { steps: 5, rivals: 9, overshoot: 0.02, variant: 'sum', nudge: 0 });
    test.images.forEach((_, i) => {
      expect(lengthP(exponentOf(norm), delta.subarray(i * D, (i + 1) * D)) / unboxedMinimum(test, i, norm)).toBeCloseTo(1.02, 4);
      expect([fooled[i], steps[i]]).toEqual([1, 1]);
    });
  });
  it('Theorem 1’s bound is that distance, so nothing below it is feasible', async () => {
    for (const norm of NORMS) {
      const bounds = await firstOrderBounds(target(test, norm, true), exponentOf(norm), 9);
      bounds.forEach((bound, i) => expect(bound / unboxedMinimum(test, i, norm)).toBeCloseTo(1, 4));
    }
  });
});

describe('targeted, without the box', () => {
  it.each(NORMS)('two classes: GNM in %s is exact', async (norm) => {
    const test = linearCase('balda-to', 2, SHAPE, 6, true);
    const exact = test.images.map((_, i) => unboxedMinimum(test, i, norm));
    for (const [share, expected] of [
      [0.999, 0],
      [1.001, 1],
    ] as const) {
      for (let i = 0; i < exact.length; i++) {
        const t = target({ ...test, images: [test.images[i]!] }, norm, false);
        const eta = await normConstrained(t, { ...paper, steps: 3, lengths: [3, 2, 1], epsilon: exact[i]! * share });
        expect([...(await t.query(eta)).success]).toEqual([expected]);
      }
    }
  });
  it('ten classes: one step of GNM takes f_y - f_t to 0 at the exact distance for that pair of classes', async () => {
    const test = linearCase('balda-pair', 10, SHAPE, 6, true);
    for (const norm of NORMS)
      for (let i = 0; i < test.images.length; i++) {
        const { pixels, label, goal } = test.images[i]!;
        const epsilon = unboxedMinimum(test, i, norm, goal!);
        const eta = await normConstrained(target({ ...test, images: [test.images[i]!] }, norm, false), { ...paper, epsilon });
        const f = logitsOf(
          test.model.weights,
          test.model.bias,
          pixels.map((x, j) => x + eta[j]!),
          10,
        );
        const clean = logitsOf(test.model.weights, test.model.bias, pixels, 10);
        expect((f[label]! - f[goal!]!) / (clean[label]! - clean[goal!]!)).toBeCloseTo(0, 4);
      }
  });
});

describe.each([2, 3, 10])('a linear model of %i classes inside the box', (classes) => {
  const test = linearCase(`boxed-${classes}`, classes, SHAPE, 8, false);
  const minimum = (norm: FeatureNorm, i: number): number =>
    exactMinimum(norm, test.model, test.images[i]!.pixels, test.images[i]!.label).distance;
  it.each(['l0', ...NORMS] as FeatureNorm[])('GNM in %s succeeds from the exact minimum on, and not below it', async (norm) => {
    for (let i = 0; i < test.images.length; i++) {
      const exact = minimum(norm, i);
      for (const [epsilon, expected] of norm === 'l0'
        ? ([
            [exact - 1, 0],
            [exact, 1],
          ] as const)
        : ([
            [exact * 0.999, 0],
            [exact * 1.001, 1],
          ] as const)) {
        const t = target({ ...test, images: [test.images[i]!] }, norm, true, epsilon);
        await t.query(await normConstrained(t, { ...paper, clip: true, epsilon }));
        expect([t.bestDistance(0) < Infinity ? 1 : 0, norm, i]).toEqual([expected, norm, i]);
      }
    }
  });
  it.each(['l0', ...NORMS] as FeatureNorm[])('the linearised minimum in %s is the exact one', async (norm) => {
    const found = await attackBatch({
      model: test.differentiable,
      images: test.images,
      norm,
      eps: [1],
      attack: 'linear-minimum',
      options: {},
      seed: 1,
      maxQueries: null,
      gate: OPEN,
    });
    found.forEach((finding, i) => {
      const ratio = finding.float![norm] / minimum(norm, i);
      expect(ratio).toBeGreaterThan(1 - 1e-5);
      expect(ratio).toBeLessThan(norm === 'l0' ? 1 + 1e-9 : 1.003);
    });
  });
  it('DeepFool is above the exact minimum, by little where the box does not bind', async () => {
    for (const norm of ['l2', 'linf'] as const) {
      const found = await attackBatch({
        model: test.differentiable,
        images: test.images,
        norm,
        eps: [1],
        attack: 'deepfool',
        options: {},
        seed: 1,
        maxQueries: null,
        gate: OPEN,
      });
      const ratios = found.map((finding, i) => finding.float![norm] / minimum(norm, i));
      expect(Math.min(...ratios)).toBeGreaterThan(1 - 1e-5);
      expect(Math.max(...ratios)).toBeLessThan(1.5);
    }
  });
});

it('targeted inside the box, two classes exact and ten above a certified bound', async () => {
  for (const classes of [2, 10]) {
    const test = linearCase(`to-${classes}`, classes, SHAPE, 8, true);
    for (const norm of NORMS) {
      const found = await attackBatch({
        model: test.differentiable,
        images: test.images,
        norm,
        eps: [1],
        attack: 'linear-minimum',
        options: { rounds: 60 },
        seed: 1,
        maxQueries: null,
        gate: OPEN,
      });
      const ratios = found.map(
        (finding, i) => finding.float![norm] / targetedBound(norm, test.model, test.images[i]!.pixels, test.images[i]!.goal!),
      );
      expect(Math.min(...ratios)).toBeGreaterThan(1 - 1e-4);
      expect(Math.max(...ratios)).toBeLessThan(classes === 2 ? 1.003 : 1.6);
    }
  }
});

describe('the special cases of Table 2', () => {
  const test = linearCase('table', 4, SHAPE, 8, false);
  it('GNM on the cross-entropy with one step is FGSM', async () => {
    const run = (attack: string, options: object) =>
      attackBatch({
        model: test.differentiable,
        images: test.images,
        norm: 'linf',
        eps: [0.01, 0.1],
        attack,
        options: { ...options },
        seed: 1,
        maxQueries: null,
        gate: OPEN,
      });
    const byWhom = (by: string, found: ImageFinding[]) => found.map((one) => ({ ...one, by: one.by && by }));
    const ours = await run('gnm', { loss: 'cross-entropy', steps: 1 });
    expect(byWhom('fgsm', ours)).toEqual(await run('fgsm', {}));
  });
  it('a direction of another exponent keeps the budget’s length', async () => {
    const t = target(test, 'l2', false);
    const eta = await normConstrained(t, { ...paper, p: 4, epsilon: 0.2 });
    const two = await normConstrained(target(test, 'l2', false), { ...paper, epsilon: 0.2 });
    for (let i = 0; i < test.images.length; i++) expect(lengthP(2, eta.subarray(i * D, (i + 1) * D))).toBeCloseTo(0.2, 5);
    expect([...eta]).not.toEqual([...two]);
  });
  it('dithering moves where gradients are taken, not the path’s length, and differs by seed alone', async () => {
    const shaken: Constrained = { ...paper, steps: 2, dither: [1, 0.5], epsilon: 0.05, loss: 'cross-entropy' };
    const run = async (stream: string) =>
      normConstrained(new CountedProblem(test.differentiable, test.images, { norm: 'l2', stream, limits: null, gate: OPEN }), shaken);
    const [a, again, b] = [await run('a'), await run('a'), await run('b')];
    expect([...a]).toEqual([...again]);
    expect([...a]).not.toEqual([...b]);
    for (let i = 0; i < test.images.length; i++) expect(lengthP(2, a.subarray(i * D, (i + 1) * D))).toBeLessThanOrEqual(0.05 * (1 + 1e-6));
  });
  it('says what options do not go together', async () => {
    await expect(normConstrained(target(test, 'linf', true), { ...paper, steps: 3, lengths: [1, 2], epsilon: 1 })).rejects.toThrow(
      'names 2 steps and there are 3',
    );
    await expect(normConstrained(target(test, 'l0', true), { ...paper, epsilon: 1 })).rejects.toThrow('In l0');
  });
});

describe('the subset attack', () => {
  const test = linearCase('subset', 4, SHAPE, 10, false);
  const run = (norm: FeatureNorm, eps: number[], options: object) =>
    attackBatch({
      model: test.differentiable,
      images: test.images,
      norm,
      eps,
      attack: 'subset',
      options: { ...options },
      seed: 1,
      maxQueries: null,
      gate: OPEN,
    });

  it('one pixel in l∞ is broken exactly where trying every pixel finds one', async () => {
    const images = test.images.filter((_, i) => i % 2 === 0);
    const epsilon = 204 / 255;
    const found = await attackBatch({
      model: test.differentiable,
      images,
      norm: 'linf',
      eps: [epsilon],
      attack: 'subset',
      options: {},
      seed: 1,
      maxQueries: null,
      gate: OPEN,
    });
    const expected = images.map(({ pixels, label }) => {
      for (let p = 0; p < 35; p++)
        for (let corner = 0; corner < 8; corner++) {
          const moved = pixels.slice();
          for (let c = 0; c < 3; c++)
            moved[c * 35 + p] = Math.min(1, Math.max(0, moved[c * 35 + p]! + ((corner >> c) & 1 ? epsilon : -epsilon)));
          const f = logitsOf(test.model.weights, test.model.bias, moved, 4);
          if (f.indexOf(Math.max(...f)) !== label) return true;
        }
      return false;
    });
    expect(found.map((finding) => finding.state === 'broken')).toEqual(expected);
    expect(expected).toContain(true);
    expect(expected).toContain(false);
  });

  it('changes no more subsets than asked for, in the picture either', async () => {
    for (const subsets of [1, 3, 6]) {
      const found = await run('linf', [0.2, 0.6], { subsets });
      for (const finding of found) {
        if (!finding.eightBit) continue;
        const changed = (pixels: ArrayLike<number>, i: number) =>
          subsetsChanged(
            byPixel(SHAPE),
            Array.from(pixels, (x, j) => x - test.images[i]!.pixels[j]!),
          );
        const i = found.indexOf(finding);
        expect(changed(finding.floatPixels!, i)).toBeLessThanOrEqual(subsets);
        expect(
          changed(
            Float32Array.from(finding.eightBit, (level) => level / 255),
            i,
          ),
        ).toBeLessThanOrEqual(subsets);
      }
      expect(found.some((finding) => finding.state === 'broken')).toBe(true);
    }
  });

  it('in l0 feature by feature it is at the optimum whenever one class is nearest throughout', async () => {
    const found = await run('l0', [1, 2, 3, 4, 6, 8, 12, 20, 40, 80], { partition: 'feature' });
    found.forEach((finding, i) => {
      const best = exactMinimum('l0', test.model, test.images[i]!.pixels, test.images[i]!.label).distance;
      expect(finding.state).toBe('broken');
      expect(finding.float!.l0).toBeGreaterThanOrEqual(best);
      expect(finding.float!.l0).toBeLessThanOrEqual(best + 2);
    });
  });

  it('a mask keeps it off what is 0; one that does not fit is named', async () => {
    const mask = Array.from({ length: 35 }, (_, p) => (p % 7 < 3 ? 0 : 1 + (p % 2)));
    const found = await run('linf', [0.3], { partition: 'mask', mask, subsets: 2 });
    expect(found.some((finding) => finding.state === 'broken')).toBe(true);
    found.forEach(({ eightBit }, i) =>
      eightBit?.forEach((level, j) => (mask[j % 35] === 0 ? expect(level / 255).toBeCloseTo(test.images[i]!.pixels[j]!, 6) : undefined)),
    );
    await expect(run('linf', [0.3], { partition: 'mask', mask: [1] })).rejects.toThrow('one number for each pixel');
    await expect(run('linf', [0.3], { partition: 'mask', mask: mask.map(() => 0) })).rejects.toThrow('0 everywhere');
  });
});

describe('the random baselines', () => {
  const clean = new Float32Array(200).fill(0.5);
  it.each([
    ['linf', Infinity],
    ['l2', 2],
    ['l1', 1],
  ] as const)('%s: at full length, centred', (norm, p) => {
    const random = randomStream(norm);
    const sum = new Float64Array(200);
    for (let n = 0; n < 400; n++) {
      const eta = new Float32Array(200);
      randomNoise(norm, eta, clean, 0.3, random);
      expect(lengthP(p, eta)).toBeCloseTo(0.3, 5);
      if (norm === 'linf') expect(eta.every((x) => Math.abs(x) === Math.fround(0.3))).toBe(true);
      eta.forEach((x, j) => (sum[j]! += x));
    }
    // 400 draws of standard deviation s: the mean of each entry stays within 5 s / 20.
    const deviation = norm === 'linf' ? 0.3 : norm === 'l2' ? 0.3 / Math.sqrt(200) : (0.3 * Math.SQRT2) / 200;
    for (const total of sum) expect(Math.abs(total / 400)).toBeLessThan((5 * deviation) / 20);
  });
  it('l0: so many different features at the ends of the box', () => {
    const eta = new Float32Array(200);
    randomNoise('l0', eta, clean, 17, randomStream('l0'));
    expect(eta.filter((x) => x !== 0).length).toBe(17);
    expect(eta.every((x) => x === 0 || Math.abs(x) === 0.5)).toBe(true);
  });
});

describe('measures', () => {
  it('rho1, rho2, fooling ratios and ε at a share, by hand', () => {
    expect(infeasibleBelow(Infinity, 3, [1, -2])).toBe(1);
    expect(infeasibleBelow(2, 10, [3, -4])).toBeCloseTo(2, 12);
    expect(infeasibleBelow(1, 3, [1, -2])).toBe(1.5);
    expect(infeasibleBelow(2, -1, [3])).toBe(0);
    expect(rho1([1, 3, Infinity], [2, 1, 5])).toBe(1.75);
    expect(rho2([1, 2, NaN])).toBe(1.5);
    expect(foolingRatio([1, 0, 0, 1])).toBe(0.5);
    expect(foolingCurve([0.1, 0.2, Infinity, 0.3], [0.1, 0.25, 1])).toEqual([0, 0.5, 0.75]);
    const sizes = Float64Array.from({ length: 200 }, (_, i) => 200 - i);
    // More than 99 % of 200 are 199 of them.
    expect(epsilonFooling(sizes)).toBe(199);
    expect(epsilonFooling([1, 2, Infinity])).toBe(Infinity);
    expect(epsilonFooling([1, 2, 3, 4], 0.5)).toBe(3);
  });
  it('lengths of the images', () => {
    const test = linearCase('lengths', 2, SHAPE, 3, false);
    imageLengths(target(test, 'l2', true), 2).forEach((size, i) => expect(size).toBeCloseTo(Math.hypot(...test.images[i]!.pixels), 4));
  });
});

describe('transfer', () => {
  it('takes gradients from the surrogates, their mean, and judges by the victim', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((seed) => linearCase(seed, 3, SHAPE, 4, false)) as [LinearCase, LinearCase, LinearCase];
    const both = transfer(a.differentiable, [b.differentiable, c.differentiable]);
    const pixels = new Float32Array(4 * D).map((_, j) => (j % 9) / 9);
    const label = Int32Array.of(0, 1, 2, 0);
    const [own, one, two, mixed] = await Promise.all(
      [a, b, c].map((x) => x.differentiable.gradient('logit', pixels, label, null)).concat(both.gradient('logit', pixels, label, null)),
    );
    expect([...mixed!.logits]).toEqual([...own!.logits]);
    mixed!.gradient.forEach((g, j) => expect(g).toBeCloseTo((one!.gradient[j]! + two!.gradient[j]!) / 2, 6));
    mixed!.loss.forEach((value, row) => expect(value).toBeCloseTo((one!.loss[row]! + two!.loss[row]!) / 2, 5));
    const itself = await attackBatch({
      model: transfer(a.differentiable, [a.differentiable]),
      images: a.images,
      norm: 'linf',
      eps: [0.1],
      attack: 'gnm',
      options: {},
      seed: 1,
      maxQueries: null,
      gate: OPEN,
    });
    const direct = await attackBatch({
      model: a.differentiable,
      images: a.images,
      norm: 'linf',
      eps: [0.1],
      attack: 'gnm',
      options: {},
      seed: 1,
      maxQueries: null,
      gate: OPEN,
    });
    expect(itself).toEqual(direct);
    expect(() => transfer(a.differentiable, [linearModel(b.model, SHAPE, 2)])).toThrow(RangeError);
  });
});
