import { UserError } from '../../shared/errors.ts';
import { readNumbers } from './arrayFile.ts';
import type { ArrayFile } from './arrayFile.ts';
import { bitsOf, depthNotes, whiteOf } from './depth.ts';
import type { Depth } from './depth.ts';
import { demandPixels } from './limits.ts';
import type { Picture } from './picture.ts';
import { stemOf } from './source.ts';
import type { Source } from './source.ts';

/** Where no number is above this one, pictures of 0 to 255 would be dark: perhaps they go to 100. */
const DARK = 128;
/** Numbers read in one go. */
const CHUNK = 1 << 20;

/** How the numbers of one picture lie in an array. */
interface Layout {
  count: number;
  height: number;
  width: number;
  channels: 1 | 3;
  planar: boolean;
}

/**
 * Pictures in an array file (IDX or NPY).
 *
 * Shapes: H x W (one grey picture), N x H x W (grey), H x W x 3 (one colour picture, .npy only), N x H x W x C and
 * N x C x H x W with C of 1 or 3; where both could be meant, C comes last.
 *
 * Values: bytes and other whole numbers are levels 0 to 255 (16 bits without a sign that go beyond: see `depth.ts`), booleans are black and white. Floats are all read, once:
 * when every value is within [0,1] they are shares of 255, when within [0,255] they are levels; both are rounded to
 * the nearest level, with a warning where that changes anything.
 * @param bits how many are in use of 16 without a sign, where somebody said so
 * @throws UserError for other shapes and values (normalised data: the pictures before normalising are needed), and for pictures
 *   of too many pixels.
 */
export async function arraySource(file: ArrayFile, bits?: number): Promise<Source> {
  const layout = layoutOf(file);
  demandPixels(layout.width, layout.height, file.name);
  const { factor, rounded, depth, dark } = await levels(file, bits);
  const warnings: string[] = [];
  if (rounded) warnings.push(`${file.name} holds values between the 8-bit levels: each was rounded to the nearest.`);
  if (dark !== undefined)
    warnings.push(
      `${file.name} holds numbers up to ${short(dark)}, which were taken for levels of 0 to 255, a guess: where ${short(dark)} is white, save them as 0 to 1.`,
    );
  if (depth) warnings.push(...depthNotes(layout.count, layout.count, depth).map((note) => `${file.name}: ${note}`));
  if (file.format === '.npy' && file.dims.length === 3 && file.dims[0] === 3 && layout.count === 3)
    warnings.push(
      `${file.name} was read as 3 grey pictures: if it is one colour picture, save it with the shape 1x${file.dims.join('x')}.`,
    );
  const { count, height, width, channels } = layout;
  const stem = stemOf(file.name);
  return {
    count,
    labels: null,
    classNames: null,
    warnings,
    entry: (index) => ({
      source: `${file.name}#${index}`,
      stem,
      file: null,
      path: null,
      header: async () => ({ width, height, channels, alpha: false }),
      read: () => readPicture(file, layout, factor, index),
    }),
  };
}

async function readPicture(file: ArrayFile, { height, width, channels, planar }: Layout, factor: number, index: number): Promise<Picture> {
  const size = height * width * channels;
  const data = new Uint8Array(size);
  const plane = height * width;
  // In parts: as float64 a picture takes eight times its memory.
  for (let first = 0; first < size; first += CHUNK) {
    const values = await readNumbers(file, index * size + first, Math.min(CHUNK, size - first));
    for (let i = 0; i < values.length; i++) {
      const at = first + i;
      data[planar ? (at % plane) * channels + Math.floor(at / plane) : at] = Math.round(values[i]! * factor);
    }
  }
  return { width, height, channels, data };
}

function layoutOf({ dims, name, format }: ArrayFile): Layout {
  const colour = (d: number | undefined): d is 1 | 3 => d === 1 || d === 3;
  const [a, b, c, d] = dims as [number, number, number, number];
  if (dims.length === 2) return { count: 1, height: a, width: b, channels: 1, planar: false };
  if (dims.length === 3 && c === 3 && format === '.npy') return { count: 1, height: a, width: b, channels: 3, planar: false };
  if (dims.length === 3) return { count: a, height: b, width: c, channels: 1, planar: false };
  if (dims.length === 4 && colour(d)) return { count: a, height: b, width: c, channels: d, planar: false };
  if (dims.length === 4 && colour(b)) return { count: a, height: c, width: d, channels: b, planar: true };
  throw new UserError(`${name} has the shape ${dims.join('x')}: pictures need N x H x W, N x H x W x C or N x C x H x W with C of 1 or 3.`);
}

/** What a stored number is multiplied with to become a level, and whether rounding will change any. Of 16 bits: how many are in use. */
async function levels(file: ArrayFile, bits?: number): Promise<{ factor: number; rounded: boolean; depth?: Depth; dark?: number }> {
  const { kind, bytes } = file.type;
  if (kind === 'bool') return { factor: 255, rounded: false };
  if (kind === 'uint' && bytes === 1) return { factor: 1, rounded: false };
  const total = file.dims.reduce((a, b) => a * b, 1);
  if (total === 0) return { factor: 1, rounded: false };
  let [low, high] = [Infinity, -Infinity];
  // Values off the grid of whole levels, and off the grid of whole levels / 255.
  let [offLevels, offShares] = [false, false];
  for (let first = 0; first < total; first += CHUNK) {
    for (const v of await readNumbers(file, first, Math.min(CHUNK, total - first))) {
      if (!Number.isFinite(v)) throw new UserError(`${file.name} holds values that are no numbers (NaN or infinite): mend the file.`);
      low = Math.min(low, v);
      high = Math.max(high, v);
      if (v !== Math.round(v)) offLevels = true;
      if (Math.abs(v * 255 - Math.round(v * 255)) > 1e-3) offShares = true;
    }
  }
  if (kind === 'float' && low >= 0 && high <= 1) return { factor: 255, rounded: offShares };
  // 16 bits without a sign hold nothing but grey values.
  if (kind === 'uint' && bytes === 2) {
    const used = bits ?? bitsOf(high);
    const depth = { bits: used, byHand: bits !== undefined, highs: [{ source: file.name, high }] };
    return { factor: 255 / whiteOf(used, high, file.name), rounded: false, depth };
  }
  if (low >= 0 && high <= 255) return { factor: 1, rounded: offLevels, ...(kind === 'float' && high <= DARK && { dark: high }) };
  throw new UserError(
    `${file.name} holds values from ${short(low)} to ${short(high)}: pictures need 0 to 1 or 0 to 255, before any normalising.`,
  );
}

const short = (value: number): string => String(Number(value.toPrecision(4)));
