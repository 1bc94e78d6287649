import { createHash } from 'node:crypto';

/** A decoded picture: 8 bits a value, rows first, channels last (H x W x C); colour is RGB. */
export interface Picture {
  width: number;
  height: number;
  channels: 1 | 3;
  data: Uint8Array;
}

/** Pixels as the engine computes with them: C x H x W, level / 255, each value rounded once to float32. */
export function toUnit(picture: Picture): Float32Array {
  const { width, height, channels, data } = picture;
  const plane = width * height;
  const out = new Float32Array(plane * channels);
  for (let p = 0; p < plane; p++) for (let c = 0; c < channels; c++) out[c * plane + p] = data[p * channels + c]! / 255;
  return out;
}

/**
 * The 8-bit picture nearest to C x H x W values in [0,1]; values outside are clamped.
 * `fromUnit(toUnit(p), ...)` gives `p` back.
 */
export function fromUnit(values: Float32Array, channels: 1 | 3, height: number, width: number): Picture {
  const plane = width * height;
  if (values.length !== plane * channels) throw new Error(`fromUnit: ${values.length} values for ${channels}x${height}x${width}`);
  // A Uint8ClampedArray clamps, but rounds halves to even; rounding first keeps one rule everywhere: halves go up.
  const data = new Uint8ClampedArray(plane * channels);
  for (let p = 0; p < plane; p++) for (let c = 0; c < channels; c++) data[p * channels + c] = Math.round(values[c * plane + p]! * 255);
  return { width, height, channels, data: new Uint8Array(data.buffer) };
}

/** sha256 (hex) over shape and pixels: equal for equal pictures whatever file they came from. */
export function pictureHash(picture: Picture): string {
  return createHash('sha256').update(`${picture.height}x${picture.width}x${picture.channels}\n`).update(picture.data).digest('hex');
}
