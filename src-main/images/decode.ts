import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import type { Metadata } from 'sharp';
import { UserError } from '../../shared/errors.ts';
import { firstBytes } from './bytes.ts';
import { bmpHeader, decodeBmp } from './bmp.ts';
import type { Picture } from './picture.ts';
import { loadSharp } from './sharp.ts';
import { PICTURE_FORMATS, isPicture, sniff } from './sniff.ts';

/** What a picture file says of itself, in the orientation `decodeImage` gives it. */
export interface PictureHeader {
  width: number;
  height: number;
  channels: 1 | 3;
  /** It has an alpha channel, which `decodeImage` drops. */
  alpha: boolean;
}

/**
 * Decodes a picture file to 8-bit grey or RGB, the way training pipelines (PIL's `convert('RGB')`, OpenCV) do:
 * EXIF orientation is applied, alpha is dropped without blending, colour profiles are ignored, 16 bits
 * are rounded to 8, CMYK becomes sRGB, an animation gives its first frame. Grey stays one channel.
 * @param name how error messages call the file
 * @throws UserError for an empty, truncated or damaged file, and for what is no picture.
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<Picture> {
  const kind = pictureKind(bytes, bytes.length, name);
  if (kind === 'bmp') return decodeBmp(bytes, name);
  const sharp = await loadSharp();
  try {
    const options = { failOn: 'error', ignoreIcc: true } as const;
    const meta = await sharp(bytes, options).metadata();
    const grey = isGrey(meta);
    const deep = meta.space === 'grey16' || meta.space === 'rgb16';
    const { data, info } = await sharp(bytes, options)
      .autoOrient()
      .removeAlpha()
      .toColourspace(grey ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb')
      .raw({ depth: deep ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const channels = grey ? 1 : 3;
    const levels = deep ? toEightBits(data) : new Uint8Array(data.buffer, data.byteOffset, data.length);
    if (levels.length !== info.width * info.height * channels) throw new Error(`it decodes to ${info.channels} channels`);
    return { width: info.width, height: info.height, channels, data: levels };
  } catch (error) {
    throw damaged(name, error);
  }
}

/** `decodeImage` of a file. */
export async function decodeFile(path: string, name: string): Promise<Picture> {
  return decodeImage(await readFile(path), name);
}

/**
 * Size and channels of a picture file, without decoding its pixels.
 * @throws UserError as `decodeImage`, as far as the header tells.
 */
export async function readHeader(path: string, name: string): Promise<PictureHeader> {
  const { start, size } = await firstBytes(path);
  if (pictureKind(start, size, name) === 'bmp') return { ...bmpHeader(await readFile(path), name), alpha: false };
  const sharp = await loadSharp();
  try {
    const meta = await sharp(path).metadata();
    return { width: meta.autoOrient.width, height: meta.autoOrient.height, channels: isGrey(meta) ? 1 : 3, alpha: meta.hasAlpha };
  } catch (error) {
    throw damaged(name, error);
  }
}

/** 65535 is 257 * 255. libvips itself rounds grey and drops bits of colour; here is one rule for both. */
function toEightBits(data: Buffer): Uint8Array {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return Uint8Array.from({ length: data.length / 2 }, (_, i) => Math.round(view.getUint16(2 * i, LITTLE_ENDIAN) / 257));
}

/** Raw pixels come in the machine's own order. */
const LITTLE_ENDIAN = endianness() === 'LE';

function isGrey(meta: Metadata): boolean {
  return meta.space === 'b-w' || meta.space === 'grey16';
}

function pictureKind(start: Uint8Array, size: number, name: string): string {
  if (size === 0) throw new UserError(`${name} is empty (0 bytes): copy it again or leave it out.`);
  const kind = sniff(start);
  if (kind === null || !isPicture(kind))
    throw new UserError(`${name} is not a picture (${PICTURE_FORMATS}), whatever its name says: leave it out.`);
  return kind;
}

function damaged(name: string, error: unknown): UserError {
  const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/[.:]\s*$/, '');
  return new UserError(`${name} is damaged or cut short and cannot be decoded (${reason}): copy it again or leave it out.`);
}
