import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { EngineFork } from './api.ts';
import { onDeath } from '../workers/death.ts';
import { engineEnvironment } from '../workers/environment.ts';
import { PIPES, read, write } from './pipes.ts';

/**
 * Engine processes, for every host the same: a plain Node with pipes of its own and an environment of what it needs.
 * @param node the Node to run it with: the host's own, or, under Electron, the one that the package carries
 * @param entry path of the engine's built entry, a real JavaScript file
 * @param args what the engine is told, see `engineArguments`
 */
export function spawnEngine(node: string, entry: string, args: readonly string[] = []): EngineFork {
  return () => {
    // What the engine or a library in it prints is kept off this terminal: the command line writes JSON lines there.
    // `overlapped` means something on Windows only, where a pipe otherwise blocks a thread for each read.
    const child = spawn(node, [entry, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'overlapped', 'overlapped'],
      env: engineEnvironment(process.env),
      windowsHide: true,
    });
    // None when the system has no more file descriptors; `onDeath` tells that, and why a pipe breaks.
    const stdio = (child.stdio ?? []) as unknown as readonly (Socket | undefined)[];
    const toEngine = stdio[PIPES.toEngine];
    const toHost = stdio[PIPES.toHost];
    for (const pipe of [toEngine, toHost]) pipe?.on('error', () => {});

    let wrong = '';
    return {
      post: (message) => {
        if (toEngine) write(toEngine, message);
      },
      onMessage: (listener) => {
        if (!toHost) return;
        read(toHost, listener, (error) => {
          wrong = `${error.message}\n`;
          child.kill('SIGKILL');
        });
      },
      onExit: (listener) => onDeath(child, (reason) => listener(`${wrong}${reason}`)),
      // Not SIGTERM: a thread inside session.run would not let the process end in good order.
      kill: () => child.kill('SIGKILL'),
    };
  };
}
