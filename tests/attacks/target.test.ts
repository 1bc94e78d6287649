import { describe, expect, it } from 'vitest';
import { Cancelled } from '../../shared/errors.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import type { AttackJob } from '../../src-main/attacks/problem/batch.ts';
import type { ImageFinding } from '../../src-main/attacks/problem/finding.ts';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import type { Gate } from '../../src-main/attacks/problem/counted.ts';
import { linearCase, linearModel, logitsOf, OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 3, width: 5 };
const ATTACKS = [
  ['fgsm', 'linf', {}],
  ['bim', 'l1', {}],
  ['pgd', 'linf', { restarts: 2, steps: 12 }],
  ['pgd', 'l2', { steps: 12 }],
  ['pgd', 'l1', { steps: 12 }],
  ['ddn', 'l2', { steps: 40 }],
  ['ddn', 'l2', { steps: 40, levels: 256, loss: 'cross-entropy' }],
  ['fmn', 'l0', { steps: 40 }],
  ['fmn', 'l1', { steps: 40 }],
  ['fmn', 'l2', { steps: 40 }],
  ['fmn', 'linf', { steps: 40 }],
  ['sigma-zero', 'l0', { steps: 60 }],
  ['gnm', 'linf', { steps: 4, dither: [0.5, 0.2], lengths: [4, 3, 2, 1], rivals: 2 }],
  ['gnm', 'l1', { steps: 2, p: 3, clip: false, loss: 'cross-entropy' }],
  ['gnm-simple', 'l2', {}],
  ['linear-minimum', 'l0', { steps: 5 }],
  ['linear-minimum', 'l1', { steps: 5 }],
  ['linear-minimum', 'linf', { steps: 8, rounds: 5 }],
  ['deepfool', 'l2', {}],
  ['deepfool', 'linf', { variant: 'step', rivals: 2 }],
  ['subset', 'linf', { subsets: 3, partition: 'block', block: 2 }],
  ['subset', 'linf', { subsets: 2, partition: 'superpixel', superpixels: 5 }],
  ['random', 'l2', { draws: 3 }],
  ['apgd', 'linf', { restarts: 2, steps: 12 }],
  ['apgd', 'l2', { steps: 12 }],
  ['apgd-targeted', 'linf', { steps: 12, targets: 2 }],
  ['pma', 'linf', { steps: 12 }],
  ['apgd-minimal', 'l2', { steps: 8, searches: 4 }],
  ['apgd', 'l1', { steps: 12, loss: 'probability-margin' }],
] as const;

function job(rows: number, change: Partial<AttackJob> = {}): AttackJob {
  const test = linearCase('target', 4, SHAPE, 8, false, rows);
  return {
    model: test.differentiable,
    images: test.images,
    norm: 'l2',
    eps: [0.05, 0.3],
    attack: 'ddn',
    options: {},
    seed: 5,
    maxQueries: null,
    gate: OPEN,
    ...change,
  };
}

async function inGroups(all: AttackJob, size: number): Promise<ImageFinding[]> {
  const out: ImageFinding[] = [];
  for (let start = 0; start < all.images.length; start += size)
    out.push(...(await attackBatch({ ...all, images: all.images.slice(start, start + size) })));
  return out;
}

describe.each(ATTACKS)('%s %s %o', (attack, norm, options) => {
  const plan = (rows: number, change: Partial<AttackJob> = {}): AttackJob =>
    job(rows, { attack, norm, options, eps: norm === 'l1' ? [0.3, 1.5] : [0.02, 0.3], ...change });

  it('gives each image the same bits alone, in threes, in eights, in any order, with any number of rows', async () => {
    const whole = await attackBatch(plan(4));
    for (const size of [1, 3]) expect(await inGroups(plan(4), size)).toEqual(whole);
    expect(await attackBatch(plan(1))).toEqual(whole);
    expect(await attackBatch(plan(11))).toEqual(whole);
    const reversed = plan(4);
    expect(await attackBatch({ ...reversed, images: reversed.images.toReversed() })).toEqual(whole.toReversed());
    expect(whole.some((f) => f.state === 'broken')).toBe(true);
  });

  it('never spends more than it may, and still finds what it found by then', async () => {
    for (const maxQueries of [1, 7, 30]) {
      const found = await attackBatch(plan(4, { maxQueries }));
      for (const finding of found) expect(finding.forwards + finding.backwards).toBeLessThanOrEqual(maxQueries);
    }
  });

  it('ends with Cancelled as soon as the gate says so, whatever the query', async () => {
    for (const after of [0, 1, 9]) {
      let asked = 0;
      const gate: Gate = {
        check: () => {
          if (asked++ >= after) throw new Cancelled();
        },
      };
      await expect(attackBatch(plan(4, { gate }))).rejects.toThrow(Cancelled);
      expect(asked).toBe(after + 1);
    }
  });

  it('says failed, with the reason, when the model puts out NaN', async () => {
    const { model, images } = linearCase('nan', 4, SHAPE, 4, false);
    const broken = linearModel(model, SHAPE, 4, (logits) => (logits[2] = NaN));
    const found = await attackBatch(plan(4, { model: broken, images }));
    for (const finding of found) {
      expect(finding.state).toBe('failed');
      expect(finding.reason).toMatch(/NaN or infinite logits at forward pass 1/);
      expect(finding.eightBit).toBeNull();
    }
  });

  it('holds what cannot be broken: no picture, no distance', async () => {
    const weights = new Float32Array(4 * 45).map((_, i) => (i % 7) * 1e-3);
    const solid = linearModel({ classes: 4, weights, bias: [100, 0, 0, 0] }, SHAPE, 4);
    const images = job(4).images.map((image) => ({ ...image, label: 0 }));
    for (const finding of await attackBatch(plan(4, { model: solid, images }))) {
      expect(finding.state).toBe('held');
      expect(finding.float).toBeNull();
      expect(finding.eightBit).toBeNull();
    }
  });
});

describe('the counted target', () => {
  const { differentiable, images, model } = linearCase('counted', 3, SHAPE, 5, false, 2);
  const make = (limits: number[] | null = null): CountedProblem =>
    new CountedProblem(differentiable, images, { norm: 'l2', stream: 's', limits, gate: OPEN });

  it('clips to the box and judges by arg-max of the pixels it evaluated', async () => {
    const problem = make();
    const delta = new Float32Array(problem.clean.length).fill(9);
    const { logits, success, margin } = await problem.query(delta);
    const white = logitsOf(model.weights, model.bias, new Float32Array(45).fill(1), 3);
    images.forEach((image, i) => {
      const own = logits.subarray(i * 3, i * 3 + 3);
      own.forEach((f, k) => expect(f).toBeCloseTo(white[k]!, 4));
      expect(success[i]).toBe(white.indexOf(Math.max(...white)) === image.label ? 0 : 1);
      expect(margin[i]! < 0).toBe(success[i] === 1);
      const distance = Math.sqrt(image.pixels.reduce((sum, x) => sum + (1 - x) ** 2, 0));
      if (success[i]) expect(problem.bestDistance(i)).toBeCloseTo(distance, 5);
      else expect(problem.best(i)).toBeNull();
    });
  });

  it('counts only images that take part', async () => {
    const problem = make([10, 1, 3, 10, 10]);
    problem.finish(3);
    const delta = new Float32Array(problem.clean.length);
    await problem.query(delta);
    await problem.gradient(delta, 'margin');
    await problem.query(delta, Uint8Array.of(1, 1, 1, 1, 0));
    expect([...problem.forwards]).toEqual([3, 1, 2, 0, 2]);
    expect([...problem.backwards]).toEqual([1, 0, 1, 0, 1]);
    expect([...problem.active]).toEqual([1, 0, 0, 0, 1]);
  });

  it('gives every image its own stream, the same each time', () => {
    const [a, b] = [make(), make()];
    const draw = (problem: CountedProblem, i: number): number[] => Array.from({ length: 5 }, problem.random(i));
    expect(draw(a, 1)).toEqual(draw(b, 1));
    expect(draw(a, 2)).not.toEqual(draw(a, 3));
    for (const value of Array.from({ length: 1000 }, a.random(0))) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
    }
  });
});
