import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../shared/errors.ts';

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
