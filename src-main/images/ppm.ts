import { UserError } from '../../shared/errors.ts';
import { bitsOf, highest, SIXTEEN, toLevels, whiteOf } from './depth.ts';
import { demandPixels } from './limits.ts';
import type { Picture } from './picture.ts';

/** A netpbm picture (PBM, PGM, PPM), which libvips as sharp ships it does not read: P1 to P6. */
interface PpmHeader {
  width: number;
  height: number;
  channels: 1 | 3;
  /** Values are written in digits. */
  plain: boolean;
  /** Bits that are packed into bytes: 1 is black. */
  bitmap: boolean;
  /** Largest value, up to 65535. */
  white: number;
  /** Where the pixels begin. */
  at: number;
}

/** First bytes that hold the header, but for unusually long comments. */
export const PPM_HEADER_BYTES = 4096;

/**
 * Size and kind of a netpbm picture, from its first bytes.
 * @throws UserError for a damaged header, and too many pixels
 */
export function ppmHeader(bytes: Uint8Array, name: string): PpmHeader {
  const kind = bytes[1]! - 48;
  const bitmap = kind === 1 || kind === 4;
  const numbers: number[] = [];
  let at = 2;
  while (numbers.length < (bitmap ? 2 : 3)) {
    at = pastSpace(bytes, at);
    const from = at;
    while (isDigit(bytes[at])) at++;
    if (at === from || at - from > 9) throw new UserError(`${name} is a damaged PPM file: its header does not say its size.`);
    numbers.push(Number(String.fromCharCode(...bytes.subarray(from, at))));
  }
  const [width, height, white = 1] = numbers as [number, number, number?];
  if (white > SIXTEEN)
    throw new UserError(
      `${name} is a PPM file whose values go up to ${white}, and the format ends at ${SIXTEEN}: save it with 16 bits or fewer.`,
    );
  if (width < 1 || height < 1 || white < 1) throw new UserError(`${name} is a damaged PPM file: its header reads ${numbers.join(', ')}.`);
  demandPixels(width, height, name);
  return { width, height, channels: kind === 3 || kind === 6 ? 3 : 1, plain: kind <= 3, bitmap, white, at: at + 1 };
}

/**
 * What such a picture is decoded to, and its highest value where its own maximum is that of 16 bits: programs that know only these write
 * fewer under it.
 * @param bits how many are in use then; absent: as many as its values show
 * @throws UserError when it is damaged
 */
export function decodePpm(bytes: Uint8Array, name: string, bits?: number): { picture: Picture; high: number | null } {
  const header = ppmHeader(bytes, name);
  const { width, height, channels } = header;
  const count = width * height * channels;
  // As it is: a large picture would take three times the memory on the way.
  if (!header.plain && header.white === 255 && bytes.length >= header.at + count)
    return { picture: { width, height, channels, data: bytes.slice(header.at, header.at + count) }, high: null };
  const values = (header.plain ? digits : header.bitmap ? packed : words)(bytes, header, count);
  if (values === null) throw new UserError(`${name} is a damaged or truncated PPM file: copy it again.`);
  const high = header.white === SIXTEEN ? highest(values) : null;
  const white = high === null ? header.white : whiteOf(bits ?? bitsOf(high), high, name);
  return { picture: { width, height, channels, data: toLevels(values, white) }, high };
}

/** Values in the machine's order; null where there are too few, or one is too large. */
function words(bytes: Uint8Array, { at, white }: PpmHeader, count: number): Uint16Array | null {
  const step = white > 255 ? 2 : 1;
  if (bytes.length < at + count * step) return null;
  const values = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    values[i] = step === 1 ? bytes[at + i]! : (bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!;
    if (values[i]! > white) return null;
  }
  return values;
}

function packed(bytes: Uint8Array, { width, height, at }: PpmHeader, count: number): Uint16Array | null {
  const stride = Math.ceil(width / 8);
  if (bytes.length < at + stride * height) return null;
  return Uint16Array.from(
    { length: count },
    (_, i) => 1 - ((bytes[at + stride * Math.floor(i / width) + ((i % width) >> 3)]! >> (7 - ((i % width) & 7))) & 1),
  );
}

function digits(bytes: Uint8Array, { at: begin, white, bitmap }: PpmHeader, count: number): Uint16Array | null {
  // A digit each, and something between: a short file may claim any size.
  if (bytes.length - begin < (bitmap ? count : 2 * count - 1)) return null;
  const values = new Uint16Array(count);
  let at = begin - 1;
  for (let i = 0; i < count; i++) {
    at = pastSpace(bytes, at);
    let value = 0;
    const from = at;
    // Bits need no space between.
    while (isDigit(bytes[at]) && value <= white && !(bitmap && at > from)) value = 10 * value + bytes[at++]! - 48;
    if (at === from || value > white) return null;
    values[i] = bitmap ? 1 - value : value;
  }
  return values;
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;
const isSpace = (byte: number | undefined): boolean => byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);

/** Past spaces, line ends, and comments, which go from # to the end of their line. */
function pastSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at]) || bytes[at] === 35) {
    if (bytes[at] === 35) while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
    else at++;
  }
  return at;
}
