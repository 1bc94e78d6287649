import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { readable } from './bytes.ts';
import { MOST_PICTURES } from './limits.ts';

/** What lies in a folder and the folders in it: relative paths with / between names, files in no order. */
export interface Walked {
  files: string[];
  folders: string[];
  /** Entries that cannot be named: their names are no UTF-8. */
  nameless: number;
}

/**
 * Walks a folder. Hidden entries are left out, and whatever is neither a folder nor a regular file: pipes, sockets, devices.
 * @throws UserError when a folder cannot be read, and for more files than there can be pictures.
 */
export async function walk(folder: string): Promise<Walked> {
  const found: Walked = { files: [], folders: [], nameless: 0 };
  const seen = new Set<string>();
  // Not by recursion: a tree may be as deep as its author likes.
  const waiting = [''];
  for (let relative = waiting.pop(); relative !== undefined; relative = waiting.pop()) {
    const here = join(folder, relative);
    // A link to a folder above would go round for ever.
    const real = await readable(here, realpath(here));
    if (seen.has(real)) continue;
    seen.add(real);
    for (const entry of await readable(here, readdir(here, { withFileTypes: true }))) {
      if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
      const path = relative ? `${relative}/${entry.name}` : entry.name;
      const kind = await kindOf(entry, join(folder, path));
      if (kind === 'folder') waiting.push(path);
      if (kind === 'folder') found.folders.push(path);
      if (kind === 'file') found.files.push(path);
      if (kind === 'nameless') found.nameless++;
      if (found.files.length > MOST_PICTURES) throw new UserError(`${folder} holds more than ${MOST_PICTURES.toLocaleString('en')} files: give a part of them.`);
    }
  }
  return found;
}

async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | 'nameless' | null> {
  // Node puts U+FFFD for what is no UTF-8; a name that really holds one can be opened.
  if (entry.name.includes('\uFFFD') && !(await stat(path).catch(() => null))) return 'nameless';
  // Links, and file systems that do not say, need a look.
  const facts = entry.isFile() || entry.isDirectory() ? entry : await stat(path).catch(() => null);
  return facts?.isDirectory() ? 'folder' : facts?.isFile() ? 'file' : null;
}
