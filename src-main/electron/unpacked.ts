import { createHash } from 'node:crypto';
import { closeSync, readSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { openRegular, openRegularFile } from '../files/regular.ts';

/*
 * The engine's files lie outside the archive, where Electron checks nothing. But the archive's header lists them with their
 * SHA-256, and on Windows and macOS Electron refuses an archive whose header was changed. So damage, half an update, or an
 * added module that Node would load is found before the engine starts. This is no guard against somebody who may write into
 * the program's folder at will: he can replace the program itself, or a file after it was looked at.
 */

/** Where an archive's header ends, at most; its list of a few thousand files takes a megabyte. */
const MOST_HEADER = 64 * 2 ** 20;
/** Files read at once, each a piece at a time. */
const AT_ONCE = 4;
const PIECE = 2 ** 20;
/** What file managers leave in a folder by themselves; no program loads it. */
const LITTER = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini']);

interface Entry {
  files?: Record<string, Entry>;
  unpacked?: boolean;
  integrity?: { algorithm: string; hash: string };
}

/**
 * Compares what was unpacked with the archive's list of it.
 * @param archive the app.asar
 * @param folder the app.asar.unpacked beside it
 * @throws UserError naming the first file found that was changed, added or taken away.
 */
export async function checkUnpacked(archive: string, folder: string): Promise<void> {
  const listed = listOf(archive);
  const there = await filesIn(folder);
  for (const name of there) if (!listed.has(name)) throw altered(`${name} was added to Hairline since it was packed`);
  const present = new Set(there);
  for (const name of listed.keys()) if (!present.has(name)) throw altered(`${name} is missing from Hairline`);

  const waiting = [...listed];
  const work = async (): Promise<void> => {
    const piece = Buffer.alloc(PIECE);
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [name, hash] = next;
      if ((await hashOf(join(folder, name), piece)) !== hash) throw altered(`${name} was changed since it was packed`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function altered(what: string): UserError {
  return new UserError(`${what}: install Hairline again.`);
}

/** Hashes of the unpacked files, by their names with slashes. */
function listOf(archive: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (entry: Entry, name: string): void => {
    for (const [child, inner] of Object.entries(entry.files ?? {})) walk(inner, name ? `${name}/${child}` : child);
    // A folder is marked as well; a file without a hash can match nothing.
    if (entry.unpacked && !entry.files) found.set(name, entry.integrity?.algorithm === 'SHA256' ? entry.integrity.hash : '');
  };
  try {
    walk(JSON.parse(headerOf(archive)) as Entry, '');
  } catch {
    throw altered('app.asar was changed since it was packed');
  }
  return found;
}

/** An archive begins with four numbers, of which the last is the length of the JSON after them. */
function headerOf(archive: string): string {
  // Electron would show the archive as a folder.
  const electron = process as { noAsar?: boolean };
  electron.noAsar = true;
  try {
    const fd = openRegular(archive);
    try {
      const length = readWhole(fd, 16, 0).readUInt32LE(12);
      if (length > MOST_HEADER) throw new RangeError('No archive has so long a header.');
      return readWhole(fd, length, 16).toString();
    } finally {
      closeSync(fd);
    }
  } finally {
    electron.noAsar = false;
  }
}

function readWhole(fd: number, length: number, from: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const read = readSync(fd, bytes, at, length - at, from + at);
    if (read === 0) throw new RangeError('The archive ends too early.');
    at += read;
  }
  return bytes;
}

/** All that is no folder, links included, which are never listed. Their names have slashes everywhere. */
async function filesIn(folder: string, name = ''): Promise<string[]> {
  const entries = await readdir(join(folder, name), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw altered(`${name || 'app.asar.unpacked'} cannot be read (${error.code})`);
  });
  const inner = entries.map((entry) => {
    const path = name ? `${name}/${entry.name}` : entry.name;
    if (entry.isDirectory()) return filesIn(folder, path);
    return Promise.resolve(LITTER.has(entry.name) ? [] : [path]);
  });
  return (await Promise.all(inner)).flat();
}

/**
 * Of a file, null when it cannot be read.
 * @param piece memory to read into, which is not this call's alone but for as long as it runs
 */
async function hashOf(path: string, piece: Buffer): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    const file = await openRegularFile(path, { nofollow: true });
    try {
      for (;;) {
        const { bytesRead } = await file.read(piece, 0, piece.length);
        if (bytesRead === 0) return hash.digest('hex');
        hash.update(piece.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
