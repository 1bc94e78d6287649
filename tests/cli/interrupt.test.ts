import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { JournalRecord } from '../../src-main/audit/records.ts';
import { alive, BIN, engineOf, hairline, IMAGES, launch, MODEL, said, scratch, start, untimed } from './hairline.ts';
import type { Ended, Running } from './hairline.ts';
import { ALL } from '../part.ts';
import { SAMPLE_PLAN, writePlan } from './samplePlan.ts';

/*
 * Processes are killed at random moments of the work; whatever is left must lead to the same results. Windows has no
 * signals, and other systems no /proc to find the engine by.
 */
const linux = process.platform === 'linux';
const folder = scratch();
const plan = join(folder, 'plan.json');
const whole = join(folder, 'whole');
/** Small batches: then there is something finished to keep. */
const resume = (out: string, workers = 2, batch = 2): Running =>
  start(['audit', plan, '--resume', '--out', out, '--workers', String(workers), '--batch', String(batch)]);

const journalOf = (out: string): string => readFileSync(join(out, 'journal.jsonl'), 'utf8');
const findings = (out: string): number =>
  journalOf(out)
    .split('\n')
    .filter((line) => line.startsWith('{"type":"finding"')).length;

/** Random, at least this long and less than that. */
const moment = (least: number, most: number): number => least + Math.floor(Math.random() * (most - least));

async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 100 && alive(pid); i++) await sleep(20);
  return !alive(pid);
}

async function finish(out: string): Promise<void> {
  const run = await resume(out).ended;
  expect(run.code, run.err).toBe(0);
  expect(untimed(out)).toBe(untimed(whole));
}

beforeAll(async () => {
  writePlan(plan, { ...SAMPLE_PLAN, limit: 4 });
  const run = await hairline(['audit', plan, '--out', whole, '--workers', '1', '--batch', '4']);
  expect(run.code, run.err).toBe(0);
}, 60_000);

describe.runIf(linux && ALL)('an audit that is killed', () => {
  it('goes on from where it was, time and again, to the same results', { timeout: 150_000 }, async () => {
    const out = join(folder, 'killed');
    const moments: string[] = [];
    let kept = 0;
    const kill = async (which: 'engine' | 'command', from: RegExp | null, most: number): Promise<Ended> => {
      const run = resume(out);
      if (from) await said(run, from);
      const wait = moment(0, most);
      moments.push(`${which} ${wait} ms after ${from}`);
      await sleep(wait);
      const engine = engineOf(run.child.pid!);
      process.kill(which === 'engine' && engine ? engine : run.child.pid!, 'SIGKILL');
      const ended = await run.ended;
      // Nobody is left that could write into the folder.
      if (engine) expect(await gone(engine), `the engine ends with the command; ${moments.join(', ')}`).toBe(true);
      return ended;
    };
    await kill('command', null, 1500);
    for (const which of ['engine', 'command'] as const) {
      const ended = await kill(which, /"message":"(Looking|Attacking)/, 400);
      if (which === 'engine') {
        expect(ended.code, ended.err).toBe(3);
        expect(ended.err).toContain(`(signal SIGKILL); go on with: node bin/hairline.js audit --resume --out ${out}\n`);
        expect(ended.out).toContain('"type":"failed"');
      } else expect(ended.code).toBeNull();
      const now = findings(out);
      expect(now, `nothing is lost; ${moments.join(', ')}`).toBeGreaterThanOrEqual(kept);
      kept = now;
    }
    await finish(out);
  });
});

describe.runIf(linux)('Ctrl+C', () => {
  it(
    'ends the work within a second with 130, keeps what is done, and the audit goes on to the same results',
    { timeout: 90_000 },
    async () => {
      const out = join(folder, 'cancelled');
      const run = resume(out);
      await said(run, '"type":"finding"');
      const began = performance.now();
      run.child.kill('SIGINT');
      await said(run, '"state":"cancelled"');
      const latency = performance.now() - began;
      const ended = await run.ended;
      expect(ended.code).toBe(130);
      expect(ended.err).toContain(`Cancelled; go on with: node bin/hairline.js audit --resume --out ${out}\n`);
      // With the results of what is done written.
      expect(latency).toBeLessThan(1000);
      expect(existsSync(join(out, 'report.pdf'))).toBe(false);

      const lines = journalOf(out).split('\n');
      expect(lines.pop(), 'the last line has an end').toBe('');
      expect(lines.map((line) => JournalRecord.parse(JSON.parse(line))).at(-1)).toMatchObject({ type: 'session', end: 'cancelled' });
      const partial = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as {
        findings: unknown[];
        images: { outcomes: { state: string }[] }[];
      };
      expect(partial.findings).toHaveLength(findings(out));
      expect(partial.images.flatMap((i) => i.outcomes.map((o) => o.state))).toContain('unfinished');
      await finish(out);
      expect(existsSync(join(out, 'report.pdf'))).toBe(true);
    },
  );

  it.runIf(ALL)('is heard while the model is still being loaded, and what was begun can be gone on with', { timeout: 60_000 }, async () => {
    const out = join(folder, 'at-once');
    const run = resume(out);
    await said(run, '"message":"Loading the model"');
    run.child.kill('SIGINT');
    const ended = await run.ended;
    expect(ended).toMatchObject({
      code: 130,
      err: `Cancelled before the first image was looked at; go on with: node bin/hairline.js audit --resume --out ${out}\n`,
    });
    expect(ended.out).not.toContain('"type":"finding"');
    expect(readdirSync(out).sort(), 'nothing half written, no lock').toEqual(['audit.hairline', 'journal.jsonl', 'plan.json']);
    // The folder knows its plan by now.
    const again = await hairline(['audit', '--resume', '--out', out, '--workers', '2', '--batch', '2']);
    expect(again.code, again.err).toBe(0);
    expect(untimed(out)).toBe(untimed(whole));
  });

  it('is heard before there is an audit at all: one sentence, 130, and nothing is written', { timeout: 60_000 }, async () => {
    for (const [signal, sentence] of [
      ['SIGINT', 'Cancelled.\n'],
      ['SIGTERM', 'Interrupted.\n'],
    ] as const) {
      const out = join(folder, `never ${signal}`);
      // Flags instead of a plan: the model is looked at first, by a process of its own.
      const run = start(['audit', '--model', MODEL, '--images', IMAGES, '--limit', '2', '--out', out]);
      for (let i = 0; i < 1000 && engineOf(run.child.pid!) === null; i++) await sleep(5);
      const inspecting = engineOf(run.child.pid!)!;
      run.child.kill(signal);
      expect(await run.ended).toMatchObject({ code: 130, err: sentence, out: '' });
      expect(existsSync(out)).toBe(false);
      expect(await gone(inspecting)).toBe(true);
    }
  });

  it.runIf(ALL)(
    'by a service manager it is an interruption: told so by the command, the results and the journal',
    { timeout: 90_000 },
    async () => {
      const out = join(folder, 'ended');
      // A group of its own, all of which hears it.
      const run = launch('setsid', [process.execPath, BIN, 'audit', plan, '--resume', '--out', out, '--workers', '2', '--batch', '2']);
      await said(run, '"type":"finding"');
      process.kill(-run.child.pid!, 'SIGTERM');
      const ended = await run.ended;
      expect(ended.code, ended.err).toBe(130);
      expect(ended.err).toContain(`\nInterrupted; go on with: node bin/hairline.js audit --resume --out ${out}\n`);
      expect(ended.out).toContain('"state":"interrupted"');
      for (const text of [
        ended.err,
        ended.out,
        journalOf(out),
        readFileSync(join(out, 'results.json'), 'utf8'),
        readFileSync(join(out, 'results.csv'), 'utf8'),
      ])
        expect(text).not.toMatch(/cancel/i);
      await finish(out);
    },
  );
});

describe.runIf(linux)('a disk that is full', () => {
  it('is told in one sentence, leaves a journal of whole lines, and the audit goes on when there is room', async () => {
    const out = join(folder, 'full');
    // No file may grow beyond 12 kB: the setup fits, the findings do not.
    const [command, ...args] = [
      'bash',
      '-c',
      `ulimit -f 12; exec "$@"`,
      'sh',
      process.execPath,
      BIN,
      'audit',
      plan,
      '--out',
      out,
      '--workers',
      '2',
      '--batch',
      '2',
    ];
    const run = await launch(command!, args).ended;
    expect(run.code, run.err).toBe(2);
    expect(run.err).toMatch(
      /^hairline: .*journal\.jsonl cannot be written \(EFBIG\): make room or mend the folder, then go on with --resume\.\n$/,
    );
    const text = journalOf(out);
    expect(text.length).toBeLessThanOrEqual(12 * 1024);
    expect(text.endsWith('\n')).toBe(true);
    for (const line of text.trimEnd().split('\n')) JournalRecord.parse(JSON.parse(line));
    await finish(out);
  }, 60_000);
});

describe.runIf(linux)('an audit that goes on', () => {
  it(
    'notices pictures that are gone or damaged, writes them again to the same bytes, and takes away what a crash left half written',
    { timeout: 90_000 },
    async () => {
      const out = join(folder, 'lost');
      cpSync(whole, out, { recursive: true });
      const pictures = readdirSync(out, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.png'))
        .sort();
      const [clean, other] = pictures.filter((name) => name.startsWith('clean/'));
      const [adversarial, swapped, short] = pictures.filter((name) => name.startsWith('adversarial/'));
      const bytes = new Map(pictures.map((name) => [name, readFileSync(join(out, name))]));
      rmSync(join(out, clean!));
      rmSync(join(out, adversarial!));
      // A whole picture, but not the one that was found; half a picture; and one whose pixels are another image's.
      writeFileSync(join(out, swapped!), bytes.get(other!)!);
      writeFileSync(join(out, short!), bytes.get(short!)!.subarray(0, 300));
      writeFileSync(join(out, other!), bytes.get(clean!)!);
      for (const name of ['results.json.part', 'report.pdf.part', `${adversarial}.part`, 'clean/gone.png.part'])
        writeFileSync(join(out, name), 'half');
      writeFileSync(join(out, 'mine.part'), 'not of the audit');
      await finish(out);
      for (const [name, was] of bytes) expect(readFileSync(join(out, name)).equals(was), name).toBe(true);
      expect(readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.part'))).toEqual(['mine.part']);
    },
  );
});

it('ends quietly when nobody reads its lines any more', async () => {
  const run = start(['audit', plan, '--out', join(folder, 'unread'), '--workers', '1']);
  await said(run, '"type":"status"');
  run.child.stdout!.destroy();
  const ended = await run.ended;
  expect(ended).toMatchObject({ code: 130, err: '' });
});
