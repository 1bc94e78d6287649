import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { openRegularFile } from '../files/regular.ts';
import { UserError, messageOf } from '../../shared/errors.ts';
import { claimedSize, HEADER_BYTES } from './arrayFile.ts';
import { MOST_UNPACKED } from './limits.ts';

/** Deflate makes at most so many bytes of one (zlib, "Maximum Compression Factor"). */
const RATIO = 1032;

/** Memory that the gzip files of a set may still take together. */
export interface Room {
  left: number;
}

export const freshRoom = (): Room => ({ left: MOST_UNPACKED });

/**
 * What a gzip file holds, unpacked into memory. It is looked at while it is unpacked: no more is unpacked than the header of an
 * IDX or .npy file in it asks for, and never more than there is room for.
 * @throws UserError when the stream is damaged, or holds more.
 */
export async function unpacked(path: string, name: string, room: Room): Promise<Uint8Array> {
  const file = await openRegularFile(path);
  // Kept, because a pipeline that is given up may reject with what came of that instead.
  let refusal: UserError | null = null;
  const refuse = (why: string): never => {
    throw (refusal = new UserError(`${name} ${why}`));
  };
  try {
    const { size } = await file.stat();
    const parts: Uint8Array[] = [];
    await pipeline(
      file.createReadStream({ autoClose: false }),
      createGunzip({ chunkSize: 1 << 18 }),
      async (stream: AsyncIterable<Buffer>) => {
        let [total, claimed] = [0, Infinity];
        let looked = false;
        for await (const part of stream) {
          parts.push(part);
          total += part.length;
          if (!looked && total >= HEADER_BYTES) {
            looked = true;
            claimed = claimedSize(Buffer.concat(parts)) ?? Infinity;
            if (claimed < Infinity && claimed > size * RATIO)
              refuse(`is damaged: its header asks for ${number(claimed)} bytes, which ${number(size)} bytes of gzip cannot hold.`);
          }
          if (total > claimed) refuse(`is damaged: it holds more than the ${number(claimed)} bytes that its header asks for.`);
          if (total > room.left)
            refuse(
              `unpacks to more than the ${number(room.left)} bytes that are left for gzip files: unpack it, and give the unpacked file.`,
            );
        }
        room.left -= total;
      },
    );
    return Buffer.concat(parts);
  } catch (error) {
    throw refusal ?? new UserError(`${name} is a damaged or truncated gzip file (${messageOf(error)}): copy it again.`);
  } finally {
    await file.close();
  }
}

const number = (bytes: number): string => bytes.toLocaleString('en');
