import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { maxHeaderSize } from 'node:http';
import { join } from 'node:path';
import { Visitor } from '../web/visitor.ts';
import { family } from './memory.ts';
import { ROOT } from './root.ts';
import type { Limits, Outcome } from './suite.ts';

/** A window served by the built program, with a visitor at its socket; one that crashed or hung gets a successor. */
export class Served {
  readonly data: string;
  private readonly folder: string;
  private readonly limits: Limits;
  private child: ChildProcess | null = null;
  private visitor: Visitor | null = null;

  constructor(folder: string, limits: Limits) {
    // Deep, so that what climbs out of it with `..` stays in the folder of the tests.
    this.folder = join(folder, 'a/b/c/d');
    this.data = join(folder, 'data');
    this.limits = limits;
    mkdirSync(this.folder, { recursive: true });
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  async visit(): Promise<Visitor> {
    if (this.visitor?.connected === false) await this.visitor.connect();
    if (this.visitor) return this.visitor;
    const env = {
      ...process.env,
      HAIRLINE_DATA: join(this.folder, 'installation'),
      HAIRLINE_LIMIT_SECONDS: String(this.limits.seconds),
      HAIRLINE_LIMIT_GB: String(this.limits.gigabytes),
    };
    const child = spawn(process.execPath, [join(ROOT, 'bin/hairline.js'), 'serve', '--json', '--data', this.data], {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    const url = await new Promise<string>((done, fail) => {
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk).includes('\n') && done((JSON.parse(out) as { url: string }).url));
      child.once('exit', (code) => fail(new Error(`hairline serve ended with ${code}`)));
    });
    child.once('exit', () => this.child === child && (this.visitor = null));
    this.visitor = new Visitor(url);
    await this.visitor.enter();
    await this.visitor.connect();
    return this.visitor;
  }

  /** Anything that is asked of it, as an outcome: an answer, a sentence, or none. */
  async outcome(
    what: string,
    ask: (visitor: Visitor) => Promise<{ refused: string | null }>,
    most = 14 * this.limits.seconds + 30,
  ): Promise<Outcome> {
    const visitor = await this.visit();
    const began = performance.now();
    const { child } = this;
    const late = Symbol('late');
    let timer: NodeJS.Timeout | undefined;
    const answer = await Promise.race([
      ask(visitor).catch((error: unknown) => ({ broken: String(error) })),
      new Promise<typeof late>((done) => (timer = setTimeout(() => done(late), 1000 * most))),
    ]);
    clearTimeout(timer);
    const ms = performance.now() - began;
    if (answer === late) {
      this.drop();
      return { what, end: 'hung', sentence: `no answer after ${most} s`, ms };
    }
    if ('broken' in answer || child?.exitCode !== null) {
      const why = 'broken' in answer ? answer.broken : `the server ended with ${child?.exitCode}`;
      this.drop();
      return { what, end: 'crashed', sentence: why, ms };
    }
    const { refused } = answer;
    if (refused?.includes('stopped unexpectedly')) return { what, end: 'crashed', sentence: refused, ms };
    return refused === null ? { what, end: 'accepted', sentence: '', ms } : { what, end: 'refused', sentence: refused, ms };
  }

  /** A call with any input. */
  call(call: unknown, input: unknown): Promise<Outcome> {
    return this.outcome(`${String(call)} ${JSON.stringify(input)?.slice(0, 300)}`, async (visitor) => {
      const { error } = await visitor.send(call, input ?? null);
      if (!error) return { refused: null };
      // What does not even have the contract's form is the window's own fault: nobody will read it.
      return {
        refused: /^The call "[\s\S]*" got a wrong |^There is no call /.test(error.message)
          ? 'The call has a wrong form.'
          : error.user
            ? error.message
            : `[engine] ${error.message}`,
      };
    });
  }

  /** A picture by its address. */
  picture(address: unknown): Promise<Outcome> {
    return this.outcome(`picture ${JSON.stringify(address)?.slice(0, 300)}`, async (visitor) => {
      const path = `/picture?a=${encodeURIComponent(JSON.stringify(address) ?? '')}`;
      // Node refuses heads that are too long before anybody sees them, and closes while they are still coming.
      const { status, body } = await visitor.ask(path).catch((error: unknown) => {
        if (path.length > maxHeaderSize && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return { status: 431, body: '' };
        throw error;
      });
      return {
        refused:
          status === 200
            ? null
            : status === 431
              ? 'The address is too long.'
              : status < 500
                ? body.toString().trim()
                : `[${status}] ${body}`,
      };
    });
  }

  private drop(): void {
    const { child } = this;
    this.visitor?.leave();
    this.visitor = null;
    this.child = null;
    for (const pid of child?.pid === undefined ? [] : family([child.pid])) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  }

  close(): void {
    this.drop();
  }
}
