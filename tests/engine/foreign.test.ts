import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { CALLS } from '../../shared/contract.ts';
import type { CallIn, CallName, CallOut, RunEvent } from '../../shared/contract.ts';
import type { Results } from '../../shared/results.ts';
import { EngineService } from '../../src-main/engine/service.ts';
import { IMAGES, ROOT, SAMPLES } from '../cli/hairline.ts';

/** What the window asks of an audit's folder that somebody else sent: the real service, and a network that puts out pictures. */
const MODEL = join(SAMPLES, 'autoencoder.onnx');
const THREAT = {
  norm: 'linf',
  eps: [16 / 255],
  goal: { kind: 'deviation', psnr: 25 },
  attacks: [{ id: 'pgd', options: { steps: 5 } }],
} as const;
const PLAN: CallIn<'start'>['plan'] = {
  model: MODEL,
  preprocessing: {},
  images: [IMAGES],
  limit: 2,
  threats: [{ ...THREAT, eps: [...THREAT.eps], attacks: [...THREAT.attacks] }],
  workers: 1,
};
const root = mkdtempSync(join(tmpdir(), 'hairline-foreign-'));
const audits = join(root, 'audits');
const whole = join(audits, 'whole');
const events: RunEvent[] = [];
let service: EngineService;
let results: Results;
let audit = '';
let folder: string;
let n = 0;

async function call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
  return CALLS[name].out.parse(await service.call(name, CALLS[name].in.parse(input) as CallIn<N>)) as CallOut<N>;
}
async function over(id: string): Promise<RunEvent> {
  for (;;) {
    const end = events.find((e) => (e.type === 'finished' || e.type === 'failed') && e.audit === id);
    if (end) return end;
    await sleep(10);
  }
}
const refused = (work: Promise<unknown>, says: RegExp) =>
  expect(work).rejects.toThrow(expect.objectContaining({ name: 'UserError', message: expect.stringMatching(says) as string }) as Error);
const tree = (at: string) =>
  readdirSync(at, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => `${name} ${statSync(join(at, name)).mtimeMs}`);

beforeAll(async () => {
  service = new EngineService(
    { host: 'test', audits, assets: join(ROOT, 'assets'), data: join(root, 'data') },
    join(ROOT, 'out/main/worker.js'),
  );
  service.listen((event) => events.push(event));
  const { audit: id } = await call('start', { plan: PLAN, folder: whole });
  expect(await over(id)).toMatchObject({ type: 'finished' });
  results = await call('results', { audit: id });
  expect(results.findings[0]!.state).toBe('broken');
}, 120_000);
afterAll(async () => {
  await service.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});
beforeEach(() => {
  audit = `copy ${++n}`;
  folder = join(audits, audit);
  cpSync(whole, folder, { recursive: true });
});

function edit(name: string, change: (json: never) => void): void {
  const json = JSON.parse(readFileSync(join(folder, name), 'utf8')) as never;
  change(json);
  writeFileSync(join(folder, name), JSON.stringify(json));
}
const change = () => ({ audit, image: results.images[0]!.id, threat: 0, attack: 'pgd' });

it('noise is made for an own audit that was copied, and for another one of the model that is loaded', { timeout: 60_000 }, async () => {
  const { output } = await call('noiseOutput', change());
  expect(
    readdirSync(join(folder, 'noise-output'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png')),
  ).toHaveLength(1);
  edit('audit.hairline', (mark: { seal?: string }) => delete mark.seal);
  await refused(call('noiseOutput', change()), /begun elsewhere/);
  expect((await call('noiseOutput', { ...change(), files: { model: MODEL } })).output).toEqual(output);
  await refused(call('noiseOutput', { ...change(), files: { model: join(SAMPLES, 'signs.onnx') } }), /is not the model/);
  // Several at a time are made one after the other, not refused.
  await Promise.all([1, 2, 3].map(() => call('noiseOutput', { ...change(), files: { model: MODEL } })));
  expect(readdirSync(folder).filter((name) => name.includes('lock'))).toEqual([]);
});

it('an id that leads out makes no picture there, and shows none', async () => {
  const before = tree(root);
  for (const file of ['results.json', 'journal.jsonl'] as const) {
    const text = readFileSync(join(folder, file), 'utf8').replaceAll(results.images[0]!.id, '../../../../gotcha');
    writeFileSync(join(folder, file), text);
  }
  const image = '../../../../gotcha';
  await refused(call('noiseOutput', { ...change(), image }), /results\.json is damaged/);
  await refused(call('results', { audit }), /results\.json is damaged/);
  await refused(call('progress', { audit }), /Line \d+ of .* is damaged/);
  for (const kind of ['clean', 'clean-output'] as const) await refused(service.picture({ kind, audit, image }), /no name of a file inside/);
  for (const kind of ['adversarial', 'difference', 'output', 'noise-output'] as const)
    await refused(
      service.picture({ kind, audit, image: results.images[0]!.id, threat: 0, attack: '../../../whole/clean' }),
      /no name of a file inside/,
    );
  expect(tree(root).filter((line) => !line.startsWith(`audits/${audit}`))).toEqual(
    before.filter((line) => !line.startsWith(`audits/${audit}`)),
  );
});

it.runIf(process.platform !== 'win32')('links and pipes are told, by every call that comes upon them', async () => {
  const image = results.images[0]!.id;
  renameSync(join(folder, 'clean'), join(root, `clean ${n}`));
  symlinkSync(join(root, `clean ${n}`), join(folder, 'clean'));
  rmSync(join(folder, 'report.pdf'));
  symlinkSync(join(whole, 'report.pdf'), join(folder, 'report.pdf'));
  await refused(service.picture({ kind: 'clean', audit, image }), /is a link/);
  await refused(call('export', { audit, format: 'pdf' }), /is a link/);
  await refused(call('noiseOutput', change()), /is a link/);
  for (const name of ['plan.json', 'results.json', 'journal.jsonl']) {
    rmSync(join(folder, name));
    execFileSync('mkfifo', [join(folder, name)]);
  }
  await refused(call('progress', { audit }), /is a pipe/);
  await refused(call('results', { audit }), /is a pipe/);
  await refused(call('resume', { audit }), /is a pipe/);
  await refused(call('open', { file: join(folder, 'audit.hairline') }), /is a pipe/);
  expect((await call('audits', {})).find((one) => one.audit === audit)).toMatchObject({ state: 'interrupted', total: 0 });
});

it("a model is opened for a map where the window has opened it, or the plan is this installation's", { timeout: 60_000 }, async () => {
  const request = (model: string): CallIn<'map'> => ({
    model,
    preprocessing: {},
    input: null,
    fixed: {},
    output: null,
    image: { kind: 'clean', audit, image: results.images[0]!.id },
    epsilon: 0.1,
    partition: { partition: 'block', block: 16 },
    tries: 0,
  });
  expect((await call('map', request(MODEL))).subsets).toBe(4);
  const other = join(root, 'same.onnx');
  cpSync(MODEL, other);
  await refused(call('map', request(other)), /begun elsewhere/);
  edit('audit.hairline', (mark: { seal: string }) => (mark.seal = mark.seal.replace(/./g, '0')));
  await refused(call('map', request(MODEL)), /begun elsewhere/);
  await call('inspect', { model: other });
  expect((await call('map', request(other))).subsets).toBe(4);
});

it('another audit is taken up with what is loaded, and not without', { timeout: 60_000 }, async () => {
  edit('plan.json', (plan: { model: string; images: string[] }) => ([plan.model, plan.images] = ['/dev/zero', ['/dev/zero']]));
  await refused(
    call('resume', { audit }),
    /begun elsewhere, so no file that it names is opened: name them yourself \(--model, --images\), or in the window load them/,
  );
  // Other paths are another plan than the journal's.
  await call('resume', { audit, files: { model: MODEL, images: [IMAGES] } });
  expect(await over(audit)).toMatchObject({ type: 'failed', user: true, message: expect.stringContaining('another plan') as string });
  cpSync(join(whole, 'plan.json'), join(folder, 'plan.json'));
  events.length = 0;
  edit('audit.hairline', (mark: { seal?: string }) => delete mark.seal);
  await refused(call('resume', { audit }), /begun elsewhere/);
  await call('resume', { audit, files: { model: MODEL, images: [IMAGES] } });
  expect(await over(audit)).toMatchObject({ type: 'finished' });
  const { timing: _, ...rest } = await call('results', { audit });
  expect(rest).toEqual((({ timing: __, ...same }) => same)(results));
});

it('two runs of one folder do not both write it, in one engine as well', { timeout: 60_000 }, async () => {
  const other = new EngineService(
    { host: 'test', audits: join(root, 'other'), assets: join(ROOT, 'assets'), data: join(root, 'data') },
    join(ROOT, 'out/main/worker.js'),
  );
  const ends: RunEvent[] = [];
  for (const one of [service, other])
    one.listen((event) => void ((event.type === 'finished' || event.type === 'failed') && ends.push(event)));
  const at = join(root, 'both');
  await Promise.all([service.call('start', { plan: PLAN, folder: at }), other.call('start', { plan: { ...PLAN, seed: 5 }, folder: at })]);
  while (ends.length < 2) await sleep(10);
  expect(ends.map(({ type }) => type).sort()).toEqual(['failed', 'finished']);
  expect(ends.find(({ type }) => type === 'failed')).toMatchObject({
    user: true,
    message: expect.stringMatching(/Another Hairline is writing|already holds/) as string,
  });
  await other.close();
});
