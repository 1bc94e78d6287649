import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * What a program asked of the system, read from strace's logs: one file for each thread (`-ff`), so that no call is cut in two
 * by another, with the paths of file descriptors (`-y`).
 */
export interface SystemCall {
  name: string;
  /** As strace writes them, one string each. */
  args: string[];
  /** What came back: -1 for a failure, null where the process ended within. */
  result: number | null;
  /** The file or socket that a descriptor came back for. */
  came: string | null;
}

/** What touches files, and what speaks to anybody. io_uring would do either unseen. */
const TRACED = ['-f', '-ff', '--seccomp-bpf', '-y', '-s', '4096', '-e', 'trace=%file,%network,io_uring_setup,ftruncate'];

/** The command that runs another under strace, its logs going to files that begin with a name. */
export function traced(log: string, command: readonly string[]): string[] {
  return ['strace', ...TRACED, '-o', log, ...command];
}

/** Why no process can be traced here; null where one can. */
export function lacking(): string | null {
  if (process.platform !== 'linux') return 'strace is of Linux';
  const { error, status, stderr } = spawnSync('strace', ['-f', '--seccomp-bpf', '-e', 'trace=none', '-o', '/dev/null', 'true'], {
    encoding: 'utf8',
  });
  if (error) return 'strace is not installed';
  return status === 0 ? null : `strace does not run here: ${stderr.trim()}`;
}

/** Every call of every thread, thread by thread. */
export function readTrace(log: string): SystemCall[] {
  const names = readdirSync(dirname(log)).filter((name) => name.startsWith(`${basename(log)}.`));
  return names.flatMap((name) =>
    readFileSync(join(dirname(log), name), 'utf8')
      .split('\n')
      .flatMap((line) => parseLine(line) ?? []),
  );
}

/** One line of a log; null for what is no call: signals, and the end of a thread. */
export function parseLine(line: string): SystemCall | null {
  const head = /^(\w+)\(/.exec(line);
  if (!head) return null;
  const args: string[] = [];
  let from = head[0].length;
  let depth = 0;
  for (let at = from; at < line.length; at++) {
    const c = line[at]!;
    if (c === '"') {
      while (line[++at] !== '"' && at < line.length) if (line[at] === '\\') at++;
    } else if (c === '<') at = annotationEnd(line, at);
    else if ('{[('.includes(c)) depth++;
    else if (c === ',' && depth === 0) {
      args.push(line.slice(from, at).trim());
      from = at + 1;
    } else if ('}])'.includes(c) && depth-- === 0) {
      args.push(line.slice(from, at).trim());
      const result = /^\s*= (-?\d+)(?:<(.*)>)?/.exec(line.slice(at + 1));
      return { name: head[1]!, args: args[0] === '' ? [] : args, result: result ? Number(result[1]) : null, came: result?.[2] ?? null };
    }
  }
  return { name: head[1]!, args, result: null, came: null };
}

/** Where `<path>` behind a descriptor ends; a `<` that stands for a shift or nothing ends where it begins. */
function annotationEnd(line: string, at: number): number {
  if (!/[\d\w]/.test(line[at - 1] ?? '')) return at;
  for (let i = at + 1, open = 1; i < line.length; i++) {
    if (line[i] === '\\') i++;
    else if (line[i] === '<') open++;
    else if (line[i] === '>' && --open === 0) return i;
  }
  return at;
}

/** The text of a quoted argument; null for none. */
export function textOf(arg: string | undefined): string | null {
  const quoted = /^"(.*)"(\.\.\.)?$/s.exec(arg ?? '');
  if (!quoted) return null;
  const bytes: number[] = [];
  const text = Buffer.from(quoted[1]!, 'latin1').toString('latin1');
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') bytes.push(text.charCodeAt(i));
    else {
      const octal = /^[0-7]{1,3}/.exec(text.slice(i + 1))?.[0];
      const named = { n: 10, t: 9, r: 13, v: 11, f: 12 }[text[i + 1] ?? ''];
      bytes.push(octal === undefined ? (named ?? text.charCodeAt(i + 1)) : Number.parseInt(octal, 8));
      i += octal === undefined ? 1 : octal.length;
    }
  }
  return Buffer.from(bytes).toString('utf8');
}

/** The path that an argument names, seen from the folder that a descriptor before it names, or else from `base`. */
export function pathOf(arg: string | undefined, folder: string | null, base: string): string | null {
  const name = textOf(arg);
  if (name === null) return null;
  const at = folder === null ? undefined : /<(.*)>/s.exec(folder)?.[1];
  return resolve(at ?? base, name);
}
