import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { untimed } from '../cli/untimed.ts';
import { family } from '../fuzz/memory.ts';
import { ROOT } from '../fuzz/root.ts';

const BIN = join(ROOT, 'bin/hairline.js');

export interface Ended {
  code: number | null;
  ms: number;
  err: string;
  /** Whether it was killed, and not through before. */
  killed: boolean;
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Whom a kill takes: all processes of a command, or one of the two. */
export type Victim = 'group' | 'command' | 'engine';

/** Runs a command in a group of processes of its own, and kills after so many milliseconds what still runs of it. */
export async function hairline(args: readonly string[], after = Infinity, victim: Victim = 'group'): Promise<Ended> {
  const began = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], { detached: true, stdio: ['ignore', 'ignore', 'pipe'], cwd: ROOT });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk));
  const over = new Promise<number | null>((done) => child.once('close', done));
  let killed = false;
  if (after < Infinity && (await Promise.race([sleep(after, 'late'), over])) === 'late') {
    const [command, engine = command] = family([child.pid!]);
    killed = kill(victim === 'group' ? -command! : victim === 'engine' ? engine! : command!);
  }
  return { code: await over, killed, ms: performance.now() - began, err };
}

/** Every file of an audit by its content; of what tells the time, what it says besides. */
export function contents(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile());
  return new Map(
    names.sort().map((name) => {
      if (name === 'results.json') return [name, untimed(folder)];
      if (name === 'journal.jsonl') return [name, findings(folder)];
      // The report tells how long the audit took; `pages` compares it.
      if (name === 'report.pdf') return [name, 'there'];
      return [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ];
    }),
  );
}

/** What was found, without when and in which order. */
const findings = (folder: string): string =>
  readFileSync(join(folder, 'journal.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => /^\{"type":"(image|finding)"/.test(line))
    .sort()
    .join('\n');

/** What differs between two audits, a sentence each; also what was left over. */
export function differences(whole: string, other: string): string[] {
  const [right, found] = [contents(whole), contents(other)];
  const missing = [...right.keys()].filter((name) => !found.has(name)).map((name) => `${name} is missing`);
  const left = [...found.keys()].filter((name) => !right.has(name)).map((name) => `${name} is left over`);
  const changed = [...right].filter(([name, content]) => found.has(name) && found.get(name) !== content).map(([name]) => `${name} differs`);
  return [...missing, ...left, ...changed];
}

/** The report of an audit from somebody's results.json and its own pictures, byte by byte. */
export async function pages(audit: string, results: string): Promise<Buffer> {
  const copy = `${audit}-report`;
  cpSync(audit, copy, { recursive: true });
  cpSync(results, join(copy, 'results.json'));
  const { code, err } = await hairline(['report', copy]);
  if (code !== 0) throw new Error(err);
  const bytes = readFileSync(join(copy, 'report.pdf'));
  rmSync(copy, { recursive: true });
  return bytes;
}
