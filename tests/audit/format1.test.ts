/* eslint-disable @typescript-eslint/no-explicit-any -- format 1 has no type */
import { cpSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AuditPlan } from '../../shared/plan.ts';
import type { Results } from '../../shared/results.ts';
import { migrateRecord, migrateResults, setupOfFormat1 } from '../../src-main/audit/format1.ts';
import { Installation } from '../../src-main/audit/installation.ts';
import { JournalRecord } from '../../src-main/audit/records.ts';
import { readAnyResults, readResults } from '../../src-main/engine/documents.ts';
import { audit, verify } from './verify/forge.ts';

const OLD = join(import.meta.dirname, '../fixtures/format1');
const SAMPLES = join(import.meta.dirname, '../../assets/samples');
const work = mkdtempSync(join(tmpdir(), 'hairline-format1-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** The pictures of these audits, with their class folders, are those of the samples. */
const pictures = join(work, 'pictures');
for (const name of ['circle', 'heart', 'star']) cpSync(join(SAMPLES, 'images', name, '01.png'), join(pictures, name, '01.png'));
const MODEL = { classes: join(SAMPLES, 'signs.onnx'), output: join(SAMPLES, 'autoencoder.onnx') };
const named = (kind: 'classes' | 'output') => ({
  model: MODEL[kind],
  images: [pictures],
  ...(kind === 'classes' && { classNames: join(SAMPLES, 'classes.txt') }),
});

/* Two audits as the last Hairline that wrote format 1 has left them. */
describe.each(['classes', 'output'] as const)('an audit of format 1 on %s', (kind) => {
  const folder = join(OLD, kind);

  it('is read, with every figure of its own', () => {
    const raw = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Record<string, any>;
    const results = readResults(folder);
    expect([raw['format'], results.format]).toEqual([1, 2]);
    expect(results.gradientCheck.straightThrough).toEqual(raw['gradientCheck'].surrogates);
    raw['findings'].forEach((finding: any, i: number) => {
      const { output } = results.findings[i]!;
      if (finding.output === null) expect(output).toBeNull();
      else expect(output).toEqual({ figures: { psnr: finding.output.psnr, ssim: finding.output.ssim }, file: finding.output.file });
    });
    expect(results.findings.filter(({ output }) => output !== null)).toHaveLength(kind === 'output' ? 6 : 0);
  });

  it('is verified: every figure, picture and success, and nothing to find fault with', async () => {
    const { problems, pictures: clean, successes, notes } = await verify(folder, { named: named(kind), elsewhere: true });
    // The schema of all results, and a second report, would be no more to look at.
    const here = problems.filter((problem) => !/^(report\.pdf|results\.schema\.json) is missing\.$/.test(problem));
    expect({ problems: here, clean, successes }).toEqual({ problems: [], clean: 3, successes: kind === 'output' ? 6 : 7 });
    if (kind === 'output') expect(notes.join('\n')).toMatch(/report\.pdf was drawn by another version of Hairline/);
  });

  it('is found out where a figure of it was changed', async () => {
    const forged = join(work, `forged ${kind}`);
    cpSync(folder, forged, { recursive: true });
    const file = join(forged, 'journal.jsonl');
    const text = readFileSync(file, 'utf8');
    const [from, to] = kind === 'output' ? [/"psnr":(1\d)\./, '"psnr":9.'] : [/"l2":0\.(\d)/, '"l2":0.0$1'];
    expect(text).toMatch(from);
    writeFileSync(file, text.replace(from, to));
    expect((await verify(forged, { named: named(kind), elsewhere: true })).problems).not.toEqual([]);
  });

  it('gives the same figures when it is run again', async () => {
    const old = readAnyResults(folder);
    const plan = AuditPlan.parse(old.plan);
    const { model, images, classNames = null } = { classNames: null, ...named(kind) };
    const anew = readResults(await audit({ ...plan, model, images, classNames }, join(work, `anew ${kind}`)));
    expect(figures(anew)).toEqual(figures(old));
    // Another processor rounds otherwise, whatever it is called, and the way of an attack may then turn a little.
    for (const [i, { eightBit, state }] of old.findings.entries())
      for (const norm of ['l2', 'linf', 'l1'] as const)
        if (state === 'broken')
          expect(Math.abs(anew.findings[i]!.eightBit![norm] / eightBit![norm] - 1), `${norm} of finding ${i}`).toBeLessThan(0.05);
  });
});

/** What rounding does not turn: states, what the model says of clean images, whether anything is missing. */
function figures({ findings, images, threats, ...results }: Results): unknown {
  const rounded = (value: number | null) => (value === null ? null : Number(value.toPrecision(4)));
  return {
    states: findings.map(({ state, attack, threat, image, prediction }) => [state, attack, threat, image, prediction]),
    clean: images.map(({ prediction, hash, top, outputs, outcomes }) => ({
      ...{ prediction, hash },
      top: top.map((one) => [one.class, rounded(one.logit)]),
      outputs: outputs.map((one) => Object.values(one.figures ?? {}).map(rounded)),
      outcomes: outcomes.map(({ state, threat }) => [state, threat]),
    })),
    threats: threats.length,
    model: results.model.sha256,
    accuracy: results.cleanAccuracy,
  };
}

describe('the words of format 1', () => {
  it('are those of format 2 in every record, and a setup keeps its seal', () => {
    const lines = readFileSync(join(OLD, 'output/journal.jsonl'), 'utf8').trim().split('\n');
    const records = lines.map((line) => JournalRecord.parse(migrateRecord(JSON.parse(line))));
    expect(records.map(({ type }) => type)).toEqual(['plan', 'setup', ...Array(3).fill('image'), ...Array(6).fill('finding'), 'session']);
    const raw = JSON.parse(lines[1]!).setup as Record<string, unknown>;
    const { setup } = records[1] as Extract<JournalRecord, { type: 'setup' }>;
    expect(setup.output).toEqual(raw['field']);
    const back = setupOfFormat1(setup) as Record<string, unknown>;
    expect([back['field'], back['gradientCheck']]).toEqual([
      raw['field'],
      { tangentError: null, fallbacks: [], ...(raw['gradientCheck'] as object) },
    ]);
    const installation = new Installation(join(work, 'data'));
    const sealed = installation.sealSetup(back as never);
    expect(installation.settled(setup, sealed)).toBe(true);
    expect(installation.settled({ ...setup, rows: setup.rows + 1 }, sealed)).toBe(false);
  });

  it('say null of equals and of what is no number, which are told apart by the prediction', () => {
    const outputs = [{ psnr: null, ssim: null, file: null }];
    expect(migrateRecord({ type: 'image', image: { prediction: 0, outputs } })).toMatchObject({
      image: { outputs: [{ figures: { psnr: null }, file: null }] },
    });
    expect(migrateRecord({ type: 'image', image: { prediction: -1, outputs } })).toEqual({
      type: 'image',
      image: { prediction: -1, outputs: [{ figures: {}, file: null }] },
    });
  });

  it('leave alone what Hairline never wrote, for whoever looks for it', () => {
    expect(migrateResults({ format: 1, more: 1, findings: 3, images: [null, { outputs: 'x' }] })).toEqual({
      ...{ format: 2, more: 1, findings: 3 },
      images: [null, { outputs: 'x' }],
    });
    expect(migrateRecord({ type: 'image', image: { outputs: [{ psnr: 1, ssim: 2, file: null, robust: true }] } })).toEqual({
      type: 'image',
      image: { outputs: [{ figures: { psnr: 1, ssim: 2 }, file: null, robust: true }] },
    });
    expect(migrateResults({ format: 2, gradientCheck: { surrogates: [] } })).toEqual({ format: 2, gradientCheck: { surrogates: [] } });
  });
});
