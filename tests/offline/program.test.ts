import { readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AuditPlan } from '../../shared/plan.ts';
import { BIN, IMAGES, MODEL, said, scratch } from '../cli/hairline.ts';
import type { Running } from '../cli/hairline.ts';
import { SAMPLE_PLAN } from '../cli/samplePlan.ts';
import { Visitor } from '../web/visitor.ts';
import { AUDIT, INSTALLATION, Run, TEMPORARY, violations } from './run.ts';
import { lacking } from './strace.ts';

/**
 * Nothing leaves the machine, and nothing leaves its folder: what the program asks of the system, as strace sees it. The checks
 * are those of the last test, which finds what onnxruntime does when nobody stops it.
 */
const why = lacking();
it.runIf(process.env['CI'] && process.platform === 'linux')('strace is there, in CI', () => expect(why).toBeNull());

const folder = scratch();
const hairline = (...args: string[]): string[] => [process.execPath, BIN, ...args];
const NOTHING: [] = [];
/** Where every run may write. */
const own = (run: Run): [string, RegExp][] => [
  [run.at('data/hairline'), INSTALLATION],
  [run.at('tmp'), TEMPORARY],
];

describe.skipIf(why !== null)(`under strace${why ? ` (skipped: ${why})` : ''}`, () => {
  it('inspect writes nothing and speaks to nobody', async () => {
    const run = new Run(folder);
    const { code, err } = await run.start(hairline('inspect', MODEL)).ended;
    expect(code, err).toBe(0);
    const deeds = run.deeds();
    expect(deeds.read, 'the log tells of this run').toContain(MODEL);
    expect(violations(deeds, own(run))).toEqual(NOTHING);
    expect(run.left()).toEqual(NOTHING);
  });

  it('an audit with its report writes its own files in its folder, and the engine is seen as well', async () => {
    const run = new Run(folder);
    const out = run.at('audit');
    const { code, err } = await run.start(
      hairline(
        'audit',
        '--model',
        MODEL,
        '--images',
        join(IMAGES, 'star'),
        '--limit',
        '2',
        '--norm',
        'linf,l2',
        '--steps',
        '4',
        '--workers',
        '2',
        '--out',
        out,
      ),
    ).ended;
    expect(code, err).toBe(0);
    const deeds = run.deeds();
    expect(
      deeds.started.some((words) => words.includes('engine.js')),
      'the engine is another process',
    ).toBe(true);
    expect(deeds.written).toContain(join(out, 'journal.jsonl'));
    expect([...deeds.written].some((path) => path.startsWith(join(out, 'report.pdf')))).toBe(true);
    expect(violations(deeds, [[out, AUDIT], ...own(run)])).toEqual(NOTHING);
    expect(run.left()).toEqual(NOTHING);
  });

  it('a served window with its page, an inspection and an audit keeps to its data folder and to loopback', async () => {
    const run = new Run(folder);
    const data = run.at('hairline');
    const server = run.start(hairline('serve', '--json', '--data', data));
    await said(server, '\n');
    const visitor = new Visitor((JSON.parse(server.out()) as { url: string }).url);
    await visitor.enter();
    expect((await visitor.ask('/')).body.toString()).toContain('<div id="app">');
    await visitor.connect();
    await visitor.call('inspect', { model: MODEL });
    const over = new Promise((done) => visitor.listen((event) => (event.type === 'finished' || event.type === 'failed') && done(event)));
    await visitor.call('start', {
      plan: AuditPlan.parse({ ...SAMPLE_PLAN, limit: 2, threats: [{ norm: 'linf', eps: [8 / 255], attacks: [{ id: 'fgsm' }] }] }),
    });
    expect(await over).toMatchObject({ type: 'finished' });
    visitor.leave();
    kill(server);
    const { code, err } = await server.ended;
    expect(code, err).toBe(0);
    const deeds = run.deeds();
    const known = new RegExp(`^(audits(/[\\w-]+(/(?:${AUDIT.source.slice(1, -1)}))?)?|imports(/.*)?|)$`);
    expect([...deeds.written].some((path) => path.startsWith(join(data, 'audits')) && path.endsWith('journal.jsonl'))).toBe(true);
    expect(violations(deeds, [[data, known], ...own(run)])).toEqual(NOTHING);
    expect(run.left()).toEqual(NOTHING);
  });

  it('the same checks find what onnxruntime does where the variable is not set', { timeout: 90_000 }, async () => {
    const run = new Run(folder);
    // Outside of the fresh folders, as the library of any other program.
    symlinkSync(
      createRequire(import.meta.url)
        .resolve('onnxruntime-node')
        .replace(/(.*node_modules)\/.*/, '$1'),
      run.at('node_modules'),
    );
    const code = `const ort = require('onnxruntime-node'); ort.InferenceSession.create(${JSON.stringify(MODEL)}).then(() => setInterval(() => {}, 1000))`;
    const running = run.start(
      ['sh', '-c', 'cd "$1" && exec "$2" -e "$3"', 'sh', run.folder, process.execPath, code],
      ['ORT_DISABLE_TELEMETRY'],
    );
    // It looks up its server some ten seconds after it was loaded; what it reads and writes it does at once.
    for (let tries = 0; tries < 60 && run.deeds().spoken.size === 0 && running.child.exitCode === null; tries++) await sleep(500);
    kill(running);
    await running.ended;
    const found = violations(run.deeds(), []);
    expect(found.filter((words) => words.startsWith('read: /etc/machine-id'))).toHaveLength(1);
    expect(found.filter((words) => /^wrote: .*onnxruntime\.db/.test(words)).length).toBeGreaterThan(0);
    expect(run.left().length).toBeGreaterThan(0);
  });
});

/** strace has the process as its child, and gives no signal on. */
function kill({ child }: Running): void {
  for (const pid of readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' '))
    process.kill(Number(pid), 'SIGTERM');
}
