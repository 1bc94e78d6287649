import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { UserError } from '../../shared/errors.ts';

/** Largest file the window takes: an ONNX file ends at 2 GiB, its external weights may be larger. */
export const MAX_FILE = 8 * 2 ** 30;
const MAX_DEPTH = 16;
const MAX_NAME = 200;
const BATCH = /^[a-z0-9-]{8,40}$/;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Safe path segments of a dropped file's relative path. Folders are kept, because class folders are labels.
 * @throws UserError for a path that would leave its folder, or is too deep or too long.
 */
export function safeSegments(path: string): string[] {
  const parts = path.split(/[/\\]/);
  if (parts.length > MAX_DEPTH || parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
    throw new UserError(`"${path.slice(0, 80)}" is not a file name that can be taken; rename it and drop it again.`);
  }
  return parts.map((part) => {
    const plain = part.replace(/[\u0000-\u001f<>:"|?*]/g, '_').replace(/[. ]+$/, '_');
    if (Buffer.byteLength(plain) > MAX_NAME) throw new UserError(`The name "${plain.slice(0, 40)}…" is too long; shorten it and drop it again.`);
    return RESERVED.test(plain) ? `_${plain}` : plain;
  });
}

/**
 * Streams one file's bytes into `folder/batch/path`. Files of one drop share a batch, so that a model
 * finds its external weights beside it and a folder stays a folder.
 *
 * @returns `path` of the file, and `root`: the file or the top folder of the drop, for use in calls.
 * @throws UserError when the name cannot be taken or the file is larger than `limit` bytes.
 */
export async function receive(
  request: IncomingMessage,
  folder: string,
  batch: string,
  path: string,
  limit = MAX_FILE,
): Promise<{ path: string; root: string }> {
  if (!BATCH.test(batch)) throw new UserError('The upload has no proper batch name; reload the page and try again.');
  const segments = safeSegments(path);
  const tooLarge = new UserError(`"${segments.at(-1)}" is larger than ${Math.round(limit / 2 ** 20)} MiB; use the command line for it.`);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge;

  const base = join(folder, batch);
  const file = join(base, ...segments);
  await mkdir(dirname(file), { recursive: true });
  const part = `${file}.part`;
  try {
    await store(request, part, limit, tooLarge);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return { path: file, root: join(base, segments[0]!) };
}

/** Not `pipeline`: on an error that destroys the request, and the browser would never read why. */
async function store(request: IncomingMessage, file: string, limit: number, tooLarge: UserError): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    let bytes = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit) throw tooLarge;
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
}
