import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Cancelled, Crashed, UserError } from '../../shared/errors.ts';
import { WorkersProcess } from '../../src-main/workers/workersProcess.ts';
import { Switch } from '../../src-main/workers/gate.ts';
import { alive, ROOT } from '../cli/hairline.ts';

/** A real process of two threads whose tasks are a few lines of JavaScript. */
const CODE = `
import { parentPort } from 'node:worker_threads';
const kept = [];
const act = {
  process: () => process.pid,
  async grow() {
    for (;;) {
      kept.push(Buffer.alloc(16 * 2 ** 20, 1));
      await new Promise((next) => setTimeout(next, 5));
    }
  },
  spin: () => { for (;;); },
  crash: () => process.kill(process.pid, 'SIGSEGV'),
};
parentPort.on('message', async ({ id, input }) => parentPort.postMessage({ id, ok: true, value: await act[input.do]() }));
parentPort.postMessage({ ready: true });
`;
let folder: string;
let pool: WorkersProcess | null = null;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-pool-'));
  writeFileSync(join(folder, 'worker.mjs'), CODE);
});
afterEach(() => {
  pool?.close();
  delete process.env['HAIRLINE_LIMIT_GB'];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (control = new Switch(), grace?: number) =>
  (pool = new WorkersProcess(
    join(ROOT, 'out/main/child.js'),
    join(folder, 'worker.mjs'),
    2,
    control,
    grace === undefined ? {} : { grace },
  ));
const ask = (of: WorkersProcess, what: string): Promise<unknown> => of.run('job', { do: what } as never);
const gone = (pid: number) => expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);

it('ends attacks that take more memory than the limit, with a sentence, and gives up the others', async () => {
  process.env['HAIRLINE_LIMIT_GB'] = '0.5';
  const workers = start();
  const pid = (await ask(workers, 'process')) as number;
  const [greedy, other] = await Promise.allSettled([ask(workers, 'grow'), ask(workers, 'spin')]);
  expect(greedy).toMatchObject({ reason: expect.any(UserError) });
  expect(String((greedy as PromiseRejectedResult).reason)).toMatch(
    /more than 0\.5 GB .* what was found is kept.* --limit-memory .*--resume\.$/,
  );
  expect(other.status).toBe('rejected');
  await gone(pid);
});

it('ends a query that never comes back once the audit is cancelled', async () => {
  const control = new Switch();
  const workers = start(control, 300);
  const pid = (await ask(workers, 'process')) as number;
  const spinning = ask(workers, 'spin');
  control.cancel();
  await expect(spinning).rejects.toThrow(Cancelled);
  await gone(pid);
});

it('tells a crash as one', async () => {
  await expect(ask(start(), 'crash')).rejects.toThrow(Crashed);
});
