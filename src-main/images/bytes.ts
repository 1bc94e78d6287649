import { open, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError, messageOf } from '../../shared/errors.ts';
import { SNIFF_BYTES, sniff } from './sniff.ts';

/** Bytes that can be read in part, so that a data set larger than memory can be opened. */
export interface ByteSource {
  readonly size: number;
  /** `length` bytes from `offset`; fewer where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * The bytes of a file. Compressed with gzip, they are unpacked once and kept; else each read goes to the disk.
 * @throws UserError when the gzip stream is damaged.
 */
export async function openBytes(path: string, name: string): Promise<ByteSource> {
  const { start, size } = await firstBytes(path);
  if (sniff(start) !== 'gzip') return fileBytes(path, size);
  try {
    return memoryBytes(await promisify(gunzip)(await readFile(path)));
  } catch (error) {
    throw new UserError(`${name} is a damaged or truncated gzip file (${messageOf(error)}): copy it again.`);
  }
}

export function memoryBytes(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

function fileBytes(path: string, size: number): ByteSource {
  return {
    size,
    async read(offset, length) {
      const file = await open(path);
      try {
        const buffer = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
        let done = 0;
        while (done < buffer.length) {
          const { bytesRead } = await file.read(buffer, done, buffer.length - done, offset + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return done === buffer.length ? buffer : buffer.subarray(0, done);
      } finally {
        await file.close();
      }
    },
  };
}

/** The bytes of a file that `sniff` needs, and its size. */
export async function firstBytes(path: string): Promise<{ start: Uint8Array; size: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(new Uint8Array(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
    return { start: buffer.subarray(0, bytesRead), size };
  } finally {
    await file.close();
  }
}
