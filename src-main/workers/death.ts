import type { ChildProcess } from 'node:child_process';
import { Tail } from './tail.ts';

/** Node ends a child's pipes right after its exit; a pipe held open elsewhere must not hide the death. */
const DRAIN = 500;

/**
 * Waits for a child's death.
 * @param told called once: how it ended, then the last lines that it wrote
 */
export function onDeath(child: ChildProcess, told: (reason: string) => void): void {
  const tail = new Tail();
  child.stdout?.on('data', (chunk: Buffer) => tail.add(chunk));
  child.stderr?.on('data', (chunk: Buffer) => tail.add(chunk));
  let over = false;
  const end = (how: string): void => {
    if (over) return;
    over = true;
    told(tail.after(how));
  };
  child.on('error', (error) => end(error.message));
  child.on('close', (code, signal) => end(ending(code, signal)));
  child.on('exit', (code, signal) => setTimeout(() => end(ending(code, signal)), DRAIN).unref());
}

function ending(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `signal ${signal}` : `exit code ${code}`;
}
