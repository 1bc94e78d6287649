import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { run } from '../../src-main/cli/program.ts';

export { untimed } from './untimed.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const SAMPLES = join(ROOT, 'assets/samples');
export const MODEL = join(SAMPLES, 'signs.onnx');
export const IMAGES = join(SAMPLES, 'images');
export const BIN = join(ROOT, 'bin/hairline.js');

const CLI = join(ROOT, 'out/main/cli.js');
/** These tests run the built program, as a user does. */
if (!existsSync(CLI)) throw new Error('out/main/cli.js is missing: run `npm run build` first (`npm test` does).');

/** How a command ended. */
export interface Ended {
  /** Null when it was killed. */
  code: number | null;
  out: string;
  err: string;
  ms: number;
}

export interface Running {
  child: ChildProcess;
  /** What stdout holds so far. */
  out(): string;
  ended: Promise<Ended>;
}

/** Starts `hairline` with pipes instead of a terminal; it is killed, and so fails the test, when it hangs. */
export function start(args: readonly string[], options: Options = {}): Running {
  return launch(process.execPath, [BIN, ...args], options);
}

interface Options {
  cwd?: string;
  /** Milliseconds. */
  limit?: number;
}

/** The same for a command that starts `hairline` in its turn. */
export function launch(command: string, args: readonly string[], options: Options = {}): Running {
  const began = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: options.cwd ?? ROOT });
  let out = '';
  let err = '';
  child.stdout!.on('data', (chunk: Buffer) => (out += chunk));
  child.stderr!.on('data', (chunk: Buffer) => (err += chunk));
  const limit = options.limit ?? 60_000;
  const timer = setTimeout(() => {
    err += `\nhangs: no end after ${limit} ms`;
    child.kill('SIGKILL');
  }, limit);
  const ended = new Promise<Ended>((done) =>
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ code, out, err, ms: performance.now() - began });
    }),
  );
  return { child, out: () => out, ended };
}

export function hairline(args: readonly string[], options: Options = {}): Promise<Ended> {
  return start(args, options).ended;
}

/** The same command of the same built program in this process: for tests of many that differ in nothing that a process adds. */
export async function hairlineHere(args: readonly string[]): Promise<Omit<Ended, 'ms'>> {
  const { run: command } = (await import(CLI)) as { run: typeof run };
  const said = { out: '', err: '' };
  const streams = [
    ['out', process.stdout],
    ['err', process.stderr],
  ] as const;
  const writes = streams.map(([name, stream]) => {
    const { write } = stream;
    stream.write = (chunk: string | Uint8Array): boolean => {
      said[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    };
    return () => void (stream.write = write);
  });
  try {
    return { code: await command(args), ...said };
  } finally {
    for (const restore of writes) restore();
  }
}

/** A folder that is gone after the tests of the file. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hairline-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Waits until stdout holds a text. */
export async function said(running: Running, text: string | RegExp): Promise<void> {
  const there = () => (typeof text === 'string' ? running.out().includes(text) : text.test(running.out()));
  let over = false;
  void running.ended.then(() => (over = true));
  while (!there()) {
    if (over) throw new Error(`it ended without saying ${text}: ${(await running.ended).err}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** The engine process of a running command (Linux only). */
export function engineOf(pid: number): number | null {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))![1];
      if (Number(parent) === pid) return Number(entry);
    } catch {
      // It ended while we were looking.
    }
  }
  return null;
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
