import { basename, isAbsolute, relative } from 'node:path';
import process from 'node:process';

/** The command that takes up an audit where it stopped. */
export function again(folder: string, started?: string): string {
  return `${commandName(started)} audit --resume --out ${quoted(folder)}`;
}

/**
 * How Hairline was started, to be typed again: `hairline` where it is a command, else Node with the file.
 * @param started path of the program's file, as Node tells it
 */
export function commandName(started = process.argv[1] ?? '', from = process.cwd()): string {
  if (basename(started) === 'hairline') return 'hairline';
  const near = relative(from, started);
  return `node ${quoted(near.startsWith('..') || isAbsolute(near) ? started : near)}`;
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  if (/^[\w@%+=:,./\\-]+$/.test(path)) return path;
  return process.platform === 'win32' ? `"${path}"` : `'${path.replaceAll("'", `'\\''`)}'`;
}
