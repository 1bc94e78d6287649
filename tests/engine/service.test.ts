import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLS, RunEvent } from '../../shared/contract.ts';
import type { CallIn, CallName, CallOut } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { unpackSubsets } from '../../shared/partitions.ts';
import type { Results } from '../../shared/results.ts';
import { EngineService } from '../../src-main/engine/service.ts';
import { bySuperpixel } from '../../src-main/norms/superpixels.ts';
import { IMAGES, MODEL, ROOT } from '../cli/hairline.ts';
import { family } from '../fuzz/memory.ts';
import { SAMPLE_PLAN } from '../cli/samplePlan.ts';
import { readPng } from '../images/files.ts';

/** The real service with the built worker, in this process: what the engine process holds. */
let root: string;
let service: EngineService;
const events: RunEvent[] = [];

function open(audits = root): EngineService {
  const made = new EngineService({ host: 'test', audits, assets: join(ROOT, 'assets') }, join(ROOT, 'out/main/worker.js'));
  made.listen((event) => events.push(RunEvent.parse(event)));
  return made;
}

/** A call whose answer keeps the contract. */
async function call<N extends CallName>(name: N, input: CallIn<N>, on = service): Promise<CallOut<N>> {
  return CALLS[name].out.parse(await on.call(name, CALLS[name].in.parse(input) as CallIn<N>)) as CallOut<N>;
}

async function until(what: (event: RunEvent) => boolean, from = 0): Promise<void> {
  while (!events.slice(from).some(what)) await sleep(5);
}
const findings = (audit: string) => events.filter((e) => e.type === 'finding' && e.audit === audit).length;
const over = (audit: string, from: number) => until((e) => (e.type === 'finished' || e.type === 'failed') && e.audit === audit, from);
const stateOf = async (audit: string, on = service) => (await call('audits', {}, on)).find((s) => s.audit === audit);
const without = ({ timing: _, ...rest }: Results) => rest;

const PLAN = { ...SAMPLE_PLAN, batch: 2, workers: 2 };

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hairline-service-'));
  service = open();
});
afterAll(async () => {
  await service.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

describe('before an audit', () => {
  it('answers as the contract says', async () => {
    expect((await call('about', {})).providers).toContain('cpu');
    expect((await call('attacks', {})).map((a) => a.id)).toContain('sigma-zero');
    const sample = await call('sample', {});
    expect(sample.model).toBe(MODEL);
    // Several at once: the one worker at the desk takes them in turn.
    const [card, check] = await Promise.all([
      call('inspect', { model: MODEL }),
      call('gradcheck', { model: MODEL, preprocessing: {}, images: [] }),
    ]);
    expect(card).toMatchObject({ classes: 10 });
    expect(check!.ok).toBe(true);
    await expect(call('inspect', { model: join(ROOT, 'README.md') })).rejects.toBeInstanceOf(UserError);
  });

  it('shows images that were loaded, and no others', async () => {
    const { images, total } = await call('images', { paths: [IMAGES], labels: null, offset: 0, limit: 3 });
    expect([images.length, total]).toEqual([3, 60]);
    const png = readPng(await service.picture({ kind: 'image', image: images[0]!.id }));
    expect([png.width, png.height]).toEqual([32, 32]);
    await expect(service.picture({ kind: 'image', image: '../secret' })).rejects.toBeInstanceOf(UserError);
  });

  it('tells what a plan will take, of the model and of its attacks', async () => {
    const pictures = [{ channels: 3, height: 32, width: 32, count: 20 }];
    const cost = await call('estimate', { plan: PLAN, pictures });
    expect(cost.attacks.map(({ threat, attack }) => [threat, attack])).toEqual([
      [0, 'sigma-zero'],
      [1, 'ddn'],
      [2, 'pgd'],
    ]);
    expect(cost.attacks.reduce((n, { passes }) => n + passes, 0)).toBe(cost.passes);
    expect(cost.workers).toBe(2);
    // No less than the model alone would take with all passes forward ones.
    expect(cost.seconds).toBeGreaterThan((cost.passes * cost.forward) / 1000 / 4);
    // Two measurements are never the same to nine places: what was measured is not measured again.
    const again = await call('estimate', { plan: PLAN, pictures: [{ ...pictures[0]!, count: 40 }] });
    expect(again.seconds).toBeCloseTo(2 * cost.seconds, 9);
    await expect(
      call('estimate', { plan: { ...PLAN, threats: [{ norm: 'l2', eps: [1], attacks: [{ id: 'none' }] }] }, pictures }),
    ).rejects.toBeInstanceOf(UserError);
  });

  it('cuts a loaded image as the attacks do', async () => {
    const { images } = await call('images', { paths: [IMAGES], labels: null, offset: 0, limit: 1 });
    const image = images[0]!.id;
    const blocks = await call('partition', { image, choice: { partition: 'block', block: 16 } });
    expect(blocks).toMatchObject({ width: 32, height: 32, count: 4 });
    expect([0, 15, 16, 32 * 16].map((p) => unpackSubsets(blocks.of, 1024)[p])).toEqual([0, 0, 1, 2]);
    const areas = await call('partition', { image, choice: { partition: 'superpixel', superpixels: 20, compactness: 5 } });
    const png = readPng(await service.picture({ kind: 'image', image }));
    const planes = Float32Array.from({ length: 3 * 1024 }, (_, j) => png.data[3 * (j % 1024) + Math.floor(j / 1024)]! / 255);
    const own = bySuperpixel({ channels: 3, width: 32, height: 32 }, planes, 20, 5);
    expect(areas.count).toBe(own.count);
    expect(unpackSubsets(areas.of, 1024)).toEqual(own.of.slice(0, 1024));
    await expect(call('partition', { image: 'absent', choice: {} })).rejects.toBeInstanceOf(UserError);
  });
});

describe('an audit in the engine', () => {
  let whole: Results;
  let first: string;

  it('tells nothing while paused, and goes on when resumed', { timeout: 90_000 }, async () => {
    const from = events.length;
    const { audit } = await call('start', { plan: PLAN });
    first = audit;
    await until((e) => e.type === 'finding', from);
    await call('pause', { audit });
    // Workers come to rest between two queries; what they had just finished may still arrive.
    await sleep(300);
    const before = findings(audit);
    await sleep(1000);
    expect(findings(audit)).toBe(before);
    expect(before).toBeLessThan(36);
    expect(await stateOf(audit)).toMatchObject({ state: 'paused' });

    await call('resume', { audit });
    await over(audit, from);
    expect(await stateOf(audit)).toMatchObject({ state: 'finished', done: 36, total: 36 });
    whole = await call('results', { audit });
    expect(findings(audit)).toBe(whole.findings.length);
  });

  it('is cancelled while paused, exports what is done, and is taken up again to the same results', { timeout: 90_000 }, async () => {
    let from = events.length;
    const { audit } = await call('start', { plan: PLAN });
    expect(audit).not.toBe(first);
    await until((e) => e.type === 'finding', from);
    await call('pause', { audit });
    await sleep(100);
    const began = performance.now();
    await call('cancel', { audit });
    await over(audit, from);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(await stateOf(audit)).toMatchObject({ state: 'cancelled', message: 'Cancelled' });
    const part = await call('results', { audit });
    expect(part.findings.length).toBeLessThan(36);
    expect(part.images.some((i) => i.outcomes.some((o) => o.state === 'unfinished'))).toBe(true);

    // The PDF is made when it is wanted.
    const folder = (await stateOf(audit))!.folder;
    expect(existsSync(join(folder, 'report.pdf'))).toBe(false);
    const { file } = await call('export', { audit, format: 'pdf' });
    expect(readFileSync(file).subarray(0, 5).toString()).toBe('%PDF-');

    // Another engine finds it cancelled, although it has results, and the first one finished.
    const later = open();
    expect(await stateOf(audit, later)).toMatchObject({ state: 'cancelled', done: part.findings.length, total: 36 });
    expect(await stateOf(first, later)).toMatchObject({ state: 'finished', done: 36, total: 36, name: 'Twelve signs' });
    from = events.length;
    await call('resume', { audit }, later);
    await over(audit, from);
    expect(without(await call('results', { audit }, later))).toEqual(without(whole));
    await later.close();
  });

  it.runIf(process.platform === 'linux')(
    'outlives the crash of its workers: says so, still answers, and goes on to the same results',
    { timeout: 90_000 },
    async () => {
      let from = events.length;
      const { audit } = await call('start', { plan: PLAN });
      await until((e) => e.type === 'finding', from);
      // The only process with a number of threads to start.
      const pool = family([process.pid]).find((pid) =>
        /child\.js\0[^\0]*worker\.js\0\d/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
      )!;
      process.kill(pool, 'SIGKILL');
      await over(audit, from);
      expect(await stateOf(audit)).toMatchObject({ state: 'crashed', message: 'signal SIGKILL' });
      expect(events.at(-1)).toMatchObject({
        type: 'failed',
        audit,
        message: expect.stringContaining('can be resumed (signal SIGKILL)') as string,
      });
      // Whoever was not there finds it interrupted.
      const later = open();
      expect(await stateOf(audit, later)).toMatchObject({ state: 'interrupted' });
      await later.close();
      from = events.length;
      await call('resume', { audit });
      await over(audit, from);
      expect(without(await call('results', { audit }))).toEqual(without(whole));
    },
  );

  it('gives its pictures, and nothing outside its folder', async () => {
    const broken = whole.findings.find((f) => f.state === 'broken')!;
    const at = { audit: first, image: broken.image, threat: broken.threat, attack: broken.attack };
    const clean = readPng(await service.picture({ kind: 'clean', audit: first, image: broken.image }));
    const adversarial = readPng(await service.picture({ kind: 'adversarial', ...at }));
    expect(clean.data.filter((level, i) => level !== adversarial.data[i])).toHaveLength(broken.eightBit!.l0);
    expect((await service.picture({ kind: 'difference', ...at })).length).toBeGreaterThan(50);
    for (const image of ['../journal', '../../../etc/passwd', 'absent', ''])
      await expect(service.picture({ kind: 'clean', audit: first, image })).rejects.toBeInstanceOf(UserError);
    await expect(service.picture({ kind: 'adversarial', ...at, attack: '../../x' })).rejects.toBeInstanceOf(UserError);
    await expect(service.picture({ kind: 'adversarial', ...at, threat: 9 })).rejects.toBeInstanceOf(UserError);
  });

  it('does not pause, cancel or show what is not there or over', async () => {
    for (const name of ['pause', 'cancel'] as const) {
      await expect(call(name, { audit: first })).rejects.toThrow('This audit is not running.');
      await expect(call(name, { audit: 'absent' })).rejects.toBeInstanceOf(UserError);
    }
    expect(await stateOf(first)).toMatchObject({ state: 'finished', message: 'Finished' });
    await expect(call('results', { audit: 'absent' })).rejects.toBeInstanceOf(UserError);
    await expect(call('export', { audit: 'absent', format: 'csv' })).rejects.toBeInstanceOf(UserError);
  });

  it('fails as the user’s mistake where the folder holds another audit, and leaves that one alone', async () => {
    const folder = join(root, 'held');
    cpSync((await stateOf(first))!.folder, folder, { recursive: true });
    const before = readFileSync(join(folder, 'journal.jsonl'), 'utf8');
    const from = events.length;
    const { audit } = await call('start', { plan: { ...PLAN, seed: 9 }, folder });
    await over(audit, from);
    expect(events.at(-1)).toMatchObject({
      type: 'failed',
      user: true,
      message: expect.stringContaining('already holds an audit') as string,
    });
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toBe(before);
  });

  it('takes several started at once, each in a folder of its own, and closes in order', { timeout: 60_000 }, async () => {
    const from = events.length;
    const [one, two] = await Promise.all([call('start', { plan: PLAN }), call('start', { plan: PLAN })]);
    expect(one.audit).not.toBe(two.audit);
    await until((e) => e.type === 'status' && e.status.audit === two.audit, from);
    await service.close();
    for (const { audit } of [one, two]) expect(await stateOf(audit)).toMatchObject({ state: 'interrupted', message: 'Interrupted' });
  });
});
