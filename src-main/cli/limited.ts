import type { Command } from 'commander';
import { LimitedProcess } from '../workers/limited.ts';
import { limit } from '../workers/limits.ts';
import { PATHS } from './paths.ts';

/** Flags, and the variables that processes below find them in. */
const LIMITS = {
  limitSeconds: ['--limit-seconds', 'HAIRLINE_LIMIT_SECONDS'],
  limitMemory: ['--limit-memory', 'HAIRLINE_LIMIT_GB'],
} as const;

/** Gives a command the flags that bound what its model may take. */
export function withLimits(command: Command): Command {
  return command
    .option('--limit-seconds <n>', 'how long loading the model may take; its check may take ten times as long (default: 120)')
    .option(
      '--limit-memory <GB>',
      'memory that the process which loads and checks the model may take (default: 4 and three times the weights to load it, half of the machine to check it)',
    )
    .hook('preAction', (_, chosen) => {
      for (const [name, [flag, variable]] of Object.entries(LIMITS)) {
        const text = (chosen.opts() as Record<string, string | undefined>)[name];
        if (text !== undefined) process.env[variable] = String(limit(text, flag));
      }
    });
}

/** Work on a model in a process with limits, which ends with it. */
export async function inLimits<T>(work: (process: LimitedProcess) => Promise<T>): Promise<T> {
  const limited = new LimitedProcess(PATHS.child);
  try {
    return await work(limited);
  } finally {
    limited.close();
  }
}
