import { closeSync, constants, fstatSync, openSync, readFile, readSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { UserError } from '../../shared/errors.ts';

/*
 * Whatever is named by a person, a plan or an archive may be a pipe that nobody writes to, a terminal, or a disk: opening the
 * one waits for ever, reading the other never ends. So every file is opened without waiting and looked at once it is open,
 * not before, when something else may still take its place.
 */

/** Windows has no such flag, and no pipes or devices among its files. */
const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** The same, and a link as the last part of the path is refused (ELOOP). */
const UNLINKED = WITHOUT_WAITING | (constants.O_NOFOLLOW ?? 0);

export interface Opening {
  /** Refuse a link as the last part of the path. */
  nofollow?: boolean;
  /** What a person calls the file, where it is reached by another way. */
  shown?: string;
}

/**
 * Opens a regular file for reading; the caller closes it.
 * @throws UserError for a folder, pipe, socket or device; an error of the file system (with a `code`) when it cannot be opened.
 */
export function openRegular(path: string, { nofollow = false, shown = path }: Opening = {}): number {
  const fd = openSync(path, nofollow ? UNLINKED : WITHOUT_WAITING);
  try {
    demandRegular(fstatSync(fd), shown);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** `openRegular` without blocking the thread. */
export async function openRegularFile(path: string, { nofollow = false }: Opening = {}): Promise<FileHandle> {
  const file = await open(path, nofollow ? UNLINKED : WITHOUT_WAITING);
  try {
    demandRegular(await file.stat(), path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

export interface Reading extends Opening {
  /** Most bytes that make sense here; a larger file is refused before it is read. */
  most?: number;
}

/**
 * The bytes of a regular file.
 * @throws UserError for what is none, and for more than `most` bytes; an error of the file system when it cannot be read.
 */
export function readRegular(path: string, { most = Infinity, ...opening }: Reading = {}): Buffer {
  const fd = openRegular(path, opening);
  try {
    const { size } = fstatSync(fd);
    demandSize(size, most, opening.shown ?? path);
    const bytes = Buffer.alloc(size);
    let done = 0;
    while (done < size) {
      const count = readSync(fd, bytes, done, size - done, done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

/** `readRegular` without blocking the thread. */
export async function readRegularFile(path: string, { most = Infinity, ...opening }: Reading = {}): Promise<Buffer> {
  const file = await openRegularFile(path, opening);
  try {
    demandSize((await file.stat()).size, most, path);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The bytes of an open file, which is closed then. @param shown what a person calls it @throws as `readRegular` */
export async function readOpen(fd: number, shown: string, most: number): Promise<Buffer> {
  try {
    demandSize(fstatSync(fd).size, most, shown);
    return await promisify(readFile)(fd);
  } finally {
    closeSync(fd);
  }
}

/** What a person calls that which is no regular file. */
export function kindOf(stats: Pick<Stats, 'isDirectory' | 'isFIFO' | 'isSocket'>): string {
  return stats.isDirectory() ? 'a folder' : stats.isFIFO() ? 'a pipe' : stats.isSocket() ? 'a socket' : 'a device';
}

function demandRegular(stats: Stats, path: string): void {
  if (stats.isFile()) return;
  throw new UserError(`${path} is ${kindOf(stats)}, not a file: give a file.`);
}

function demandSize(size: number, most: number, path: string): void {
  if (size > most)
    throw new UserError(
      `${path} has ${size.toLocaleString('en')} bytes, and at most ${most.toLocaleString('en')} make sense here: check that it is the right file.`,
    );
}
