import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Cancelled, UserError } from '../../shared/errors.ts';
import type { TaskName } from '../../src-main/workers/tasks.ts';
import { CANCEL } from '../../src-main/workers/gate.ts';
import { LimitedProcess } from '../../src-main/workers/limited.ts';
import { LatestOnly } from '../../src-main/workers/latestOnly.ts';
import { ROOT } from '../cli/hairline.ts';

/** A real process; a task that lasts asks the flag as an attack does between two queries. */
const CODE = `
import { parentPort, workerData } from 'node:worker_threads';
const flag = new Int32Array(workerData.shared);
const nap = () => new Promise((done) => setTimeout(done, 2));
let done = 0;
const act = {
  answer: ({ value }) => value,
  process: () => process.pid,
  count: () => done,
  async last({ queries }) {
    for (let i = 0; i < queries; i++) {
      if (Atomics.load(flag, 0) === ${CANCEL}) throw 'cancelled';
      done++;
      await nap();
    }
    return 'through';
  },
  die: () => process.exit(1),
};
parentPort.on('message', async ({ id, input }) => {
  if (input.do === 'fail') return parentPort.postMessage({ id, ok: false, kind: 'user', message: 'so it is' });
  try {
    parentPort.postMessage({ id, ok: true, value: await act[input.do](input) });
  } catch (kind) {
    parentPort.postMessage({ id, ok: false, kind, message: String(kind) });
  }
});
parentPort.postMessage({ ready: true });
`;

let folder: string;
let live: LatestOnly;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-live-'));
  writeFileSync(join(folder, 'worker.mjs'), CODE);
  live = new LatestOnly(new LimitedProcess(join(ROOT, 'out/main/child.js'), { worker: join(folder, 'worker.mjs') }));
});
afterEach(() => live.rest());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (input: unknown): Promise<unknown> => live.run('job' as TaskName, input as never);
const fate = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => (error instanceof Cancelled ? 'cancelled' : error));

it('stops the one at work for a newer one, and answers none but the newest', async () => {
  const first = fate(run({ do: 'last', queries: 100_000 }));
  await run({ do: 'process' });
  expect(await first).toBe('cancelled');
  const all = [1, 2, 3, 4].map((value) => fate(run({ do: 'answer', value })));
  expect(await Promise.all(all)).toEqual(['cancelled', 'cancelled', 'cancelled', 4]);
});

it('stops it between two queries, not at the end', async () => {
  await run({ do: 'process' });
  const long = fate(run({ do: 'last', queries: 100_000 }));
  await new Promise((wait) => setTimeout(wait, 60));
  const queries = await run({ do: 'count' });
  expect(await long).toBe('cancelled');
  expect(queries).toBeGreaterThan(0);
  expect(queries).toBeLessThan(1000);
});

it('keeps its process, ends it at rest, and starts a new one for one that died', async () => {
  const first = await run({ do: 'process' });
  expect(await run({ do: 'process' })).toBe(first);
  const long = fate(run({ do: 'last', queries: 100_000 }));
  live.rest();
  expect(await long).toBe('cancelled');
  const second = await run({ do: 'process' });
  expect(second).not.toBe(first);
  expect(await fate(run({ do: 'die' }))).toBeInstanceOf(Error);
  expect(await run({ do: 'process' })).not.toBe(second);
});

it('tells what went wrong with the newest', async () => {
  await expect(run({ do: 'fail' })).rejects.toThrow(UserError);
  expect(await run({ do: 'answer', value: 7 })).toBe(7);
});
