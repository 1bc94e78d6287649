import type { Picture } from './picture.ts';
import { loadSharp } from './sharp.ts';

/**
 * A picture as PNG: lossless, 8 bits, grey or RGB as it is, no metadata. The same picture gives the same bytes
 * under the same version of sharp.
 */
export async function encodePng(picture: Picture): Promise<Uint8Array> {
  const { width, height, channels, data } = picture;
  const sharp = await loadSharp();
  const png = await sharp(data, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png({ compressionLevel: 6, adaptiveFiltering: false, palette: false, progressive: false })
    .toBuffer();
  return new Uint8Array(png.buffer, png.byteOffset, png.length);
}
