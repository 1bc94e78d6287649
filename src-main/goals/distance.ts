import { z } from 'zod';
import type { GraphBuilder } from '../graph/index.ts';
import type { EmitScore } from '../model/regression.ts';

/** How far an output is from its reference, in dB: what goals on an output are set by. */
export const decibels = (description: string) =>
  z
    .number()
    .min(-100)
    .max(200)
    .default(20)
    .meta({ description, slider: { from: 0, to: 60, step: 0.5 } });
export const peak = z.number().positive().default(1).describe('Largest value an output can take, which PSNR is relative to.');

/** Root mean square distance at a peak signal-to-noise ratio. @param psnr in dB @param peak largest value an output can take */
export function distanceAt(psnr: number, peak: number): number {
  return peak * 10 ** (-psnr / 20);
}

/** Values of a vector register; rows of a multiple of it begin alike in memory. */
const LANES = 16;
/** Under the root, so that the distance of an output from itself has a gradient, which is then 0. */
const TINY = 1e-14;

/**
 * The root mean square distance of each row from its reference, sqrt(‖f(x) - y‖² / D), beside a threshold. The distance and not its
 * square, for that is what a linear network makes grow in proportion: first-order steps of the right length.
 * @param tau in the output's own units
 * @param score of the names of distance and threshold: above 0 where the goal is reached
 */
function emitDistance(tau: number, score: (builder: GraphBuilder, distance: string, threshold: string) => string): EmitScore {
  return (builder, { output, reference, rows, width }) => {
    const off = builder.node('Sub', [output, reference], {}, { hint: 'off' });
    const square = builder.node('Mul', [
      builder.node('ReduceSum', [aligned(builder, builder.node('Mul', [off, off]), rows, width), builder.ints([1])], { keepdims: 1 }),
      builder.scalar(1 / width),
    ]);
    const distance = builder.node('Sqrt', [builder.node('Add', [square, builder.scalar(TINY)])], {}, { hint: 'distance' });
    return score(builder, distance, builder.scalar(tau));
  };
}

/** A goal's nodes, and what tells the graph that they make from others. */
export interface Scored {
  key: string;
  emit: EmitScore;
}

/** Reached where the output is farther than τ from its reference; with τ = 0 the margin is the distance itself, negative. */
export const farther = (tau: number): Scored => ({
  key: `farther ${tau}`,
  emit: emitDistance(tau, (builder, distance, threshold) => builder.node('Sub', [distance, threshold])),
});

/** Reached where it is nearer. */
export const nearer = (tau: number): Scored => ({
  key: `nearer ${tau}`,
  emit: emitDistance(tau, (builder, distance, threshold) => builder.node('Sub', [threshold, distance])),
});

/** Rows made longer by zeros to a whole number of registers: a sum over a row else depends, in its last bit, on which row it is. */
function aligned(builder: GraphBuilder, value: string, rows: number, width: number): string {
  const spare = (LANES - (width % LANES)) % LANES;
  return spare === 0
    ? value
    : builder.node('Concat', [value, builder.constant(new Array<number>(rows * spare).fill(0), [rows, spare])], { axis: 1 });
}
