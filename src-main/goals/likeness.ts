import type { Figures } from '../../shared/results.ts';
import type { ImageShape } from '../model/differentiable.ts';
import type { NetworkOutput } from '../model/networkOutput.ts';
import { psnr, ssim } from '../norms/similarity.ts';
import type { GoalFigure } from './goal.ts';

/** How far an output is from its reference: the figures of goals that are set in dB. */
export const LIKENESS: readonly GoalFigure[] = [
  { name: 'psnr', unit: 'dB', digits: 2, cut: true, threshold: 'psnr', slack: 1e-3 },
  { name: 'ssim', unit: null, digits: 3, cut: false, threshold: null, slack: 1e-4 },
];
export const LIKENESS_WORDS = { psnr: 'PSNR', ssim: 'SSIM' };

/**
 * Peak signal-to-noise ratio in dB, null of equals, and of pictures that are not tiny the mean structural similarity.
 * @param y, reference one output each, in float64
 * @param peak largest value an output can take
 */
export function likeness(
  y: Float64Array,
  reference: Float64Array,
  { picture }: Pick<NetworkOutput, 'picture'>,
  peak: number,
): { psnr: number | null; ssim?: number } {
  const planes = (row: Float64Array) => (picture?.layout === 'nhwc' ? channelsFirst(row, picture) : row);
  const dB = psnr(y, reference, peak);
  const similarity = picture ? ssim(planes(y), planes(reference), picture, peak) : null;
  return { psnr: Number.isFinite(dB) ? dB : null, ...(similarity !== null && { ssim: similarity }) };
}

/** Decibels of figures, where the output has some: of equals infinitely many. */
export const decibelsIn = ({ psnr: dB }: Figures): number | undefined => (dB === null ? Infinity : dB);

function channelsFirst(row: Float64Array, { channels, height, width }: ImageShape): Float64Array {
  const plane = height * width;
  return Float64Array.from({ length: row.length }, (_, i) => row[(i % plane) * channels + Math.floor(i / plane)]!);
}
