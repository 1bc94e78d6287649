import { describe, expect, it } from 'vitest';
import { NORMS } from '../../shared/norms.ts';
import type { Norm } from '../../shared/norms.ts';
import { attackBatch, runStages } from '../../src-main/attacks/problem/batch.ts';
import type { AttackJob } from '../../src-main/attacks/problem/batch.ts';
import type { ImageFinding } from '../../src-main/attacks/problem/finding.ts';
import { attackCards, attackOf, isPreset, optionsOf, stageOf } from '../../src-main/attacks/registry.ts';
import type { Stage } from '../../src-main/attacks/attack.ts';
import { stage } from '../../src-main/attacks/presets/preset.ts';
import { linearCase, OPEN } from './linear.ts';

const SHAPE = { channels: 3, height: 3, width: 4 };
const test = linearCase('presets', 4, SHAPE, 8, false);

interface More {
  eps?: number[];
  options?: Record<string, unknown>;
  maxQueries?: number;
}
const jobOf = (attack: string, norm: Norm, { eps = [1], options = {}, maxQueries }: More): AttackJob => ({
  model: test.differentiable,
  images: test.images,
  norm,
  eps,
  attack,
  options,
  seed: 3,
  maxQueries: maxQueries ?? null,
  gate: OPEN,
});
const run = (attack: string, norm: Norm, more: More = {}) => attackBatch(jobOf(attack, norm, more));
const of = (stages: Stage[], norm: Norm, more: More = {}) => runStages(jobOf('trial', norm, more), stages);

describe('a preset', () => {
  it('keeps the best that any of its attacks finds, and says which', async () => {
    // Few steps from the image itself stay far from the optimum on some images, in either order.
    const poor = stage('fmn', { steps: 3, rivals: 0, finish: 0 });
    const good = stage('ddn', { steps: 60 });
    const [a, b] = [await run('fmn', 'l2', { options: poor.options }), await run('ddn', 'l2', { options: good.options })];
    for (const order of [
      [poor, good],
      [good, poor],
    ]) {
      const both = await of(order, 'l2');
      both.forEach((finding, i) => {
        const [x, y] = [a[i]!.float?.l2 ?? Infinity, b[i]!.float?.l2 ?? Infinity];
        expect(finding.float?.l2 ?? Infinity).toBe(Math.min(x, y));
        const [p, q] = [a[i]!.eightBitDistances?.l2 ?? Infinity, b[i]!.eightBitDistances?.l2 ?? Infinity];
        expect(finding.eightBitDistances?.l2 ?? Infinity).toBe(Math.min(p, q));
        if (p !== q) expect(finding.by).toBe(p < q ? 'fmn' : 'ddn');
        expect(finding.forwards + finding.backwards).toBe(a[i]!.forwards + a[i]!.backwards + b[i]!.forwards + b[i]!.backwards);
      });
    }
  });

  it('leaves an image alone where no change can be smaller', async () => {
    const alone = await run('sigma-zero', 'l0', { options: { steps: 40 } });
    const twice = await of([stage('sigma-zero', { steps: 40 }), stage('fmn', { steps: 5 })], 'l0');
    const least = alone.map(({ eightBitDistances }) => eightBitDistances?.l0 === 1);
    expect(new Set(least)).toEqual(new Set([true, false]));
    twice.forEach(({ forwards }, i) =>
      least[i] ? expect(forwards).toBe(alone[i]!.forwards) : expect(forwards).toBeGreaterThan(alone[i]!.forwards),
    );
  });

  it('tries fixed budgets on the images that still hold there, the smallest first', async () => {
    const minimal = await run('ddn', 'l2');
    const sizes = minimal.map(({ eightBitDistances }) => eightBitDistances!.l2).sort((a, b) => a - b);
    const [low, high] = [(sizes[2]! + sizes[3]!) / 2, sizes.at(-1)! * 1.5];
    const pgd = stage('pgd', { steps: 3 });
    const alone = await run('pgd', 'l2', { eps: [low, high], options: pgd.options });
    const after = await of([stage('ddn'), pgd], 'l2', { eps: [low, high] });
    after.forEach((finding, i) => {
      const extra = finding.forwards - minimal[i]!.forwards;
      if (minimal[i]!.eightBitDistances!.l2 <= low) expect(extra).toBe(0);
      else {
        expect(extra).toBeGreaterThan(0);
        // At the small budget alone: the large one is within reach of the picture that is known.
        expect(extra).toBeLessThanOrEqual(alone[i]!.forwards);
      }
    });
    expect(alone.some(({ epsilon }) => epsilon === high)).toBe(true);
  });

  it('hands on what is known to a stage that begins there', async () => {
    const first = stage('fmn', { steps: 8, rivals: 0, finish: 0 });
    // One step from the image leads nowhere; the bisection after it halves what is known.
    const finish = { steps: 1, rivals: 0, finish: 12 };
    const before = await of([first], 'l2');
    const [cold, warm] = [await of([first, stage('fmn', finish)], 'l2'), await of([first, stage('fmn', finish, true)], 'l2')];
    const mean = (findings: ImageFinding[]) => findings.reduce((sum, { float }) => sum + (float?.l2 ?? 100), 0);
    expect(mean(warm)).toBeLessThan(0.999 * mean(cold));
    expect(mean(cold)).toBeLessThanOrEqual(mean(before));
  });

  it('spends no more in all than the bound', async () => {
    const found = await of([stage('ddn', { steps: 20 }), stage('fmn', { steps: 20 })], 'l2', { maxQueries: 60 });
    found.forEach(({ forwards, backwards }) => expect(forwards + backwards).toBeLessThanOrEqual(60));
    expect(Math.max(...found.map(({ forwards, backwards }) => forwards + backwards))).toBeGreaterThan(50);
  });
});

describe('the presets of the registry', () => {
  const presets = attackCards().filter(({ stages }) => stages);
  it.each(presets.map(({ id }) => id))('%s names attacks and options that there are, for every norm and goal', (id) => {
    const preset = attackOf(id);
    if (!isPreset(preset)) throw new Error('no preset');
    for (const norm of NORMS)
      for (const targeted of [false, true])
        for (const [classes, outputs] of [
          [2, 0],
          [3, 0],
          [1000, 0],
          [2, 12],
        ] as const) {
          const list = preset.stages({ norm, targeted, classes, outputs, shape: SHAPE });
          expect(list.length).toBeGreaterThan(0);
          for (const { attack, options } of list) {
            expect(stageOf(attack).norms).toContain(norm);
            expect(stageOf(attack).needsOutput).toBeUndefined();
            if (targeted) expect(stageOf(attack).targeted).toBe(true);
            optionsOf(attack, options, norm);
          }
        }
  });
});
