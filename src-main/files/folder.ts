import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { messageOf, UserError } from '../../shared/errors.ts';
import { isInnerPath } from '../../shared/names.ts';
import { held } from './held.ts';
import { openRegular, readOpen, readRegular } from './regular.ts';

/** Made here and now: what lies there already, a link above all, is never written through. */
const FRESH = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What a file that is being written is called besides its name. */
const PART = '.part';

/**
 * A folder that may come from somebody else, and the only way to the files in it. Names never lead out of it, and no link
 * below it is followed, for reading or for writing; the folder itself may be reached through one.
 */
export class Folder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /**
   * Where a file lies.
   * @throws UserError for a name that leads out of the folder, or through a link.
   */
  at(name: string): string {
    if (!isInnerPath(name))
      throw new UserError(
        `${JSON.stringify(name.slice(0, 100))} is no name of a file inside ${this.path}: the audit was changed by hand, or damaged.`,
      );
    let at = this.path;
    for (const part of name.split('/')) {
      at = join(at, part);
      if (lookAt(at)?.isSymbolicLink())
        throw new UserError(`${at} is a link, and no link inside an audit's folder is followed: put there what it leads to.`);
    }
    return at;
  }

  /** Whether there is such a file. @throws UserError as `at` does, and for what is there but no file. */
  has(name: string): boolean {
    const at = this.at(name);
    const found = lookAt(at);
    if (found && !found.isFile()) closeSync(openRegular(at, { nofollow: true }));
    return found !== null;
  }

  /** @throws UserError as `at` does, for what is no file, and for more bytes than make sense; an error of the file system when it cannot be read. */
  read(name: string, most: number): Buffer {
    this.at(name);
    return held(this.path, name, false, (file) => readRegular(file, { nofollow: true, most, shown: join(this.path, name) }));
  }

  /** `read` without blocking the thread. */
  async readLater(name: string, most: number): Promise<Buffer> {
    const shown = this.at(name);
    // Opened at once, and read as it comes.
    return readOpen(
      held(this.path, name, false, (file) => openRegular(file, { nofollow: true, shown })),
      shown,
      most,
    );
  }

  /**
   * Writes a file whole or not at all: under another name first, and to the disk.
   * @throws UserError as `at` does; an error of the file system when it cannot be written.
   */
  write(name: string, data: string | Uint8Array): void {
    const shown = this.room(name);
    held(this.path, name, true, (file) => {
      const part = `${file}${PART}`;
      clear(part, `${shown}${PART}`);
      try {
        const fd = openSync(part, FRESH);
        try {
          writeFileSync(fd, data);
          fsyncSync(fd);
        } finally {
          closeSync(fd);
        }
        renameSync(part, file);
      } catch (error) {
        rmSync(part, { force: true });
        throw error;
      }
    });
  }

  /**
   * A file to write at the end of, made where it is missing; the caller closes it.
   * @throws as `write`, and UserError for a file that has a second name, perhaps outside
   */
  append(name: string): number {
    const shown = this.room(name);
    if (lookAt(shown)) this.has(name);
    const fd = held(this.path, name, true, (file) => openSync(file, APPEND));
    const { nlink } = fstatSync(fd);
    if (nlink === 1) return fd;
    closeSync(fd);
    throw new UserError(`${shown} has a second name, which would be written as well: copy the folder, and take the copy.`);
  }

  /** Takes a file away, where there is one. */
  remove(name: string): void {
    if (lookAt(this.at(name))) held(this.path, name, false, (file) => rmSync(file, { force: true }));
  }

  /**
   * Takes away what `write` left half done when it was killed: of these files, and of all files in these folders.
   * @throws UserError as `at` does
   */
  sweep(files: readonly string[], folders: readonly string[]): void {
    // A link is taken away itself, not what it leads to.
    for (const part of files.map((name) => `${name}${PART}`))
      if (isFileOrLink(lookAt(join(this.path, part)))) held(this.path, part, false, (file) => rmSync(file, { force: true }));
    for (const folder of folders.map((name) => this.at(name))) if (lookAt(folder)?.isDirectory()) sweepBelow(folder);
  }

  /** Where a file is to lie; its folders are made when it is written. */
  private room(name: string): string {
    makeFolder(this.path);
    return this.at(name);
  }
}

/** Takes away what is left of a file that was being written. @throws UserError for a folder of that name */
function clear(part: string, shown: string): void {
  if (lookAt(part)?.isDirectory()) throw new UserError(`${shown} is a folder, where a file is written for a moment: move it away.`);
  rmSync(part, { force: true });
}

function isFileOrLink(found: Pick<Stats, 'isFile' | 'isSymbolicLink'> | null): boolean {
  return found !== null && (found.isFile() || found.isSymbolicLink());
}

/** Links are not followed. */
function sweepBelow(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = join(folder, entry.name);
    if (entry.isDirectory()) sweepBelow(at);
    else if (isFileOrLink(entry) && entry.name.endsWith(PART)) rmSync(at, { force: true });
  }
}

/** What lies there; what cannot be looked at cannot be opened either, and that says why. */
function lookAt(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

/** What the file system calls an error: ENOSPC, EACCES, ... */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? messageOf(error);
}

/**
 * Makes a folder and those above it. Node's own `recursive` never comes back where a folder's parent is there and
 * still says that it is not, as below /proc.
 * @throws Error of the file system when it cannot be made.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another worker may have been quicker.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
