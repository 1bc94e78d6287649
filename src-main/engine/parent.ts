import type { WireEnd } from './wire.ts';

/** Electron puts this port on `process` in a utility process; nothing of `electron` is imported for it. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

/**
 * The engine process's end of the channel to the host that started it: the port of Electron's
 * `utilityProcess`, or the IPC channel of `child_process.fork`.
 * @throws Error when this process was started by neither.
 */
export function parentEnd(): WireEnd {
  const port = (process as { parentPort?: ParentPort }).parentPort;
  if (port) {
    return {
      post: (message) => port.postMessage(message),
      onMessage: (listener) => port.on('message', (event) => listener(event.data)),
    };
  }
  if (!process.send) throw new Error('The engine was not started by a host.');
  // No host, no engine. A thread may be inside session.run, where an orderly exit aborts the
  // process with a core dump; the journal is on disk, so the engine simply ends itself.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // Ctrl+C in a terminal reaches every process of the group; what it means is for the host to say.
  process.on('SIGINT', () => {});
  return {
    post: (message) => {
      if (process.connected) process.send!(message);
    },
    onMessage: (listener) => process.on('message', listener),
  };
}
