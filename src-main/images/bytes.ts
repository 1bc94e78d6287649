import { openRegularFile } from '../files/regular.ts';
import { UserError, isSystemError } from '../../shared/errors.ts';
import type { ByteSource } from './byteSource.ts';
import { MOST_DATA_BYTES } from './limits.ts';
import { SNIFF_BYTES, sniff } from './sniff.ts';
import { freshRoom, unpacked } from './unpack.ts';
import type { Room } from './unpack.ts';

/**
 * The bytes of a file. Compressed with gzip, they are unpacked once and kept; else each read goes to the disk.
 * @throws UserError when it is no regular file or cannot be read, when the gzip stream is damaged, or holds more than fits.
 * @param room shared by the files of one set
 */
export async function openBytes(path: string, name: string, room: Room = freshRoom()): Promise<ByteSource> {
  const { start, size } = await firstBytes(path);
  if (sniff(start) === 'gzip') return memoryBytes(await unpacked(path, name, room));
  if (size > MOST_DATA_BYTES)
    throw new UserError(
      `${name} has ${size.toLocaleString('en')} bytes, more than the ${MOST_DATA_BYTES.toLocaleString('en')} that a data set may have: give it in parts.`,
    );
  return fileBytes(path, size);
}

export function memoryBytes(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

function fileBytes(path: string, size: number): ByteSource {
  return { size, read: (offset, length) => readPart(path, offset, Math.max(0, Math.min(length, size - offset))) };
}

/** The bytes of a file that `sniff` needs, and its size. @throws UserError when it cannot be read. */
export async function firstBytes(path: string, length = SNIFF_BYTES): Promise<{ start: Uint8Array; size: number }> {
  const file = await readable(path, openRegularFile(path));
  try {
    const { size } = await file.stat();
    return { start: await filled(file, 0, Math.min(length, size)), size };
  } finally {
    await file.close();
  }
}

async function readPart(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await readable(path, openRegularFile(path));
  try {
    return await filled(file, offset, length);
  } finally {
    await file.close();
  }
}

async function filled(file: Awaited<ReturnType<typeof openRegularFile>>, offset: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/** What the file system answered, or the sentence that says why it does not. @throws UserError in place of its error. */
export async function readable<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // That the machine has no room now says nothing of the file.
    if (!isSystemError(error) || ['EMFILE', 'ENFILE', 'ENOMEM'].includes(error.code)) throw error;
    throw new UserError(`${path} cannot be read (${error.code}): check that it is there and that you may read it.`);
  }
}
