import type { Picture } from '../images/index.ts';

/** Factors a reader can divide by in the head; the last shows a single level at full strength. */
const FACTORS = [127, 100, 64, 50, 32, 25, 20, 16, 10, 8, 5, 4, 2];

/**
 * The signed change of every value, made visible: grey (128) where nothing changed, lighter where the
 * adversarial image is brighter, darker where it is darker. `factor` is the largest of a few round
 * numbers with which nothing is cut off. Both pictures must have one shape; throws otherwise.
 */
export function difference(clean: Picture, adversarial: Picture): { picture: Picture; factor: number } {
  const { width, height, channels } = clean;
  if (adversarial.width !== width || adversarial.height !== height || adversarial.channels !== channels) {
    throw new Error('The clean and the adversarial image differ in shape.');
  }
  let largest = 0;
  for (let i = 0; i < clean.data.length; i++) largest = Math.max(largest, Math.abs(adversarial.data[i]! - clean.data[i]!));
  const factor = FACTORS.find((candidate) => candidate * largest <= 127) ?? 1;
  // A change of more than 127 levels cannot be shown at full scale around grey; it is cut at black or white.
  const data = Uint8Array.from(clean.data, (value, i) => Math.max(0, Math.min(255, 128 + factor * (adversarial.data[i]! - value))));
  return { picture: { width, height, channels, data }, factor };
}

/** Every pixel as a square of `factor` × `factor`, so that no viewer smooths a small image. */
export function enlarge(picture: Picture, factor: number): Picture {
  const { width, height, channels } = picture;
  const data = new Uint8Array(picture.data.length * factor * factor);
  const row = width * channels;
  for (let y = 0; y < height; y++) {
    const wide = data.subarray(y * factor * row * factor, (y * factor + 1) * row * factor);
    for (let x = 0; x < width; x++) {
      const pixel = picture.data.subarray(y * row + x * channels, y * row + (x + 1) * channels);
      for (let copy = 0; copy < factor; copy++) wide.set(pixel, (x * factor + copy) * channels);
    }
    for (let copy = 1; copy < factor; copy++) data.set(wide, (y * factor + copy) * row * factor);
  }
  return { width: width * factor, height: height * factor, channels, data };
}

/** Enlarges so that the longer side has at least `side` pixels; larger pictures stay as they are. */
export function crisp(picture: Picture, side: number): Picture {
  const factor = Math.ceil(side / Math.max(picture.width, picture.height));
  return factor > 1 ? enlarge(picture, factor) : picture;
}

/**
 * Shrinks so that the longer side has at most `side` pixels, by the mean of whole blocks of pixels: for
 * looking at on a page, never for measuring.
 */
export function shrunk(picture: Picture, side: number): Picture {
  const block = Math.ceil(Math.max(picture.width, picture.height) / side);
  if (block <= 1) return picture;
  const { channels } = picture;
  const width = Math.max(1, Math.floor(picture.width / block));
  const height = Math.max(1, Math.floor(picture.height / block));
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let pixels = 0;
        for (let j = y * block; j < Math.min((y + 1) * block, picture.height); j++) {
          for (let i = x * block; i < Math.min((x + 1) * block, picture.width); i++, pixels++) {
            sum += picture.data[(j * picture.width + i) * channels + c]!;
          }
        }
        data[(y * width + x) * channels + c] = Math.round(sum / pixels);
      }
    }
  }
  return { width, height, channels, data };
}
