import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { family } from './memory.ts';
import { ROOT } from './root.ts';
import type { Limits, Outcome } from './suite.ts';

interface Said {
  code: number;
  out: string;
  err: string;
}

/** Runs commands in one process after the other; one that crashed or hung gets a successor. */
export class Lane {
  private child: ChildProcess | null = null;
  private readonly limits: Limits;
  /** What an installation knows of its own audits. */
  private readonly data: string;
  private nextId = 1;

  constructor(folder: string, limits: Limits) {
    this.data = join(folder, 'installation');
    this.limits = limits;
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** @param most seconds until it counts as hung, beyond all limits that the program itself keeps */
  async run(what: string, args: readonly string[], most = 14 * this.limits.seconds + 30): Promise<Outcome> {
    const began = performance.now();
    const child = (this.child ??= await this.start());
    const id = this.nextId++;
    const end = await new Promise<Said | string | null>((done) => {
      const timer = setTimeout(() => done(null), 1000 * most);
      const over = (value: Said | string) => (clearTimeout(timer), done(value));
      child.once('exit', (code, signal) => over(`exit ${signal ?? code}`));
      child.on('message', (message: Said & { id: number }) => message.id === id && over(message));
      child.send({ id, args });
    });
    child.removeAllListeners();
    const ms = performance.now() - began;
    if (end === null || typeof end === 'string') this.drop();
    if (end === null) return { what, end: 'hung', sentence: `no end after ${most} s`, ms };
    if (typeof end === 'string') return { what, end: 'crashed', sentence: end, ms };
    return outcome(what, end, ms);
  }

  private async start(): Promise<ChildProcess> {
    const env = {
      ...process.env,
      ORT_DISABLE_TELEMETRY: '1',
      HAIRLINE_DATA: this.data,
      HAIRLINE_LIMIT_SECONDS: String(this.limits.seconds),
      HAIRLINE_LIMIT_GB: String(this.limits.gigabytes),
    };
    const child = fork(join(ROOT, 'tests/fuzz/lane.mjs'), { execArgv: [], env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await new Promise<void>((done, fail) => {
      child.once('message', () => done());
      child.once('exit', (code) => fail(new Error(`the command line does not start (exit ${code}): run npm run build first`)));
    });
    child.removeAllListeners();
    return child;
  }

  private drop(): void {
    if (this.child?.pid !== undefined)
      for (const pid of family([this.child.pid])) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended.
        }
      }
    this.child = null;
  }

  close(): void {
    this.drop();
  }
}

/** A command's exit code and words as an outcome: 0 and 1 are answers, 2 is a refusal, anything else a failure. */
export function outcome(what: string, { code, err }: Said, ms: number): Outcome {
  const sentence = err.replace(/^hairline: /, '').replace(/\n$/, '');
  if (code === 0 || code === 1) return { what, end: 'accepted', sentence: '', ms };
  return { what, end: code === 2 ? 'refused' : 'failed', sentence: code === 2 ? sentence : `exit ${code}: ${sentence}`, ms };
}
