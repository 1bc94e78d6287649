import type { Metadata } from 'sharp';
import { UserError, messageOf } from '../../shared/errors.ts';
import { readRegularFile } from '../files/regular.ts';
import { firstBytes, readable } from './bytes.ts';
import { BMP_HEADER_BYTES, bmpHeader, decodeBmp } from './bmp.ts';
import { demandPixels, mostPictureBytes, mostPixels } from './limits.ts';
import type { Picture } from './picture.ts';
import { loadSharp } from './sharp.ts';
import { unread } from './foreign.ts';
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
 * @throws UserError for an empty, truncated or damaged file, for what is no picture, and, before anything is decoded, for too many
 *   pixels.
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<Picture> {
  const kind = pictureKind(bytes, bytes.length, name);
  if (kind === 'bmp') return decodeBmp(bytes, name);
  const meta = await metadata(bytes, name);
  const sharp = await loadSharp();
  try {
    const grey = isGrey(meta);
    const deep = meta.space === 'grey16' || meta.space === 'rgb16';
    const { data, info } = await sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels: mostPixels() })
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

/** `decodeImage` of a file. @throws UserError also for what is no regular file, cannot be read, or is larger than any picture allowed. */
export async function decodeFile(path: string, name: string): Promise<Picture> {
  return decodeImage(await pictureBytes(path), name);
}

/**
 * Size and channels of a picture file, without decoding its pixels.
 * @throws UserError as `decodeImage`, as far as the header tells.
 */
export async function readHeader(path: string, name: string): Promise<PictureHeader> {
  const { start, size } = await firstBytes(path);
  const kind = pictureKind(start, size, name);
  if (kind === 'bmp') return { ...bmpHeader((await firstBytes(path, BMP_HEADER_BYTES)).start, name), alpha: false };
  const meta = (await headOf(path, kind, name)) ?? (await metadata(await pictureBytes(path), name));
  return { width: meta.autoOrient.width, height: meta.autoOrient.height, channels: isGrey(meta) ? 1 : 3, alpha: meta.hasAlpha };
}

/** First bytes of a photograph that hold its header, but for unusually much beside it. */
const HEAD = 1 << 18;

/** The header of the kinds that have all of it at the start, from there; null when that was not enough. */
async function headOf(path: string, kind: string, name: string): Promise<Metadata | null> {
  if (kind !== 'jpeg' && kind !== 'png') return null;
  const { start, size } = await firstBytes(path, HEAD);
  return size <= HEAD ? metadata(start, name) : metadata(start, name).catch(() => null);
}

/** What a picture says of itself. Only the bytes go to sharp, never a path: it would open whatever is there. @throws UserError */
async function metadata(bytes: Uint8Array, name: string): Promise<Metadata> {
  const sharp = await loadSharp();
  let meta: Metadata;
  try {
    meta = await sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels: false }).metadata();
  } catch (error) {
    throw damaged(name, error);
  }
  demandPixels(meta.width, meta.height, name);
  return meta;
}

function pictureBytes(path: string): Promise<Uint8Array> {
  return readable(path, readRegularFile(path, { most: mostPictureBytes() }));
}

/** 65535 is 257 * 255. libvips itself rounds grey and drops bits of colour; here is one rule for both. */
function toEightBits(data: Buffer): Uint8Array {
  // Raw pixels come in the machine's own order.
  const values = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  const levels = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) levels[i] = Math.round(values[i]! / 257);
  return levels;
}

function isGrey(meta: Metadata): boolean {
  return meta.space === 'b-w' || meta.space === 'grey16';
}

function pictureKind(start: Uint8Array, size: number, name: string): string {
  if (size === 0) throw new UserError(`${name} is empty (0 bytes): copy it again or leave it out.`);
  const kind = sniff(start);
  if (kind === null || !isPicture(kind)) throw new UserError(`${name} ${unread(start) ?? `is not a picture (${PICTURE_FORMATS}), whatever its name says: leave it out.`}`);
  return kind;
}

function damaged(name: string, error: unknown): UserError {
  // Which decoder says so, and that it was the header, is of no use to a person.
  if (/compression format has not been built in/.test(messageOf(error))) return new UserError(`${name} is a HEIC picture, or another kind of HEIF than AVIF, which is not read: save it as PNG or JPEG.`);
  const reason = messageOf(error).replace(/^(Input buffer has corrupt header: )?(heif: Invalid input: )?/, '').replace(/[.:]\s*$/, '');
  return new UserError(`${name} is damaged or cut short and cannot be decoded (${reason}): copy it again or leave it out.`);
}
