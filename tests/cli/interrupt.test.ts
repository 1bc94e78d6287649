import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { JournalRecord } from '../../src-main/audit/records.ts';
import { alive, BIN, engineOf, hairline, launch, said, scratch, start, untimed } from './hairline.ts';
import type { Ended, Running } from './hairline.ts';
import { writePlan } from './samplePlan.ts';

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
const findings = (out: string): number => journalOf(out).split('\n').filter((line) => line.startsWith('{"type":"finding"')).length;

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
  writePlan(plan);
  const run = await hairline(['audit', plan, '--out', whole, '--workers', '1', '--batch', '12']);
  expect(run.code, run.err).toBe(0);
}, 60_000);

describe.runIf(linux)('an audit that is killed', () => {
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
    for (const which of ['command', 'engine', 'command'] as const) {
      const ended = await kill(which, /"message":"(Looking|Attacking)/, 400);
      if (which === 'engine') {
        expect(ended.code, ended.err).toBe(3);
        expect(ended.err).toContain(`(signal SIGKILL); go on with: hairline audit --resume --out ${out}\n`);
        expect(ended.out).toContain('"type":"failed"');
      } else expect(ended.code).toBeNull();
      const now = findings(out);
      expect(now, `nothing is lost; ${moments.join(', ')}`).toBeGreaterThanOrEqual(kept);
      kept = now;
    }
    await finish(out);
  });
});

describe.runIf(process.platform !== 'win32')('Ctrl+C', () => {
  it('ends the work within a second with 130, keeps what is done, and the audit goes on to the same results', { timeout: 90_000 }, async () => {
    const out = join(folder, 'cancelled');
    const run = resume(out);
    await said(run, '"type":"finding"');
    const began = performance.now();
    run.child.kill('SIGINT');
    await said(run, '"state":"cancelled"');
    const latency = performance.now() - began;
    const ended = await run.ended;
    expect(ended.code).toBe(130);
    expect(ended.err).toContain(`Cancelled; go on with: hairline audit --resume --out ${out}\n`);
    // With the results of what is done written.
    expect(latency).toBeLessThan(1000);
    expect(existsSync(join(out, 'report.pdf'))).toBe(false);

    const lines = journalOf(out).split('\n');
    expect(lines.pop(), 'the last line has an end').toBe('');
    expect(lines.map((line) => JournalRecord.parse(JSON.parse(line))).at(-1)).toMatchObject({ type: 'sitting' });
    const partial = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as { findings: unknown[]; images: { outcomes: { state: string }[] }[] };
    expect(partial.findings).toHaveLength(findings(out));
    expect(partial.images.flatMap((i) => i.outcomes.map((o) => o.state))).toContain('unfinished');
    await finish(out);
    expect(existsSync(join(out, 'report.pdf'))).toBe(true);
  });

  it('is heard while the model is still being loaded', async () => {
    const out = join(folder, 'at once');
    const run = resume(out);
    await said(run, '"state":"preparing"');
    run.child.kill('SIGINT');
    const ended = await run.ended;
    expect(ended.code).toBe(130);
    expect(ended.err).toMatch(/^Cancelled/);
    expect(ended.out).not.toContain('"type":"finding"');
  });
});

describe.runIf(linux)('a disk that is full', () => {
  it('is told in one sentence, leaves a journal of whole lines, and the audit goes on when there is room', async () => {
    const out = join(folder, 'full');
    // No file may grow beyond 12 kB: the setup fits, the findings do not.
    const [command, ...args] = ['bash', '-c', `ulimit -f 12; exec "$@"`, 'sh', process.execPath, BIN, 'audit', plan, '--out', out, '--workers', '2', '--batch', '2'];
    const run = await launch(command!, args).ended;
    expect(run.code, run.err).toBe(2);
    expect(run.err).toMatch(/^hairline: .*journal\.jsonl cannot be written \(EFBIG\): make room or mend the folder, then go on with --resume\.\n$/);
    const text = journalOf(out);
    expect(text.length).toBeLessThanOrEqual(12 * 1024);
    expect(text.endsWith('\n')).toBe(true);
    for (const line of text.trimEnd().split('\n')) JournalRecord.parse(JSON.parse(line));
    await finish(out);
  }, 60_000);
});

it('ends quietly when nobody reads its lines any more', async () => {
  const run = start(['audit', plan, '--out', join(folder, 'unread'), '--workers', '1']);
  await said(run, '"type":"status"');
  run.child.stdout!.destroy();
  const ended = await run.ended;
  expect(ended).toMatchObject({ code: 130, err: '' });
});
