import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const BATCH = /^[a-z0-9-]{8,40}$/;

/** Whether this is a name of a batch of uploads, as windows make them. */
export function isBatch(name: string): boolean {
  return BATCH.test(name);
}

/** Bytes of everything in a folder, links as such. What goes away meanwhile counts for nothing. */
export async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (entry.isFile()) bytes += (await lstat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0;
  }
  return bytes;
}
