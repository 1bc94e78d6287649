import { UserError } from '../../shared/errors.ts';
import { cellAt, fitted, SHEET_COLUMNS } from '../../shared/sheet.ts';
import type { ImageRef } from './open.ts';
import type { Picture } from './picture.ts';
import { loadSharp } from './sharp.ts';
import { turns } from './turns.ts';

/**
 * Thumbnails of many pictures as one PNG, to look at and not to measure on: what is larger than its cell is scaled down. The cell
 * of a picture that is damaged or gone stays transparent.
 * @param side of a cell, px
 */
export async function encodeSheet(images: readonly Pick<ImageRef, 'read' | 'width' | 'height'>[], side: number): Promise<Uint8Array> {
  const columns = Math.min(SHEET_COLUMNS, images.length);
  const [width, height] = [columns * side, Math.ceil(images.length / SHEET_COLUMNS) * side];
  const sheet = new Uint8Array(4 * width * height);
  let first = 0;
  for (const some of turns(images)) {
    const thumbnails = await Promise.all(some.map((image) => thumbnail(image, side)));
    thumbnails.forEach((picture, i) => {
      const { x, y } = cellAt(first + i, side);
      if (picture) lay(picture, sheet, 4 * (y * width + x), 4 * width);
    });
    first += some.length;
  }
  const sharp = await loadSharp();
  return sharp(sheet, { raw: { width, height, channels: 4 } })
    .png({ compressionLevel: 3 })
    .toBuffer();
}

async function thumbnail(image: Pick<ImageRef, 'read'>, side: number): Promise<Picture | null> {
  try {
    const picture = await image.read();
    const { width, height } = fitted(picture, side);
    if (width === picture.width && height === picture.height) return picture;
    const sharp = await loadSharp();
    const { channels } = picture;
    const small = sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels } });
    const data = await small
      .resize(width, height, { fit: 'fill' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();
    return { width, height, channels, data };
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Copies a picture into RGBA, from byte `at` on, in rows of `stride` bytes. */
function lay({ width, height, channels, data }: Picture, into: Uint8Array, at: number, stride: number): void {
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = channels * (y * width + x);
      for (let c = 0; c < 3; c++) into[at + y * stride + 4 * x + c] = data[from + (channels === 3 ? c : 0)]!;
      into[at + y * stride + 4 * x + 3] = 255;
    }
}
