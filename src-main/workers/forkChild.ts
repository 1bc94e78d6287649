import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { engineEnvironment } from './environment.ts';

/**
 * Starts a process of `child.ts`, which works on tasks for this one.
 * @param entry its built file
 * @param options.worker file of the built worker, when it is not the one beside it
 * @param options.threads that work at a time
 * @param options.background whether whatever else is at work goes first
 */
export function forkChild(
  entry: string,
  { worker = '', threads = 1, background = false }: { worker?: string | undefined; threads?: number; background?: boolean },
): ChildProcess {
  return fork(entry, [worker, String(threads), background ? 'background' : ''], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: engineEnvironment(process.env),
  });
}
