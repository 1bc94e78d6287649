import { closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** Where open folders can be gone through by their numbers: not by a path, in which a folder may become a link meanwhile. */
const BY_NUMBER = process.platform === 'linux' && existsSync('/proc/self/fd');
const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);

/**
 * Uses a file inside a folder while the folder that it lies in is held open, each part of the way opened as no link. Between a
 * look at a path and its use somebody else may put a link to elsewhere into it; an open folder stays where it is. Only Linux has
 * a way to it; elsewhere the file is used by its path.
 * @param name parts with `/` between, none of them `..`
 * @param make whether folders that are missing are made
 * @param use is given the path by which to reach the file, and must be through with it when it comes back
 * @throws an error of the file system, which names the file by its real path, and whatever `use` throws
 */
export function held<T>(root: string, name: string, make: boolean, use: (file: string) => T): T {
  if (!BY_NUMBER) return use(join(root, name));
  const parts = name.split('/');
  const file = parts.pop()!;
  let fd = openSync(root, FOLDER);
  try {
    for (const part of parts) {
      const at = `/proc/self/fd/${fd}/${part}`;
      if (make) makeOne(at);
      const next = openSync(at, FOLDER | constants.O_NOFOLLOW);
      closeSync(fd);
      fd = next;
    }
    return use(`/proc/self/fd/${fd}/${file}`);
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(/\/proc\/self\/fd\/\d+\/[^']*/g, join(root, name));
    throw error;
  } finally {
    closeSync(fd);
  }
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another worker may have been quicker, and mostly it is there.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
