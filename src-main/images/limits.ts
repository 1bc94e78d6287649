import { UserError } from '../../shared/errors.ts';

/*
 * What is opened is bounded before it is decoded or unpacked, from what its header says: a few bytes can claim any size. A decoded
 * picture takes 3 bytes a pixel; while it is decoded, the process takes up to 10 (AVIF: 20), so 1 GB for one of 100 megapixels.
 */

/** Overrides `USUAL_MEGAPIXELS`; the environment reaches the engine process and its threads alike. */
export const MEGAPIXELS = 'HAIRLINE_MAX_MEGAPIXELS';
const USUAL_MEGAPIXELS = 100;
/** Sizes of buffers must stay within 32 bits, 16-bit RGBA included. */
const MOST_MEGAPIXELS = 500;

/** Pictures of one audit: more than ImageNet has. Each takes about a kilobyte before it is looked at. */
export const MOST_PICTURES = 1_500_000;
/** A data set file is read in parts, so this only keeps a sparse file from being read for days. */
export const MOST_DATA_BYTES = 64 * 2 ** 30;
/** What gzip hides is unpacked into memory. */
export const MOST_UNPACKED = 2 ** 30;
/** Text of labels: 40 characters a picture. */
export const MOST_TEXT = 64 * 2 ** 20;
/** The same as JSON, which can make 40 bytes of memory of one. */
export const MOST_JSON = 32 * 2 ** 20;

/**
 * The number of a limit in megapixels.
 * @param source the option or variable it stands in
 * @throws UserError when it is no number within bounds.
 */
export function megapixels(text: string, source: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= MOST_MEGAPIXELS))
    throw new UserError(`${source} takes a number above 0 and up to ${MOST_MEGAPIXELS}, not ${text}.`);
  return value;
}

/** Most pixels a picture may have. @throws UserError when the environment holds no such number. */
export function mostPixels(): number {
  const text = process.env[MEGAPIXELS];
  return Math.floor(1e6 * (text ? megapixels(text, MEGAPIXELS) : USUAL_MEGAPIXELS));
}

/** Most bytes a picture file may have: 16-bit RGBA, uncompressed. */
export function mostPictureBytes(): number {
  return Math.max(8 * mostPixels(), 2 ** 24);
}

/** @throws UserError for a picture of more pixels than are allowed. */
export function demandPixels(width: number, height: number, name: string): void {
  const most = mostPixels();
  if (width * height <= most) return;
  const size = (pixels: number): string => `${Number((pixels / 1e6).toPrecision(pixels < 1e9 ? 3 : 2)).toLocaleString('en')} megapixels`;
  throw new UserError(
    `${name} has ${width} x ${height} pixels (${size(width * height)}), more than the ${size(most)} allowed: scale it down, or allow more with --max-megapixels or ${MEGAPIXELS}.`,
  );
}
