import { fileURLToPath } from 'node:url';
import type { TaskName } from './tasks.ts';
import { failureOf, Pool } from './pool.ts';
import type { Ended, ToWorker, Underway } from './pool.ts';

/*
 * Entry of a process under the engine or the command line: one that works on one task at a time, whose other end `limited.ts`
 * holds, or the workers of an audit (`crewProcess.ts`). Threads do the work, so that this one hears a cancel meanwhile and tells
 * how much memory is taken.
 */

export type ToChild = ToWorker | { flag: number };
/** `resident`: bytes, told ten times a second; who can look for himself has no use for it. */
export type FromChild = (Ended & { last?: boolean }) | Underway | { resident: number };

const send = (message: FromChild): void => {
  if (process.connected) process.send!(message, () => undefined);
};
// Whoever asked is gone. Not an orderly end: a thread inside session.run would abort the process with a core dump.
const leave = () => process.kill(process.pid, 'SIGKILL');
process.on('disconnect', leave);
// It may have gone while this file was being loaded.
if (!process.connected) leave();
// Ctrl+C in a terminal, and a service manager's end, reach every process of the group; what they mean is for the parent to say.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

const shared = new SharedArrayBuffer(4);
const flag = new Int32Array(shared);
const [worker = fileURLToPath(new URL('./worker.js', import.meta.url)), threads = '1', background] = process.argv
  .slice(2)
  .map((one) => one || undefined);
const pool = Pool.start(worker, Number(threads), shared, background !== undefined);
// Told to whoever asks first.
pool.catch(() => undefined);
setInterval(() => send({ resident: process.memoryUsage.rss() }), 100).unref();

process.on('message', (message: ToChild) => {
  if ('flag' in message) {
    Atomics.store(flag, 0, message.flag);
    Atomics.notify(flag, 0);
    return;
  }
  const { id } = message;
  pool
    .then((started) => started.run(message.name as TaskName, message.input as never, (...progress) => send({ id, progress })))
    .then((value) => send({ id, ok: true, value }))
    .catch(async (error: unknown) => {
      // A thread that died, or never came up, is of no use any more: whoever asks next gets a new process.
      const last = !(await pool.then(
        (started) => started.alive,
        () => false,
      ));
      send({ ...failureOf(id, error), last });
    });
});
