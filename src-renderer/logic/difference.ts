/** Pixels of a picture as the browser decodes them: 8-bit RGBA. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>;
}

/** Largest change of any channel, in levels of 1/255. */
export function largestChange(clean: Pixels, changed: Pixels): number {
  let largest = 0;
  for (let i = 0; i < clean.data.length; i++) {
    if (i % 4 !== 3) largest = Math.max(largest, Math.abs(changed.data[i]! - clean.data[i]!));
  }
  return largest;
}

/** How many times as strong a difference is drawn whose largest change is `full` levels. */
export function gainOf(full: number): number {
  return 127 / Math.max(full, 1);
}

/**
 * Signed difference per channel around mid grey: 128 + 127·δ/`full`, so that a change of ±`full`
 * levels reaches black or white.
 */
export function signedDifference(clean: Pixels, changed: Pixels, full: number): Pixels {
  const data = new Uint8ClampedArray(clean.data.length);
  const gain = gainOf(full);
  for (let i = 0; i < data.length; i++) {
    data[i] = i % 4 === 3 ? 255 : Math.round(128 + gain * (changed.data[i]! - clean.data[i]!));
  }
  return { width: clean.width, height: clean.height, data };
}

/** Decodes a picture of our own server into exact 8-bit values. @throws when it cannot be loaded or read. */
export async function loadPixels(url: string): Promise<Pixels> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext('2d', { willReadFrequently: true, colorSpace: 'srgb' })!;
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
