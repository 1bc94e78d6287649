import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isGrave } from '../../shared/grave.ts';
import { chanceOf } from '../../src-main/audit/chance.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { runAudit } from '../../src-main/audit/run.ts';
import { encodePng } from '../../src-main/images/index.ts';
import { Here } from './here.ts';
import { brightness, write } from './models.ts';

const root = mkdtempSync(join(tmpdir(), 'hairline-chance-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What a two-class model is tried with: pictures of each class, and of how many of each it is right. */
interface Case {
  /** Brightness from which on it says class 1. */
  threshold: number;
  of: [number, number];
  right: [number, number];
}

/** Grey pictures on either side of a model's threshold, so that the model, as onnxruntime runs it, is right on just so many. */
async function warningsOf(name: string, { threshold, of, right }: Case): Promise<string[]> {
  const folder = join(root, name);
  mkdirSync(join(folder, 'pictures'), { recursive: true });
  const labels: number[] = [];
  for (const label of [0, 1])
    for (let i = 0; i < of[label]!; i++) {
      const says = i < right[label]! ? label : 1 - label;
      const level = Math.round(255 * (threshold + (says === 1 ? 1 : -1) * (0.05 + (0.1 * ((i * 7) % 10)) / 10)));
      const data = Uint8Array.from({ length: 3 * 32 * 32 }, (_, at) => level + ((at * (i + 3)) % 5) - 2);
      writeFileSync(
        join(folder, 'pictures', `${String(labels.length).padStart(3, '0')}.png`),
        await encodePng({ width: 32, height: 32, channels: 3, data }),
      );
      labels.push(label);
    }
  writeFileSync(join(folder, 'labels.txt'), labels.join('\n'));
  const plan = checkPlan(
    {
      model: write(join(folder, 'model.onnx'), brightness(threshold)),
      preprocessing: {},
      images: [join(folder, 'pictures')],
      labels: join(folder, 'labels.txt'),
      threats: [{ norm: 'linf', eps: [2 / 255], attacks: [{ id: 'fgsm' }] }],
    },
    root,
  );
  const pool = new Here();
  const quiet = () => {};
  const { cleanAccuracy, warnings } = await runAudit({
    plan,
    folder: join(folder, 'audit'),
    resume: false,
    pool,
    control: pool.control,
    onImage: quiet,
    onFinding: quiet,
    onProgress: quiet,
  });
  expect([cleanAccuracy!.right, cleanAccuracy!.total]).toEqual([right[0] + right[1], of[0] + of[1]]);
  return warnings;
}
const ALARM = /no better than|look wrong/;

const SOUND: [string, Case][] = [
  ['11 of 16, balanced', { threshold: 0.5, of: [8, 8], right: [6, 5] }],
  ['15 of 20, balanced', { threshold: 0.4, of: [10, 10], right: [8, 7] }],
  ['51 of 64, balanced', { threshold: 0.6, of: [32, 32], right: [26, 25] }],
  ['32 of 32, balanced', { threshold: 0.3, of: [16, 16], right: [16, 16] }],
  ['61 of 64, nine in ten of one class', { threshold: 0.45, of: [58, 6], right: [56, 5] }],
  ['40 of 40, nine in ten of one class', { threshold: 0.55, of: [36, 4], right: [36, 4] }],
];

describe('accuracy at chance', () => {
  it.each(SOUND)('is not said of a sound two-class model: %s', { timeout: 60_000 }, async (name, one) => {
    expect((await warningsOf(name, one)).filter((warning) => ALARM.test(warning))).toEqual([]);
  });

  it.each([
    [
      'of one that guesses',
      { threshold: 0.5, of: [10, 10], right: [5, 5] },
      'The model is right on 10 of 20 clean images, no better than guessing among 2 classes: check the preprocessing and the order of the labels.',
    ],
    [
      'of one that always says the same, on balanced classes',
      { threshold: 0.5, of: [16, 16], right: [16, 0] },
      'The model is right on 16 of 32 clean images, no better than guessing among 2 classes: check the preprocessing and the order of the labels.',
    ],
    [
      'of one that always names the commonest',
      { threshold: 0.5, of: [58, 6], right: [58, 0] },
      'The model is right on 58 of 64 clean images, no better than naming the commonest of their classes every time (58 of 64): check the preprocessing and the order of the labels.',
    ],
  ] as [string, Case, string][])('is said %s, in red', { timeout: 60_000 }, async (name, one, said) => {
    const warnings = await warningsOf(name, one);
    expect(warnings).toContain(said);
    expect(isGrave(said)).toBe(true);
  });
});

/** Uniform numbers in [0,1), always the same. */
function stream(seed: number): () => number {
  let state = seed;
  return () => ((state = (Math.imul(state, 1664525) + 1013904223) | 0) >>> 0) / 2 ** 32;
}

/** How often a model of two classes is said to be at chance, over many draws of pictures and answers. */
function alarms(accuracy: number, share: number, of: number, draws = 2000): number {
  const random = stream(of * 1000 + Math.round(accuracy * 100));
  let alarm = 0;
  for (let d = 0; d < draws; d++) {
    const answers = Array.from({ length: of }, (_, i) => {
      const label = i < Math.round(share * of) ? 0 : 1;
      return { label, prediction: random() < accuracy ? label : 1 - label };
    });
    if (chanceOf(answers, 2) !== null) alarm++;
  }
  return alarm / draws;
}

it('is said of few sound models over many draws, and of most that guess', () => {
  for (const of of [16, 24, 32, 48, 64]) {
    expect(alarms(0.9, 0.5, of), `0.9, ${of}`).toBeLessThan(0.005);
    expect(alarms(0.8, 0.5, of), `0.8, ${of}`).toBeLessThan(0.03);
    expect(alarms(0.98, 0.9, of), `0.98 of 90:10, ${of}`).toBeLessThan(0.01);
    expect(alarms(0.5, 0.5, of), `0.5, ${of}`).toBeGreaterThan(0.55);
  }
  expect(alarms(0.5, 0.5, 64)).toBeGreaterThan(0.9);
});
