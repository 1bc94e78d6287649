import { fork } from 'node:child_process';
import { NO_TELEMETRY } from '../runtime/library.ts';
import type { EngineFork } from './api.ts';
import { Tail } from './tail.ts';

/** Node ends a child's pipes right after its exit; a pipe held open elsewhere must not hide the death. */
const DRAIN = 500;

/**
 * Engine processes for hosts that are plain Node: the browser host and the command line.
 * @param entry path of the engine's built entry, a JavaScript file.
 * @param args what the engine is told, see `engineArguments`.
 */
export function nodeFork(entry: string, args: readonly string[] = []): EngineFork {
  return () => {
    // Advanced serialisation carries a Uint8Array as bytes. The engine's own output is kept off
    // this terminal: the command line writes JSON lines there.
    const child = fork(entry, args, { serialization: 'advanced', execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...process.env, ...NO_TELEMETRY } });
    const tail = new Tail();
    child.stdout?.on('data', (chunk) => tail.add(chunk));
    child.stderr?.on('data', (chunk) => tail.add(chunk));

    let over = false;
    const exitListeners: ((reason: string) => void)[] = [];
    const exited = (how: string): void => {
      if (over) return;
      over = true;
      for (const listener of exitListeners) listener(tail.after(how));
    };
    child.on('error', (error) => exited(error.message));
    child.on('close', (code, signal) => exited(ending(code, signal)));
    child.on('exit', (code, signal) => setTimeout(() => exited(ending(code, signal)), DRAIN).unref());

    return {
      post: (message) => {
        if (child.connected) child.send(message as object, () => {});
      },
      onMessage: (listener) => child.on('message', listener),
      onExit: (listener) => exitListeners.push(listener),
      // Not SIGTERM: a thread inside session.run would not let the process end in good order.
      kill: () => child.kill('SIGKILL'),
    };
  };
}

function ending(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `signal ${signal}` : `exit code ${code}`;
}
