import type { ServerResponse } from 'node:http';
import { basename, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CONTENT_TYPES } from '../../shared/served.ts';
import { openRegularFile } from '../files/regular.ts';
import { answer, HEADERS } from './guard.ts';

/** Where `path` of a URL lies under `root`, or null when it would leave it or is no sensible path. */
export function locate(root: string, path: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return null;
  const file = resolve(root, `.${decoded === '/' ? '/index.html' : decoded}`);
  const inside = relative(root, file);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) return null;
  return join(root, inside);
}

/** Sends a file; `download` makes the browser keep it under its own name. */
export async function sendFile(response: ServerResponse, file: string, headOnly: boolean, download = false): Promise<void> {
  // A document in an audit's folder may have become a link to anything.
  const handle = await openRegularFile(file, { nofollow: true }).catch(() => null);
  if (!handle) return answer(response, 404, 'There is nothing here.');
  const { size } = await handle.stat();
  // Vite names what it builds by content, so only the page itself can go stale.
  const fresh = !download && /[-.][\w-]{8}\.\w+$/.test(file) ? 'private, max-age=31536000, immutable' : 'no-cache';
  response.writeHead(200, {
    ...HEADERS,
    'Content-Type': CONTENT_TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream',
    'Content-Length': size,
    'Cache-Control': fresh,
    ...(download ? { 'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(basename(file))}` } : {}),
  });
  if (headOnly || size === 0) {
    response.end();
    return handle.close();
  }
  // No more than was promised, should the file grow; a reader that goes away is no error of ours.
  await pipeline(handle.createReadStream({ end: size - 1 }), response).catch(() => response.destroy());
}
