import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { kindOf as nameOfKind } from '../files/regular.ts';
import { readable } from './bytes.ts';
import { refused } from './leftOut.ts';
import { MOST_PICTURES } from './limits.ts';

/** What lies in a folder and the folders in it: relative paths with / between names, in no order. */
export interface Walked {
  files: string[];
  folders: string[];
  /** What is neither or cannot be looked at, and why; names that are no UTF-8 with their bytes made visible. */
  others: { path: string; reason: string }[];
}

/** What systems leave lying about. */
const LITTER = /^(\..*|__MACOSX|Thumbs\.db|desktop\.ini)$/i;

/**
 * Walks a folder. Hidden entries are left out without a word.
 * @throws UserError when the folder itself cannot be read, and for more files than there can be pictures.
 */
export async function walk(folder: string): Promise<Walked> {
  const found: Walked = { files: [], folders: [], others: [] };
  const seen = new Set<string>();
  // Not by recursion: a tree may be as deep as its author likes.
  const waiting = [''];
  for (let relative = waiting.pop(); relative !== undefined; relative = waiting.pop()) {
    const here = join(folder, relative);
    const entries = await entriesOf(here, seen).catch((error: unknown) => {
      if (relative === '') throw error;
      found.others.push({ path: relative!, reason: refused(error, here, relative!).reason });
      return [];
    });
    for (const entry of entries) {
      const name = utf8(entry.name);
      const path = (last: string): string => (relative ? `${relative}/${last}` : last);
      if (LITTER.test(name ?? '')) continue;
      if (name === null) {
        found.others.push({
          path: path(visible(entry.name)),
          reason: 'has a name that is not UTF-8, so it cannot be opened everywhere: rename it.',
        });
        continue;
      }
      const { kind, why } = await kindOf(entry, join(folder, path(name)));
      if (kind === 'folder') waiting.push(path(name));
      if (kind === 'folder') found.folders.push(path(name));
      if (kind === 'file') found.files.push(path(name));
      if (kind === null) found.others.push({ path: path(name), reason: why });
      if (found.files.length + found.others.length > MOST_PICTURES)
        throw new UserError(`${folder} holds more than ${MOST_PICTURES.toLocaleString('en')} files: give a part of them.`);
    }
  }
  return found;
}

/** What lies directly in a folder, each folder once: a link to one above would go round for ever. */
async function entriesOf(here: string, seen: Set<string>): Promise<Dirent<Buffer>[]> {
  const real = await readable(here, realpath(here));
  if (seen.has(real)) return [];
  seen.add(real);
  return readable(here, readdir(here, { withFileTypes: true, encoding: 'buffer' }));
}

type Kind = { kind: 'file' | 'folder'; why?: never } | { kind: null; why: string };

async function kindOf(entry: Dirent<Buffer>, path: string): Promise<Kind> {
  // Links, and file systems that do not say, need a look.
  const facts = entry.isFile() || entry.isDirectory() ? entry : await stat(path).catch(() => null);
  if (facts?.isDirectory()) return { kind: 'folder' };
  if (facts?.isFile()) return { kind: 'file' };
  if (facts === null)
    return {
      kind: null,
      why: entry.isSymbolicLink() ? 'is a link that leads nowhere: mend it or remove it.' : 'cannot be read: check that you may read it.',
    };
  return { kind: null, why: `is ${nameOfKind(facts)}, not a file.` };
}

/** A name as text; null where it is no UTF-8, which Windows has no names of. */
function utf8(name: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    return null;
  }
}

/** A name with the bytes that are no ASCII as escapes: `caf\xe9.png`. */
function visible(name: Buffer): string {
  return [...name].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)).join('');
}
