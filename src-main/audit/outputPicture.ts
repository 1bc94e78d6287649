import type { Picture } from '../images/index.ts';
import type { NetworkOutput } from '../model/networkOutput.ts';
import type { JobFile } from './jobs.ts';
import { pngFile } from './picture.ts';

/** An output as 8-bit pixels where it is a picture of one or three channels: peak is white, what lies outside is clipped; else null. */
export function outputPicture(y: Float64Array, { picture }: Pick<NetworkOutput, 'picture'>, peak: number): Picture | null {
  if (picture === null || (picture.channels !== 1 && picture.channels !== 3)) return null;
  const { channels, height, width, layout } = picture;
  const plane = height * width;
  const data = new Uint8Array(y.length);
  for (let p = 0; p < plane; p++)
    for (let c = 0; c < channels; c++) {
      const value = y[layout === 'nhwc' ? p * channels + c : c * plane + p]!;
      data[p * channels + c] = Math.min(255, Math.max(0, Math.round((255 * value) / peak)));
    }
  return { width, height, channels, data };
}

/** An output as a PNG where it is a picture; null where it is none. */
export async function outputFile(file: string, y: Float64Array, output: NetworkOutput, peak: number): Promise<JobFile | null> {
  const picture = outputPicture(y, output, peak);
  return picture && pngFile(file, picture);
}
