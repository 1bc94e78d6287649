import { readdirSync, readFileSync } from 'node:fs';

/** The largest resident memory that any process below some had, and all together, looked at many times a second (Linux; 0 elsewhere). */
export class Watch {
  peak = 0;
  together = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(roots: () => number[]) {
    this.timer = setInterval(() => {
      const bytes = family(roots()).map(resident);
      this.peak = Math.max(this.peak, ...bytes);
      this.together = Math.max(
        this.together,
        bytes.reduce((sum, one) => sum + one, 0),
      );
    }, 50);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }
}

/** Processes with those that they started, and so on. */
export function family(roots: readonly number[]): number[] {
  const found = [...roots];
  for (const pid of found) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`))
        found.push(...readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
    } catch {
      // It has ended, or this is not Linux.
    }
  }
  return found;
}

/** Resident memory of a process in bytes; 0 once it is gone, and where the system does not tell. */
export function resident(pid: number): number {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
