import { z } from 'zod';

export const PARTITIONS = ['pixel', 'feature', 'channel', 'block', 'row', 'column', 'superpixel', 'mask'] as const;

/** How a picture is cut into subsets that are changed together: the options of every attack and map on subsets. */
export const partitionOptions = {
  partition: z
    .enum(PARTITIONS)
    .default('pixel')
    .describe(
      'What is changed together: a pixel with all its channels, one value, a colour plane, a square block, a row, a column, an area of like colour (SLIC), or an area of your mask.',
    ),
  block: z.number().int().min(1).max(4096).default(4).describe('Side of a block in pixels.'),
  superpixels: z.number().int().min(1).max(1_000_000).default(100).describe('Partition superpixel: about how many areas.'),
  compactness: z
    .number()
    .positive()
    .max(1000)
    .default(10)
    .describe('Partition superpixel: large makes areas square, small makes them follow colours.'),
  mask: z
    .array(z.number().int().min(0))
    .max(1e8)
    .default([])
    .describe('Partition mask: a number for each pixel, row by row; equal numbers are changed together, 0 never.'),
};
export const PartitionChoice = z.strictObject(partitionOptions);
export type PartitionChoice = z.infer<typeof PartitionChoice>;

/**
 * Which subset each value of a picture is in, written short: pairs of a step from the value before and how many values in a row have
 * that step, from -1 on. Single pixels are one pair, and areas a few for each row.
 */
export function packSubsets(of: ArrayLike<number>): number[] {
  const out: number[] = [];
  for (let j = 0, before = -1; j < of.length; before = of[j]!, j++) {
    const step = of[j]! - before;
    if (out.length > 0 && out.at(-2) === step) out[out.length - 1]! += 1;
    else out.push(step, 1);
  }
  return out;
}

/** What `packSubsets` wrote. @param length how many values there are @throws RangeError when it is not of so many */
export function unpackSubsets(packed: readonly number[], length: number): Int32Array {
  const of = new Int32Array(length);
  let [at, value] = [0, -1];
  for (let i = 0; i + 1 < packed.length; i += 2) {
    const end = at + packed[i + 1]!;
    if (end > length) break;
    for (; at < end; at++) of[at] = value += packed[i]!;
  }
  if (at !== length) throw new RangeError(`subsets of ${at} values, not of ${length}`);
  return of;
}
