import process from 'node:process';
import { EXIT } from './exit.ts';
import { line } from './print.ts';

/** What ends a command from outside: Ctrl+C, by which a person cancels, and a service manager's end. */
export type Signal = 'SIGINT' | 'SIGTERM';
const SIGNALS: readonly Signal[] = ['SIGINT', 'SIGTERM'];

/** Within so many ms a signal is the same one. */
const ECHO = 250;

/** Sentences, and what becomes of an audit. */
export const WORD = { SIGINT: 'Cancelled', SIGTERM: 'Interrupted' } as const;

/** While nothing has begun that could be brought in order. */
function leave(signal: Signal): void {
  line(`${WORD[signal]}.`, process.stderr);
  process.exit(EXIT.cancelled);
}

let answer: (signal: Signal) => void = leave;

/** From here on a signal ends the process with a sentence and a code of its own. */
export function hearSignals(): void {
  let last = -Infinity;
  const hear = (signal: Signal) => {
    // A terminal tells the whole group, and npm, being one of it, tells its child once more: that is no second wish.
    const once = performance.now() - last > ECHO;
    last = performance.now();
    if (once) answer(signal);
  };
  for (const signal of SIGNALS) process.on(signal, hear);
}

/** Runs some work that answers to signals itself. */
export async function answering<T>(own: (signal: Signal) => void, work: () => Promise<T>): Promise<T> {
  answer = own;
  try {
    return await work();
  } finally {
    answer = leave;
  }
}
