import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { PIPES, read, write } from './pipes.ts';
import type { WireEnd } from './wire.ts';

/**
 * The engine process's end of the pipes to the host that started it, see `spawnEngine`.
 * @throws Error when this process was not started so.
 */
export function parentEnd(): WireEnd {
  const fromHost = pipe(PIPES.toEngine);
  const toHost = pipe(PIPES.toHost);
  for (const end of [fromHost, toHost]) {
    end.on('error', endNow);
    end.on('close', endNow);
  }
  lookAfterHost();
  // Ctrl+C in a terminal, and a service manager's end, reach every process of the group; what they mean is for the host to say.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  return {
    post: (message) => write(toHost, message),
    onMessage: (listener) => read(fromHost, listener, endNow),
  };
}

/**
 * No host, no engine. A thread may be inside session.run, where an orderly exit aborts the process with a core dump; the
 * journal is on disk, so the engine simply ends itself.
 */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL');
}

/**
 * That a pipe is closed is heard only between two steps of this thread, and a step may be long (drawing a report): until then a
 * killed host would leave an engine that works on and holds its audit's folder. Another thread looks whose child this is.
 */
function lookAfterHost(): void {
  const code = `const host = process.ppid; setInterval(() => { if (process.ppid !== host) process.kill(process.pid, 'SIGKILL'); }, 1000);`;
  new Worker(code, { eval: true, name: 'host' }).unref();
}

function pipe(fd: number): Socket {
  try {
    return new Socket({ fd, readable: fd === PIPES.toEngine, writable: fd === PIPES.toHost });
  } catch {
    throw new Error('The engine was not started by a host.');
  }
}
