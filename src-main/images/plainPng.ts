import { crc32, inflateSync } from 'node:zlib';
import { mostPixels } from './limits.ts';
import type { Picture } from './picture.ts';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
/** What `encodePng` writes besides the pixels: their density. Any other chunk may make a viewer show something else. */
const BESIDE = new Set(['pHYs']);

/**
 * A PNG as `encodePng` writes it, 8 bits of grey or RGB: read here in a tenth of the time that a library for every kind of
 * picture takes, for those who read thousands of small ones. Null for any other file, and for one that is damaged.
 */
export function decodePlainPng(bytes: Uint8Array): Picture | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!file.subarray(0, 8).equals(SIGNATURE)) return null;
  const parts: Buffer[] = [];
  let header: Buffer | null = null;
  for (let at = 8; at + 12 <= file.length;) {
    const length = file.readUInt32BE(at);
    if (at + 12 + length > file.length) return null;
    const type = file.toString('latin1', at + 4, at + 8);
    const data = file.subarray(at + 8, at + 8 + length);
    if (crc32(file.subarray(at + 4, at + 8 + length)) !== file.readUInt32BE(at + 8 + length)) return null;
    at += 12 + length;
    if (type === 'IEND') return header && at === file.length ? picture(header, Buffer.concat(parts)) : null;
    if (type === 'IHDR') header = data;
    else if (type === 'IDAT') parts.push(data);
    else if (!BESIDE.has(type)) return null;
  }
  return null;
}

function picture(header: Buffer, packed: Buffer): Picture | null {
  if (header.length !== 13) return null;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, colour, compression, filter, interlace] = header.subarray(8);
  const channels = colour === 0 ? 1 : colour === 2 ? 3 : null;
  if (depth !== 8 || channels === null || compression !== 0 || filter !== 0 || interlace !== 0) return null;
  if (width === 0 || height === 0 || width * height > mostPixels()) return null;
  const size = height * (1 + width * channels);
  const rows = inflatedWhole(packed, size);
  const data = rows?.length === size ? unfiltered(rows, width * channels, channels) : null;
  return data && { width, height, channels, data };
}

/**
 * Unpacks zlib's data that ends where its bytes do: what stands behind its end nobody unpacks, and it may hold anything.
 * @param most bytes that it unpacks to @returns null for damaged data, and for any that is longer, before or after
 */
export function inflatedWhole(data: Uint8Array, most: number): Buffer | null {
  try {
    // Types leave out what `info` makes of it.
    const { buffer, engine } = inflateSync(data, { maxOutputLength: most, info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return engine.bytesWritten === data.length ? buffer : null;
  } catch {
    return null;
  }
}

/**
 * Takes PNG's filters off rows of bytes, each led by the number of its filter; null for a number that is none.
 * @param stride bytes of a row without that number @param step bytes of a pixel
 */
export function unfiltered(rows: Uint8Array, stride: number, step: number): Uint8Array | null {
  const height = Math.floor(rows.length / (stride + 1));
  const out = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const kind = rows[y * (stride + 1)]!;
    if (kind > 4) return null;
    const [from, to] = [y * (stride + 1) + 1, y * stride];
    for (let x = 0; x < stride; x++) {
      const left = x >= step ? out[to + x - step]! : 0;
      const up = y > 0 ? out[to + x - stride]! : 0;
      const corner = x >= step && y > 0 ? out[to + x - stride - step]! : 0;
      const guess = kind === 0 ? 0 : kind === 1 ? left : kind === 2 ? up : kind === 3 ? (left + up) >> 1 : paeth(left, up, corner);
      out[to + x] = rows[from + x]! + guess;
    }
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
