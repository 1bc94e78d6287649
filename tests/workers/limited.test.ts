import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cancelled, UserError } from '../../shared/errors.ts';
import type { TaskName } from '../../src-main/workers/tasks.ts';
import { LimitedProcess } from '../../src-main/workers/limited.ts';
import { limitsOf } from '../../src-main/workers/limits.ts';
import { alive, MODEL, ROOT } from '../cli/hairline.ts';

/** Real processes whose tasks are a few lines of JavaScript. */
const CODE = `
import { parentPort, workerData } from 'node:worker_threads';
const flag = new Int32Array(workerData.shared);
const act = {
  process: () => process.pid,
  echo: ({ value }) => value,
  async grow() {
    const kept = [];
    for (;;) {
      kept.push(Buffer.alloc(16 * 2 ** 20, 1));
      await new Promise((next) => setTimeout(next, 5));
    }
  },
  spin: () => { for (;;); },
  crash: () => process.kill(process.pid, 'SIGSEGV'),
  heed: async () => {
    while (Atomics.load(flag, 0) !== 2) await new Promise((next) => setTimeout(next, 2));
    throw 'cancelled';
  },
};
parentPort.on('message', async ({ id, name, input }) => {
  if (name === 'weigh') return parentPort.postMessage({ id, ok: true, value: { bytes: 0 } });
  try {
    parentPort.postMessage({ id, ok: true, value: await act[input.do](input) });
  } catch (kind) {
    parentPort.postMessage({ id, ok: false, kind, message: String(kind) });
  }
});
parentPort.postMessage({ ready: true });
`;
const CHILD = join(ROOT, 'out/main/child.js');

let folder: string;
let worker: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-limited-'));
  worker = join(folder, 'worker.mjs');
  writeFileSync(worker, CODE);
});
const open: LimitedProcess[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  delete process.env['HAIRLINE_LIMIT_GB'];
  delete process.env['HAIRLINE_LIMIT_SECONDS'];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(grace?: number): (input: unknown, name?: TaskName) => Promise<unknown> {
  const limited = new LimitedProcess(CHILD, { ...(worker && { worker }), ...(grace && { grace }) });
  open.push(limited);
  return (input, name = 'measure') => limited.run(name, input as never);
}
const gone = async (pid: number) => {
  while (alive(pid)) await sleep(5);
};

describe('a process with limits', () => {
  it('does its tasks in order and in one process; bytes travel whole', async () => {
    const run = start();
    const value = Uint8Array.from({ length: 5_000_000 }, (_, i) => i % 251);
    const [first, echo, second] = await Promise.all([run({ do: 'process' }), run({ do: 'echo', value }), run({ do: 'process' })]);
    expect(first).toBe(second);
    expect(first).not.toBe(process.pid);
    expect(Buffer.compare(echo as Uint8Array, value)).toBe(0);
  });

  it('ends with a task that takes more memory than it may, says so, and starts anew', async () => {
    const run = start();
    process.env['HAIRLINE_LIMIT_GB'] = '0.4';
    const pid = (await run({ do: 'process' })) as number;
    const error: unknown = await run({ do: 'grow', model: '/models/greedy.onnx' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(/^greedy\.onnx took more than 0\.4 GB of memory and was stopped: .*--limit-memory.*\.$/);
    await gone(pid);
    expect(await run({ do: 'process' })).not.toBe(pid);
  });

  it('ends with a task that takes longer than it may: loading gets what is asked for, checking ten times as much', async () => {
    const run = start();
    // The limits are those of a task, and the start of the process is part of its first; a machine at work may need seconds for it.
    process.env['HAIRLINE_LIMIT_SECONDS'] = '5';
    await expect(run({ do: 'spin', model: 'm.onnx' }, 'inspect')).rejects.toThrow('m.onnx was not through after 5 s and was stopped');
    await run({ do: 'echo', value: 1 });
    process.env['HAIRLINE_LIMIT_SECONDS'] = '0.2';
    await expect(run({ do: 'spin', model: 'm.onnx' }, 'prepare')).rejects.toThrow('m.onnx was not through after 2 s and was stopped');
    process.env['HAIRLINE_LIMIT_SECONDS'] = '60';
    expect(await run({ do: 'echo', value: 7 })).toBe(7);
  });

  it('outlives a model that crashes the process', async () => {
    const run = start();
    const lost = run({ do: 'crash', model: 'm.onnx' });
    const next = run({ do: 'echo', value: 7 });
    await expect(lost).rejects.toThrow('m.onnx made the process that worked on it crash (SIGSEGV');
    await expect(lost).rejects.toBeInstanceOf(UserError);
    expect(await next).toBe(7);
  });

  it('cancels: between two queries where the task looks, else by ending the process', async () => {
    const run = start(200);
    const pid = await run({ do: 'process' });
    const heeding = run({ do: 'heed' });
    await sleep(50);
    open[0]!.cancel();
    await expect(heeding).rejects.toBeInstanceOf(Cancelled);
    expect(await run({ do: 'process' })).toBe(pid);
    const deaf = run({ do: 'spin' });
    const waiting = run({ do: 'echo', value: 1 });
    const fates = Promise.all([deaf, waiting].map((one) => expect(one).rejects.toBeInstanceOf(Cancelled)));
    await sleep(50);
    open[0]!.cancel();
    await fates;
    expect(await run({ do: 'process' })).not.toBe(pid);
  });

  it('is gone when it is closed, and when whoever started it is killed', async () => {
    const run = start();
    const pid = (await run({ do: 'process' })) as number;
    const deaf = run({ do: 'spin' });
    open[0]!.close();
    await expect(deaf).rejects.toBeInstanceOf(Cancelled);
    await gone(pid);
    const host = join(folder, 'host.mjs');
    writeFileSync(
      host,
      `import { fork } from 'node:child_process'; process.send(fork(${JSON.stringify(CHILD)}, [${JSON.stringify(worker)}], { serialization: 'advanced' }).pid); setInterval(() => {}, 1000);`,
    );
    const parent = fork(host, { env: { ...process.env } });
    const [grandchild] = (await once(parent, 'message')) as [number];
    expect(alive(grandchild)).toBe(true);
    parent.kill('SIGKILL');
    await gone(grandchild);
  });

  it('works on real models with the built worker', async () => {
    const limited = new LimitedProcess(CHILD);
    open.push(limited);
    expect((await limited.run('inspect', { model: MODEL })).classes).toBe(10);
    const weight = await limited.run('weigh', { model: MODEL });
    expect(weight.bytes).toBeGreaterThan(1000);
    await expect(limited.run('inspect', { model: join(folder, 'none.onnx') })).rejects.toThrow('none.onnx cannot be read');
  });
});

describe('limits', () => {
  it('grow with the weights, are the machine’s half for checks, and are told by the environment', () => {
    expect(limitsOf('inspect', 0, {})).toEqual({ seconds: 120, bytes: 4 * 2 ** 30 });
    expect(limitsOf('inspect', 1e9, {}).bytes).toBe(4 * 2 ** 30 + 3e9);
    expect(limitsOf('prepare', 0, {}).seconds).toBe(1200);
    expect(limitsOf('prepare', 1e12, {}).bytes).toBe(4 * 2 ** 30 + 3e12);
    for (const watched of ['probe', 'gradcheck'] as const) expect(limitsOf(watched, 0, {}).seconds).toBe(Infinity);
    expect(limitsOf('prepare', 5e9, { HAIRLINE_LIMIT_GB: '2.5', HAIRLINE_LIMIT_SECONDS: '7' })).toEqual({ seconds: 70, bytes: 2.5e9 });
    expect(() => limitsOf('load', 0, { HAIRLINE_LIMIT_GB: 'all' })).toThrow('HAIRLINE_LIMIT_GB takes a number above 0, not all.');
  });
});
