import { psnr, ssim } from '../../src-main/norms/similarity.ts';
import type { Planes } from '../../src-main/norms/partition.ts';

/** How much an output moved for how little a change: what figure 4 of Balda et al. (arXiv 1812.07385) plots, and SSIM beside it. */
export interface OutputMeasures {
  /** PSNR in dB of x + η against x, and of f(x + η) against its reference y; Infinity where equal. */
  input: number;
  output: number;
  /** SSIM likewise; null where it is no picture of at least 11 x 11. */
  inputLikeness: number | null;
  outputLikeness: number | null;
}

/** Two rows of values to compare, and their range. */
export interface Pair {
  changed: ArrayLike<number>;
  clean: ArrayLike<number>;
  /** Largest value possible. */
  peak: number;
  /** As a picture, planes CHW; null: a vector. */
  planes: Planes | null;
}

/** The measures of one image. @throws RangeError when rows of a pair differ in length */
export function outputMeasures(input: Pair, output: Pair): OutputMeasures {
  const likeness = ({ changed, clean, planes, peak }: Pair): number | null => (planes ? ssim(changed, clean, planes, peak) : null);
  return {
    input: psnr(input.changed, input.clean, input.peak),
    output: psnr(output.changed, output.clean, output.peak),
    inputLikeness: likeness(input),
    outputLikeness: likeness(output),
  };
}

/**
 * Means over images, as the paper averages decibels; equal rows (infinitely many) are left out, and so are images without SSIM.
 * @returns NaN and null where there is nothing to average
 */
export function meanMeasures(all: readonly OutputMeasures[]): OutputMeasures {
  const mean = (values: (number | null)[]): number => {
    const some = values.filter((value): value is number => value !== null && Number.isFinite(value));
    return some.reduce((sum, value) => sum + value, 0) / some.length;
  };
  const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    input: mean(all.map(({ input }) => input)),
    output: mean(all.map(({ output }) => output)),
    inputLikeness: orNull(mean(all.map(({ inputLikeness }) => inputLikeness))),
    outputLikeness: orNull(mean(all.map(({ outputLikeness }) => outputLikeness))),
  };
}
