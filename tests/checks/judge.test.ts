import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trustWords } from '../../src-main/report/checkWords.ts';
import { checkText } from '../../shared/checkWords.ts';
import { Preprocessing } from '../../shared/plan.ts';
import type { CheckMeasure } from '../../shared/results.ts';
import { randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { Models } from '../../src-main/audit/models.ts';
import type { Evidence } from '../../src-main/checks/check.ts';
import { mcnemar } from '../../src-main/checks/mcnemar.ts';
import { measureChecks } from '../../src-main/checks/measure.ts';
import { checks } from '../../src-main/checks/registry.ts';
import { checkSetting } from '../../src-main/checks/setting.ts';
import { TracedProblem } from '../../src-main/checks/traced.ts';
import type { Differentiable } from '../../src-main/model/differentiable.ts';
import { HONEST, writeModel } from './planted.ts';

const PREPROCESSING = Preprocessing.parse({ channels: 'grey' });
const NOTHING: Evidence = { measures: [], broken: 0, gradientCheck: { straightThrough: [] }, classes: 10, clean: [], successes: [] };
const judged = (id: string, more: Partial<Evidence>) => checks.find((check) => check.id === id)!.judge({ ...NOTHING, ...more });
const times = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const measure = (runs: CheckMeasure['runs'], values: CheckMeasure['values'] = {}): CheckMeasure => ({ image: 'a', runs, values });

it('tests pairs exactly: 2 · Σ of binomial(n, ½) by hand', () => {
  expect(mcnemar(8, 0)).toBeCloseTo(2 / 256, 12);
  expect(mcnemar(0, 7)).toBeCloseTo(2 / 128, 12);
  expect(mcnemar(9, 1)).toBeCloseTo((2 * (1 + 10)) / 1024, 12);
  expect(mcnemar(3, 3)).toBe(1);
  expect(mcnemar(0, 0)).toBe(1);
});

/** Pairs of runs of which the second is not to do better: 8 of 8 is p = .0078, 7 of 7 is p = .0156. */
it.each([
  ['iterations', 'iterative', 'one-step'],
  ['noise', 'iterative', 'noise'],
  ['steps', 'iterative', 'longer'],
  ['restarts', 'iterative', 'again'],
])('%s fails where %s does worse than %s on eight images, and not on seven', (id, weak, strong) => {
  const worse = measure({ [weak]: [false, false], [strong]: [false, true] });
  const same = measure({ [weak]: [false, true], [strong]: [false, true] });
  const of = (n: number) => judged(id, { measures: [...times(n, () => worse), ...times(4, () => same)] }).state;
  expect(of(8)).toBe('failed');
  expect(of(7)).toBe('passed');
  const better = measure({ [weak]: [true, true], [strong]: [false, true] });
  expect(judged(id, { measures: times(12, () => better) }).state).toBe('passed');
  expect(judged(id, {}).state).toBe('not-applicable');
});

it('on ten images sees only what nearly all of them show, and none against it', () => {
  const worse = measure({ iterative: [false], 'one-step': [true] });
  const better = measure({ iterative: [true], 'one-step': [false] });
  const same = measure({ iterative: [true], 'one-step': [true] });
  const of = (lost: number, gained: number) =>
    judged('iterations', {
      measures: [...times(lost, () => worse), ...times(gained, () => better), ...times(10 - lost - gained, () => same)],
    }).state;
  expect(of(8, 0)).toBe('failed');
  expect(of(7, 0)).toBe('passed');
  expect(of(9, 1)).toBe('passed');
});

it('steps and restarts do not fail over a difference that is sure and small', () => {
  const one = (strong: string) => measure({ iterative: [false], [strong]: [true] });
  const same = measure({ iterative: [true], longer: [true], again: [true] });
  expect(judged('steps', { measures: [...times(8, () => one('longer')), ...times(900, () => same)] }).state).toBe('passed');
  expect(judged('restarts', { measures: [...times(8, () => one('again')), ...times(80, () => same)] }).state).toBe('passed');
});

it('budgets fails where images break at a smaller budget and hold at a larger one', () => {
  const of = (broken: boolean[]) => judged('budgets', { measures: times(8, () => measure({ iterative: broken })) });
  expect(of([true, false, true])).toEqual({ state: 'failed', figures: { lost: 8, gained: 0, images: 8 } });
  expect(of([false, true, true])).toEqual({ state: 'passed', figures: { lost: 0, gained: 8, images: 8 } });
});

it('gradients fails on more than one image in twenty', () => {
  const of = (slopes: number[], broken = 0) => judged('gradients', { broken, measures: slopes.map((slope) => measure({}, { slope })) });
  const fine = times(18, () => 0.3);
  expect(of([...fine, 0.2, 0]).state).toBe('passed');
  expect(of([...fine, 1e-7, 0])).toEqual({ state: 'failed', figures: { zero: 1, tiny: 1, 'not-finite': 0, images: 20 } });
  expect(of([...fine, 0], 1).state).toBe('failed');
});

it('unseen-class fails only where the clean images could not have missed the class by chance', () => {
  const clean = (n: number, of: number) => times(n, (i) => ({ prediction: i % of, label: i % of }));
  const of = (n: number, seen: number, successes: number[], classes = 10) =>
    judged('unseen-class', { clean: clean(n, seen), successes, classes }).state;
  expect(
    of(
      60,
      9,
      times(10, () => 9),
    ),
  ).toBe('failed');
  expect(
    of(
      60,
      9,
      times(10, (i) => i % 10),
    ),
  ).toBe('passed');
  // Of 44 images each class is missing with a chance of .9^44 = .0097, of 43 with one of .0108.
  expect(
    of(
      44,
      9,
      times(10, () => 9),
    ),
  ).toBe('failed');
  expect(
    of(
      43,
      9,
      times(10, () => 9),
    ),
  ).toBe('not-applicable');
  // Of 40 images each class is missing with a chance of .9^40 = .015.
  expect(
    of(
      40,
      9,
      times(10, () => 9),
    ),
  ).toBe('not-applicable');
  // Pictures of few classes, since somebody chose them so.
  expect(
    of(
      60,
      5,
      times(10, () => 9),
    ),
  ).toBe('not-applicable');
  expect(of(60, 9, [])).toBe('not-applicable');
});

it('converged fails where the loss still falls on most of the images that held', () => {
  const of = (falls: (number | null)[]) => judged('converged', { measures: falls.map((falling) => measure({}, { falling })) });
  expect(of([0.2, 0.06, 0.01, null]).state).toBe('failed');
  expect(of([0.2, 0.05, 0.01, 0])).toEqual({ state: 'passed', figures: { falling: 1, held: 4 } });
  expect(of([null]).state).toBe('not-applicable');
});

it('tells how far the loss fell in the last ten steps, against its whole fall', async () => {
  // A descent whose losses are those of this list.
  const falling = async (losses: number[]) => {
    let at = 0;
    const model: Differentiable = {
      shape: { channels: 1, height: 1, width: 1 },
      classes: 2,
      rows: 1,
      forward: () => Promise.reject(new Error('not asked')),
      gradient: () =>
        Promise.resolve({ logits: Float32Array.of(1, 0), loss: Float32Array.of(losses[at++]!), gradient: Float32Array.of(1) }),
    };
    const image = { pixels: Float32Array.of(0.5), hash: 'x', label: 0, goal: null };
    const problem = new TracedProblem(model, [image], { norm: 'linf', epsilon: 0.1, stream: 'x', limits: null, gate: { check() {} } });
    for (const _ of losses) await problem.gradient(Float32Array.of(0), 'margin');
    return problem.falling(0);
  };
  expect(await falling(times(20, (i) => 20 - i))).toBeCloseTo(10 / 19, 6);
  expect(await falling([10, ...times(15, () => 2)])).toBe(0);
  // The smallest so far counts, not the last.
  expect(await falling([10, 0, ...times(15, () => 5)])).toBe(0);
  expect(await falling(times(20, (i) => i))).toBe(0);
  expect(await falling(times(10, (i) => 20 - i))).toBeNull();
});

it('repeat marks a model that answers otherwise each time', async () => {
  // Hairline has no gradient rule for what draws numbers, so the noise is put on the answers of a model that draws none.
  const folder = mkdtempSync(join(tmpdir(), 'hairline-random-'));
  const file = writeModel(join(folder, 'random.onnx'), HONEST['linear']!);
  const models = new Models({ model: file, input: null, fixed: {}, output: null, preprocessing: PREPROCESSING, provider: 'cpu' });
  const images = times(2, (i) => ({ pixels: new Float32Array(64).fill(0.4 + 0.2 * i), hash: String(i), label: 0, goal: null }));
  const model = await models.differentiable({ channels: 1, height: 8, width: 8 }, 1);
  const noise = randomStream('noise');
  const random = {
    ...model,
    forward: async (pixels: Float32Array) => ({ logits: (await model.forward(pixels)).logits.map((f) => f + noise()) }),
  };
  const measured = (under: Differentiable) =>
    measureChecks({ model: under, images, norm: 'linf', budgets: [0.1], seed: 0, gate: { check() {} } });
  const found = await measured(random);
  const same = await measured(model);
  await models.close();
  rmSync(folder, { recursive: true });
  const entries = (of: typeof found) => of.map((one, i) => ({ image: String(i), ...one }));
  expect(judged('repeat', { measures: entries(same) }).state).toBe('passed');
  expect(judged('repeat', { measures: entries(found) })).toEqual({ state: 'failed', figures: { other: 2, images: 2 } });
});

it('looks at the first threat model on classes that is attacked with its own gradients, and at three budgets', () => {
  const setting = (threats: Parameters<typeof checkSetting>[0]['threats'], images = 5) => checkSetting({ threats, checks: { images } });
  const threat = { norm: 'l2' as const, eps: [0.5], goal: { kind: 'untargeted' }, knowledge: { kind: 'white-box' as const }, attacks: [] };
  expect(setting([threat])).toEqual({ threat: 0, norm: 'l2', budgets: [0.5, 1, 2] });
  expect(setting([threat], 0)).toBeNull();
  const transfer = { ...threat, knowledge: { kind: 'transfer' as const, surrogates: [] } };
  expect(setting([transfer, threat])!.threat).toBe(1);
  expect(setting([transfer])).toBeNull();
  expect(setting([{ ...threat, goal: { kind: 'deviation', reference: 'input', psnr: 20, peak: 1 } }])).toBeNull();
  // No 8-bit picture lies within half a level of another.
  expect(setting([{ ...threat, norm: 'linf', eps: [0.5 / 255, 2 / 255] }])!.budgets).toEqual([2 / 255, 4 / 255, 8 / 255]);
  expect(setting([{ ...threat, norm: 'l0', eps: [5] }])!.norm).toBe('linf');
});

it('has every figure of its sentences, in both languages', () => {
  for (const { id, judge, words } of checks)
    for (const language of ['en', 'de'] as const) {
      const { figures } = judge(NOTHING);
      const named = [...words[language].figure.matchAll(/\{([\w-]+)\}/g)].map((match) => match[1]!);
      expect(named.length, id).toBeGreaterThan(0);
      for (const name of named) expect(Object.keys(figures), `${id}, ${language}`).toContain(name);
      expect(checkText(words[language], { state: 'failed', figures })).toContain(words[language].failed);
    }
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
});

describe('the sentence over the page', () => {
  const page = (...states: ('passed' | 'failed' | 'not-applicable')[]) =>
    trustWords({ checks: states.map((state, i) => ({ id: `c${i}`, state, figures: {} })) });
  it.each<[string, string, RegExp]>([
    ['nothing', page('not-applicable'), /^Nothing could be checked\.$/],
    ['one', page('passed', 'not-applicable'), /^The only check that applies passed: that says next to nothing\.$/],
    ['three of three', page('passed', 'passed', 'passed'), /^All 3 checks that apply passed/],
    ['one of three', page('passed', 'failed', 'passed'), /^1 of 3 checks failed/],
  ])('of %s', (_, said, expected) => expect(said).toMatch(expected));
});
