import { UserError } from '../../shared/errors.ts';
import type { Goal } from '../../shared/plan.ts';
import type { OutputResult } from '../../shared/results.ts';
import { decodeFile, toUnit } from '../images/index.ts';
import type { Picture } from '../images/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import type { NetworkOutput } from '../model/field.ts';
import { psnr, ssim } from '../norms/similarity.ts';
import type { OriginalOutput } from '../runtime/original.ts';
import { writePng } from './picture.ts';

/** A goal on a network's output rather than on its classes. */
export type OutputGoal = Extract<Goal, { kind: 'deviation' | 'match' }>;

export function isOutputGoal(goal: Goal): goal is OutputGoal {
  return goal.kind === 'deviation' || goal.kind === 'match';
}

/**
 * What an image's output is held against.
 * @param clean pixels of the clean picture, C x H x W in [0,1]
 * @returns as many values as the output has
 * @throws UserError when the reference has another length than the output, or the picture to match another shape.
 */
export async function referenceOf(
  goal: OutputGoal,
  original: OriginalOutput,
  clean: Float32Array,
  shape: ImageShape,
  output: NetworkOutput,
): Promise<Float64Array> {
  if (goal.kind === 'deviation' && goal.reference === 'clean-output') return original.output(clean, shape);
  if (goal.kind === 'deviation') {
    const read = original.read(clean, shape);
    if (read.length !== output.width)
      throw new UserError(
        `The network reads ${read.length} values of an image and puts out ${output.width}, so its output cannot be held against the image: take the clean output as the reference.`,
      );
    return Float64Array.from(read);
  }
  const other = await decodeFile(goal.picture, goal.picture).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    throw new UserError(`${goal.picture}, whose output is to be matched, cannot be read: check that the file is there.`);
  });
  if (other.channels !== shape.channels || other.height !== shape.height || other.width !== shape.width)
    throw new UserError(
      `${goal.picture}, whose output is to be matched, is ${other.width} x ${other.height} with ${other.channels} channels and the images are ${shape.width} x ${shape.height} with ${shape.channels}: give one of their size.`,
    );
  return original.output(toUnit(other), shape);
}

/** Whether an output at this many dB from its reference is what the attacker wants. */
export function reached(goal: OutputGoal, dB: number): boolean {
  return goal.kind === 'deviation' ? dB < goal.psnr : dB >= goal.psnr;
}

/** An output beside its reference, as numbers. */
export function compareOutput(
  goal: OutputGoal,
  y: Float64Array,
  reference: Float64Array,
  output: NetworkOutput,
): { psnr: number; ssim: number | null } {
  const { picture } = output;
  const planes = (row: Float64Array) => (picture?.layout === 'nhwc' ? channelsFirst(row, picture) : row);
  return { psnr: psnr(y, reference, goal.peak), ssim: picture ? ssim(planes(y), planes(reference), picture, goal.peak) : null };
}

/** As it stands in the results; equal rows are an infinite number of dB, which JSON has no word for. */
export function outputResult({ psnr: dB, ssim: likeness }: { psnr: number; ssim: number | null }, file: string | null): OutputResult {
  return { psnr: Number.isFinite(dB) ? dB : null, ssim: likeness, file };
}

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

/**
 * Writes an output as a PNG where it is a picture.
 * @returns the file, or null
 * @throws UserError when it cannot be written.
 */
export async function writeOutput(
  folder: string,
  file: string,
  y: Float64Array,
  output: NetworkOutput,
  peak: number,
): Promise<string | null> {
  const picture = outputPicture(y, output, peak);
  if (picture === null) return null;
  await writePng(folder, file, picture);
  return file;
}

function channelsFirst(row: Float64Array, { channels, height, width }: ImageShape): Float64Array {
  const plane = height * width;
  return Float64Array.from({ length: row.length }, (_, i) => row[(i % plane) * channels + Math.floor(i / plane)]!);
}
