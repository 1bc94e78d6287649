import type { Metadata } from 'sharp';
import { UserError, messageOf } from '../../shared/errors.ts';
import { readRegularFile } from '../files/regular.ts';
import { firstBytes, readable } from './bytes.ts';
import { BMP_HEADER_BYTES, bmpHeader, decodeBmp } from './bmp.ts';
import { bitsOf, highest, SIXTEEN, toLevels, whiteOf } from './depth.ts';
import { demandPixels, mostPictureBytes, mostPixels } from './limits.ts';
import type { Picture } from './picture.ts';
import { PPM_HEADER_BYTES, decodePpm, ppmHeader } from './ppm.ts';
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
  /** It has more than 8 bits a value, which `decodeImage` reduces. */
  deep?: boolean;
  /** Its largest value, where it names one of its own that is neither 255 nor 65535. */
  white?: number;
  /** It has several frames or pages, of which `decodeImage` takes the first. */
  frames?: boolean;
  /** It has the colours of print, which `decodeImage` takes for those of a screen. */
  print?: boolean;
}

/**
 * Decodes a picture file to 8-bit grey or RGB, the way training pipelines (PIL's `convert('RGB')`, OpenCV) do:
 * EXIF orientation is applied, alpha is dropped without blending, colour profiles are ignored, 16 bits
 * are rounded to 8 (see `depth.ts`), CMYK becomes sRGB, an animation gives its first frame. Grey stays one channel.
 * @param name how error messages call the file
 * @param bits how many of 16 bits are in use; absent: as many as its own values show
 * @throws UserError for an empty, truncated or damaged file, for what is no picture, and, before anything is decoded, for too many
 *   pixels.
 */
export async function decodeImage(bytes: Uint8Array, name: string, bits?: number): Promise<Picture> {
  return (await decoded(bytes, name, bits)).picture;
}

/** With its highest value, where it has 16 bits of which not all may be in use. */
async function decoded(bytes: Uint8Array, name: string, bits?: number): Promise<{ picture: Picture; high: number | null }> {
  const kind = pictureKind(bytes, bytes.length, name);
  if (kind === 'bmp') return { picture: decodeBmp(bytes, name), high: null };
  if (kind === 'ppm') return decodePpm(bytes, name, bits);
  const meta = await metadata(bytes, name);
  const sharp = await loadSharp();
  try {
    const grey = isGrey(meta);
    const deep = isDeep(meta);
    const { data, info } = await sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels: mostPixels() })
      .autoOrient()
      .removeAlpha()
      .toColourspace(grey ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb')
      .raw({ depth: deep ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const channels = grey ? 1 : 3;
    // Raw pixels come in the machine's own order.
    const words = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : null;
    // Of others, such as AVIF, the decoder itself makes 16 bits.
    const high = words && (kind === 'png' || kind === 'tiff') ? highest(words) : null;
    const white = high === null ? SIXTEEN : whiteOf(bits ?? bitsOf(high), high, name);
    const levels = words ? toLevels(words, white) : new Uint8Array(data.buffer, data.byteOffset, data.length);
    if (levels.length !== info.width * info.height * channels) throw new Error(`it decodes to ${info.channels} channels`);
    return { picture: { width: info.width, height: info.height, channels, data: levels }, high };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw damaged(name, error);
  }
}

/** `decodeImage` of a file. @throws UserError also for what is no regular file, cannot be read, or is larger than any picture allowed. */
export async function decodeFile(path: string, name: string, bits?: number): Promise<Picture> {
  return decodeImage(await pictureBytes(path), name, bits);
}

/** The highest value of a picture file of 16 bits of which not all may be in use; null of any other. @throws UserError as `decodeFile` */
export async function highOfFile(path: string, name: string): Promise<number | null> {
  return (await decoded(await pictureBytes(path), name)).high;
}

/**
 * Size and channels of a picture file, without decoding its pixels.
 * @throws UserError as `decodeImage`, as far as the header tells.
 */
export async function readHeader(path: string, name: string): Promise<PictureHeader> {
  const { start, size } = await firstBytes(path);
  const kind = pictureKind(start, size, name);
  if (kind === 'bmp') return { ...bmpHeader((await firstBytes(path, BMP_HEADER_BYTES)).start, name), alpha: false };
  if (kind === 'ppm') {
    const { width, height, channels, white } = ppmHeader((await firstBytes(path, PPM_HEADER_BYTES)).start, name);
    return { width, height, channels, alpha: false, ...(white > 255 && { deep: true, ...(white !== SIXTEEN && { white }) }) };
  }
  const { meta, bytes } = (await headOf(path, kind, name)) ?? (await whole(path, name));
  const { autoOrient, hasAlpha, pages = 1, space } = meta;
  const frames = pages > 1 || (kind === 'png' && isAnimated(bytes));
  return {
    width: autoOrient.width,
    height: autoOrient.height,
    channels: isGrey(meta) ? 1 : 3,
    alpha: hasAlpha,
    ...(isDeep(meta) && { deep: true }),
    ...(frames && { frames: true }),
    ...(space === 'cmyk' && { print: true }),
  };
}

/** First bytes of a photograph that hold its header, but for unusually much beside it. */
const HEAD = 1 << 18;

/** The header of the kinds that have all of it at the start, from there; null when that was not enough. */
async function headOf(path: string, kind: string, name: string): Promise<Head | null> {
  if (kind !== 'jpeg' && kind !== 'png') return null;
  const { start, size } = await firstBytes(path, HEAD);
  const head = metadata(start, name).then((meta) => ({ meta, bytes: start }));
  return size <= HEAD ? head : head.catch(() => null);
}

interface Head {
  meta: Metadata;
  bytes: Uint8Array;
}

async function whole(path: string, name: string): Promise<Head> {
  const bytes = await pictureBytes(path);
  return { meta: await metadata(bytes, name), bytes };
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
  if (meta.depth !== 'uchar' && meta.depth !== 'ushort')
    throw new UserError(`${name} holds pixels of the kind ${meta.depth}, which are not read: save it as PNG or TIFF of 8 or 16 bits.`);
  return meta;
}

function pictureBytes(path: string): Promise<Uint8Array> {
  return readable(path, readRegularFile(path, { most: mostPictureBytes() }));
}

function isDeep(meta: Metadata): boolean {
  return meta.space === 'grey16' || meta.space === 'rgb16';
}

/** Whether a PNG is an animation: it says so before its first pixels, which libvips passes over. */
function isAnimated(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === 'IDAT') return false;
    if (type === 'acTL') return at + 12 <= bytes.length && view.getUint32(at + 8) > 1;
  }
  return false;
}

function isGrey(meta: Metadata): boolean {
  return meta.space === 'b-w' || meta.space === 'grey16';
}

function pictureKind(start: Uint8Array, size: number, name: string): string {
  if (size === 0) throw new UserError(`${name} is empty (0 bytes): copy it again or leave it out.`);
  const kind = sniff(start);
  if (kind === null || !isPicture(kind))
    throw new UserError(`${name} ${unread(start) ?? `is not a picture (${PICTURE_FORMATS}), whatever its name says: leave it out.`}`);
  return kind;
}

function damaged(name: string, error: unknown): UserError {
  if (/compression format has not been built in/.test(messageOf(error)))
    return new UserError(`${name} is a HEIC picture, or another kind of HEIF than AVIF, which is not read: save it as PNG or JPEG.`);
  // The library's own words are of no use to a person.
  if (
    /unsupported (?!marker)|not supported|not implemented|bad \w+ format|no conversion|unknown (colou?r|format|compress)|not (built|configured)/i.test(
      messageOf(error),
    )
  )
    return new UserError(
      `${name} is of a kind that is not read, such as colours of LAB or a rare compression: save it as PNG in RGB or grey.`,
    );
  return new UserError(`${name} is damaged or cut short and cannot be decoded: copy it again or leave it out.`);
}
