import { mkdir, open, rm, statfs } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { UserError } from '../../shared/errors.ts';

/** Largest file the window takes: an ONNX file ends at 2 GiB, its external weights may be larger. */
export const MAX_FILE = 8 * 2 ** 30;
const MAX_DEPTH = 16;
/** What a system may need to go on, and an audit for its journal: uploads leave it free. */
const RESERVE = 256 * 2 ** 20;
/** Room is looked for again after so many bytes. */
const STRIDE = 64 * 2 ** 20;
/** Names that are devices on Windows, with any ending. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\.|$)/i;

/**
 * Safe path segments of a dropped file's relative path. Folders are kept, because class folders are labels.
 * @throws UserError for a path that would leave its folder, or is too deep.
 */
export function safeSegments(path: string): string[] {
  const parts = path.split(/[/\\]/);
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0')))
    throw new UserError(`"${path.slice(0, 80)}" is not a file name that can be taken; rename it and drop it again.`);
  if (parts.length > MAX_DEPTH)
    throw new UserError(`"${path.slice(0, 80)}…" lies more than ${MAX_DEPTH} folders deep; drop a folder that is nearer to it.`);
  return parts.map((part) => {
    const plain = part.replace(/[\u0000-\u001f\u007f<>:"|?*]/g, '_').replace(/[. ]+$/, '_');
    return RESERVED.test(plain) ? `_${plain}` : plain;
  });
}

/**
 * Streams one file's bytes into `batch/path`. Files of one drop share a batch, so that a model
 * finds its external weights beside it and a folder stays a folder.
 *
 * @param batch folder of the drop
 * @returns `path` of the file, and `root`: the file or the top folder of the drop, for use in calls.
 * @throws UserError when the name cannot be taken, is taken, or the file is larger than `limit` bytes or than the disk has room.
 */
export async function receive(
  request: IncomingMessage,
  batch: string,
  path: string,
  limit: number,
): Promise<{ path: string; root: string }> {
  const segments = safeSegments(path);
  const tooLarge = new UserError(`"${segments.at(-1)}" is larger than ${Math.round(limit / 2 ** 20)} MiB; use the command line for it.`);
  const told = Number(request.headers['content-length'] ?? 0);
  if (told > limit) throw tooLarge;

  const file = join(batch, ...segments);
  try {
    await mkdir(dirname(file), { recursive: true });
    await demandRoom(dirname(file), told);
    // Made anew: the file system itself knows which names are the same to it, by case or by the form of their accents.
    const handle = await open(file, 'wx', 0o600);
    try {
      await store(request, handle, limit, tooLarge, dirname(file));
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  } catch (error) {
    throw worded(error, path);
  }
  return { path: file, root: join(batch, segments[0]!) };
}

/** Not `pipeline`: on an error that destroys the request, and the browser would never read why. */
async function store(
  request: IncomingMessage,
  handle: Awaited<ReturnType<typeof open>>,
  limit: number,
  tooLarge: UserError,
  folder: string,
): Promise<void> {
  try {
    let bytes = 0;
    let look = STRIDE;
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit) throw tooLarge;
      if (bytes > look) {
        await demandRoom(folder, 0);
        look = bytes + STRIDE;
      }
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
}

/** The disk has no room for an upload. */
export class Full extends UserError {
  constructor() {
    super('The disk is full; make room and drop the file again.');
  }
}

async function demandRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + RESERVE) throw new Full();
}

/** Errors of the file system that the name or the disk is to blame for, as sentences. */
function worded(error: unknown, path: string): unknown {
  const name = path.slice(0, 80);
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new Full();
    case 'ENAMETOOLONG':
      return new UserError(`The name "${name.slice(0, 40)}…" is too long; shorten it and drop it again.`);
    case 'EEXIST':
    case 'ENOTDIR':
    case 'EISDIR':
      return new UserError(`There are two files or folders "${name}" in what you dropped; rename one and drop all again.`);
    default:
      return error;
  }
}
