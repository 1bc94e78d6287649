import { utilityProcess } from 'electron';
import type { EngineFork } from '../engine/api.ts';
import { NO_TELEMETRY } from '../runtime/library.ts';
import { Tail } from '../engine/tail.ts';

/** What the engine wrote last arrives a moment after its exit. */
const DRAIN = 100;

/**
 * Engine processes under Electron. `child_process.fork` needs the runAsNode fuse, which is off.
 * @param entry path of the engine's built entry, a real file outside the asar
 * @param args what the engine is told, see `engineArguments`
 */
export function utilityFork(entry: string, args: string[]): EngineFork {
  return () => {
    const child = utilityProcess.fork(entry, args, { serviceName: 'Hairline engine', stdio: 'pipe', execArgv: [], env: { ...process.env, ...NO_TELEMETRY } });
    const tail = new Tail();
    child.stdout?.on('data', (chunk: Buffer) => tail.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => tail.add(chunk));
    return {
      post: (message) => child.postMessage(message),
      onMessage: (listener) => child.on('message', listener),
      onExit: (listener) => child.once('exit', (code) => setTimeout(() => listener(tail.after(`exit code ${code}`)), DRAIN)),
      kill: () => child.kill(),
    };
  };
}
