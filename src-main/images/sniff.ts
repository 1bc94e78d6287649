/** What a file is by its first bytes; names and extensions are not believed. */
export type FileKind = 'png' | 'jpeg' | 'webp' | 'bmp' | 'gif' | 'tiff' | 'avif' | 'ppm' | 'gzip' | 'npy' | 'idx' | null;

/** First bytes `sniff` needs. */
export const SNIFF_BYTES = 16;

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));

/** IDX types: unsigned byte, signed byte, short, int, float, double. */
const IDX_TYPES = [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e];

/** The kind of a file from its first `SNIFF_BYTES` bytes; null for anything else (CIFAR's records have no mark). */
export function sniff(bytes: Uint8Array): FileKind {
  const [a, b, c, d] = bytes;
  if (a === 0x89 && ascii(bytes, 1, 4) === 'PNG') return 'png';
  if (a === 0xff && b === 0xd8 && c === 0xff) return 'jpeg';
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp';
  if (ascii(bytes, 0, 4) === 'GIF8') return 'gif';
  if (ascii(bytes, 0, 4) === 'II*\0' || ascii(bytes, 0, 4) === 'MM\0*') return 'tiff';
  if (ascii(bytes, 4, 8) === 'ftyp' && /avif|avis|mif1/.test(ascii(bytes, 8, 12))) return 'avif';
  if (ascii(bytes, 0, 2) === 'BM' && bytes.length >= 10 && bytes.subarray(6, 10).every((v) => v === 0)) return 'bmp';
  // A text may begin with P3, too, but not go on with a number.
  if (/^P[1-6]\s+[\d#]/.test(ascii(bytes, 0, SNIFF_BYTES))) return 'ppm';
  if (a === 0x1f && b === 0x8b) return 'gzip';
  if (a === 0x93 && ascii(bytes, 1, 6) === 'NUMPY') return 'npy';
  if (a === 0 && b === 0 && IDX_TYPES.includes(c!) && d! >= 1 && d! <= 4) return 'idx';
  return null;
}

const PICTURES: ReadonlySet<FileKind> = new Set(['png', 'jpeg', 'webp', 'bmp', 'gif', 'tiff', 'avif', 'ppm'] as const);

export function isPicture(kind: FileKind): boolean {
  return PICTURES.has(kind);
}

/** Whether a file is named like a picture: such a file in a folder is expected to be one. */
export function namedLikePicture(name: string): boolean {
  return /\.(png|jpe?g|jpe|jfif|webp|bmp|dib|gif|tiff?|avif|p[pgbn]m)$/i.test(name);
}

/** For messages. */
export const PICTURE_FORMATS = 'PNG, JPEG, WebP, BMP, GIF, TIFF, AVIF or PPM';
