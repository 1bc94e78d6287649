import { UserError } from '../../shared/errors.ts';
import { demandPixels } from './limits.ts';
import type { Picture } from './picture.ts';

/** libvips as sharp ships it reads no BMP, so the plain, uncompressed kinds are read here: 1, 4, 8, 24 and 32 bits. */
interface BmpHeader {
  width: number;
  height: number;
  channels: 1 | 3;
  topDown: boolean;
  bits: number;
  /** Colours of an indexed picture, blue first, four bytes each; null for true colour. */
  palette: Uint8Array | null;
  pixels: number;
}

/** First bytes that hold the header and the largest palette. */
export const BMP_HEADER_BYTES = 14 + 256 + 4 * 256;

/**
 * Size and kind of a BMP file, from its first `BMP_HEADER_BYTES` bytes.
 * @throws UserError for a damaged header, a compressed kind, and too many pixels.
 */
export function bmpHeader(bytes: Uint8Array, name: string): BmpHeader {
  if (bytes.length < 54) throw new UserError(`${name} is a damaged BMP file: it ends within its header.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = view.getUint32(14, true);
  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  const plain = compression === 0 || (compression === 3 && bits === 32);
  if (header < 40 || header > 256 || !plain || ![1, 4, 8, 24, 32].includes(bits))
    throw new UserError(`${name} is a kind of BMP that Hairline does not read (${bits} bits, compression ${compression}): save it as PNG.`);
  const height = Math.abs(signedHeight);
  if (width < 1 || height < 1) throw new UserError(`${name} is a damaged BMP file: its size reads ${width} x ${height}.`);
  demandPixels(width, height, name);
  const colours = Math.min(view.getUint32(46, true) || Infinity, 2 ** bits);
  const palette = bits > 8 ? null : bytes.subarray(14 + header, 14 + header + 4 * colours);
  const grey = palette !== null && isGrey(palette);
  return { width, height, channels: grey ? 1 : 3, topDown: signedHeight < 0, bits, palette, pixels: view.getUint32(10, true) };
}

function isGrey(palette: Uint8Array): boolean {
  for (let i = 0; i + 3 < palette.length; i += 4) if (palette[i] !== palette[i + 1] || palette[i] !== palette[i + 2]) return false;
  return true;
}

/**
 * Decodes an uncompressed BMP. A picture whose palette holds only greys becomes a grey picture; a fourth channel is dropped.
 * @throws UserError when the file is damaged, truncated, or of a compressed kind.
 */
export function decodeBmp(bytes: Uint8Array, name: string): Picture {
  const { width, height, channels, topDown, bits, palette, pixels } = bmpHeader(bytes, name);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (bytes.length < pixels + stride * height) throw new UserError(`${name} is a truncated BMP file: copy it again.`);
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const row = pixels + stride * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const at = palette ? 4 * index(bytes, row, x, bits) : row + (x * bits) / 8;
      const from = palette ?? bytes;
      if (at + 2 >= from.length) throw new UserError(`${name} is a damaged BMP file: a pixel points outside its palette.`);
      // Blue first in the file, red first in a Picture.
      for (let c = 0; c < channels; c++) data[(y * width + x) * channels + c] = from[at + 2 - c]!;
    }
  }
  return { width, height, channels, data };
}

/** Palette index of pixel x: packed from the highest bit of each byte. */
function index(bytes: Uint8Array, row: number, x: number, bits: number): number {
  const bit = x * bits;
  return (bytes[row + (bit >> 3)]! >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
}
