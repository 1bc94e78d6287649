import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Cancelled, UserError } from '../../shared/errors.ts';
import type { TaskName } from '../../src-main/workers/tasks.ts';
import { CANCEL, GO, PAUSE, sharedGate, Switch } from '../../src-main/workers/gate.ts';
import { Pool } from '../../src-main/workers/pool.ts';
import { ROOT } from '../cli/hairline.ts';

/** Real threads whose tasks are a few lines of JavaScript; what they do is in the task's input. */
const CODE = `
import { parentPort, threadId, workerData } from 'node:worker_threads';
const flag = new Int32Array(workerData.shared);
const act = {
  answer: ({ value }) => value,
  thread: () => threadId,
  nap: ({ ms }) => new Promise((done) => setTimeout(() => done(threadId), ms)),
  flag: () => Atomics.load(flag, 0),
  die: () => { setTimeout(() => { throw new Error('a bug in the thread'); }); return new Promise(() => {}); },
  leave: () => { process.exit(0); },
};
parentPort.on('message', async ({ id, input }) => {
  if (input.fail) return parentPort.postMessage({ id, ok: false, kind: input.fail, message: 'so it is' });
  parentPort.postMessage({ id, ok: true, value: await act[input.do](input) });
});
parentPort.postMessage({ ready: true });
`;

let folder: string;
let entry: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-pool-'));
  entry = join(folder, 'worker.mjs');
  writeFileSync(entry, CODE);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pools: Pool[] = [];
afterAll(() => Promise.all(pools.map((pool) => pool.close())));
async function start(size: number, shared = new Switch().shared): Promise<(input: unknown) => Promise<unknown>> {
  const pool = await Pool.start(entry, size, shared);
  pools.push(pool);
  return (input) => pool.run('job' as TaskName, input as never);
}

describe('Pool', () => {
  it('gives every task its own answer, over all threads, however many there are', async () => {
    const run = await start(2);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, value) => run({ do: 'answer', value })));
    expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => i));
    const threads = await Promise.all(Array.from({ length: 4 }, () => run({ do: 'nap', ms: 30 })));
    expect(new Set(threads).size).toBe(2);
  });

  it('tells a cancel, a mistake of the user and a fault apart, and works on after each', async () => {
    const run = await start(1);
    await expect(run({ fail: 'cancelled' })).rejects.toBeInstanceOf(Cancelled);
    await expect(run({ fail: 'user' })).rejects.toThrow(UserError);
    const fault: unknown = await run({ fail: 'fault' }).catch((error: unknown) => error);
    expect(fault).not.toBeInstanceOf(UserError);
    expect((fault as Error).message).toBe('so it is');
    expect(await run({ do: 'answer', value: 7 })).toBe(7);
  });

  it('carries the shared switch into the threads', async () => {
    const gate = new Switch();
    const run = await start(1, gate.shared);
    expect(await run({ do: 'flag' })).toBe(GO);
    gate.set(PAUSE);
    expect(await run({ do: 'flag' })).toBe(PAUSE);
  });

  it.each(['die', 'leave'])('rejects every task when a thread fails (%s), and says that it is no longer alive', async (what) => {
    const pool = await Pool.start(entry, 2, new Switch().shared);
    const run = (input: unknown) => pool.run('job' as TaskName, input as never);
    const tasks = [run({ do: 'nap', ms: 60_000 }), run({ do: what }), run({ do: 'answer', value: 1 })];
    for (const task of tasks) await expect(task).rejects.toThrow(/a bug in the thread|ended with code 0/);
    expect(pool.alive).toBe(false);
    await expect(run({ do: 'answer', value: 1 })).rejects.toThrow();
    await pool.close();
  });

  it('starts no further thread once the run is cancelled', async () => {
    const gate = new Switch();
    const counted = join(folder, 'counted.mjs');
    const log = join(folder, 'started');
    writeFileSync(counted, `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(log)}, 'x'); ${CODE}`);
    const starting = Pool.start(counted, 100_000, gate.shared);
    await vi.waitUntil(() => existsSync(log));
    gate.cancel();
    await expect(starting).rejects.toBeInstanceOf(Cancelled);
    expect(readFileSync(log, 'utf8').length).toBeLessThan(100);
  });

  it('says why when a thread does not start', async () => {
    const broken = join(folder, 'broken.mjs');
    writeFileSync(broken, 'throw new Error("no library");');
    await expect(Pool.start(broken, 1, new Switch().shared)).rejects.toThrow('no library');
    writeFileSync(broken, 'process.exit(3);');
    await expect(Pool.start(broken, 1, new Switch().shared)).rejects.toThrow('ended with code 3');
    await expect(Pool.start(join(folder, 'absent.mjs'), 1, new Switch().shared)).rejects.toThrow(/absent\.mjs/);
  });

  it('lets a task at work end when it is closed, and gives up those that wait', async () => {
    const pool = await Pool.start(entry, 1, new Switch().shared);
    const run = (input: unknown) => pool.run('job' as TaskName, input as never);
    const atWork = run({ do: 'nap', ms: 100 });
    const waiting = expect(run({ do: 'thread' })).rejects.toThrow('The workers were closed.');
    await pool.close();
    await waiting;
    expect(await atWork).toEqual(expect.any(Number));
    await expect(run({ do: 'thread' })).rejects.toThrow('The workers were closed.');
  });
});

describe('the switch', () => {
  it('stays cancelled', () => {
    const gate = new Switch();
    gate.set(PAUSE);
    expect([gate.paused, gate.cancelled]).toEqual([true, false]);
    gate.set(GO);
    expect([gate.paused, gate.cancelled]).toEqual([false, false]);
    gate.cancel();
    gate.set(GO);
    gate.set(PAUSE);
    expect([gate.paused, gate.cancelled]).toEqual([false, true]);
  });

  it('tells those who wait that it was cancelled, and is quiet when nobody does', async () => {
    const gate = new Switch();
    const waiting = expect(gate.cancellation).rejects.toBeInstanceOf(Cancelled);
    gate.cancel();
    await waiting;
    new Switch().cancel();
    await sleep(5);
  });

  it('throws Cancelled at the gate, and lets pass otherwise', () => {
    const gate = new Switch();
    const { check } = sharedGate(gate.shared);
    expect(check()).toBeUndefined();
    gate.set(CANCEL);
    expect(check).toThrow(Cancelled);
  });
});

/** How many threads of this process let others go first: the 19th field of a thread's line is its nice value. */
const polite = (): number =>
  readdirSync('/proc/self/task').filter(
    (id) => Number(readFileSync(`/proc/self/task/${id}/stat`, 'utf8').split(') ')[1]!.split(' ')[16]) === 10,
  ).length;

it.skipIf(process.platform !== 'linux')('lets others go first in the threads of an audit, and in no others (Linux)', async () => {
  const before = polite();
  const open = (background: boolean) => Pool.start(join(ROOT, 'out/main/worker.js'), 2, new Switch().shared, background);
  pools.push(await open(false));
  expect(polite()).toBe(before);
  pools.push(await open(true));
  expect(polite()).toBe(before + 2);
});
