import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A Python program that answers one line for each line it is sent. */
export interface Partner {
  /** Its first line: what it is. */
  greeting: string;
  ask(line: string): Promise<string>;
  close(): void;
}

/** Starts a reference program; it says one line when it is ready. @throws Error when it ends before it answers. */
export async function startPartner(python: string, args: readonly string[]): Promise<Partner> {
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) =>
    child.on('error', (error) => reject(new Error(`${python} cannot be started: ${error.message}`))),
  );
  const next = async () => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done) throw new Error(`${args[0]} ended before it answered.`);
    return value as string;
  };
  const greeting = await next();
  return {
    greeting,
    ask(line) {
      child.stdin.write(`${line}\n`);
      return next();
    },
    close: () => child.stdin.end(),
  };
}

/** Lets the other side's threads, which spin for a while after work, go to sleep. */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));
