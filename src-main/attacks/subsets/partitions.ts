import { cleanOf } from '../attack.ts';
import { UserError } from '../../../shared/errors.ts';
import { isCount } from '../../../shared/norms.ts';
import type { Norm } from '../../../shared/norms.ts';
import type { PartitionChoice } from '../../../shared/partitions.ts';
import type { ImageShape } from '../../model/differentiable.ts';
import { byBlock, byChannel, byColumn, byFeature, byMask, byPixel, byRow, subsetSizes } from '../../norms/partition.ts';
import type { Partition, Planes } from '../../norms/partition.ts';
import { bySuperpixel } from '../../norms/superpixels.ts';
import type { Problem } from '../problem/problem.ts';
import type { Scene } from '../cost.ts';

/**
 * @param pixels the picture, planes CHW: superpixels are its own
 * @throws UserError for a mask that does not fit the pictures or forbids all of them
 */
export function partitionOf(
  { partition, block, superpixels, compactness, mask }: PartitionChoice,
  shape: Planes,
  pixels: Float32Array,
): Partition {
  switch (partition) {
    case 'pixel':
      return byPixel(shape);
    case 'feature':
      return byFeature(shape);
    case 'channel':
      return byChannel(shape);
    case 'block':
      return byBlock(shape, block, block);
    case 'row':
      return byRow(shape);
    case 'column':
      return byColumn(shape);
    case 'superpixel':
      return bySuperpixel(shape, pixels, superpixels, compactness);
    case 'mask':
      if (mask.length !== shape.height * shape.width)
        throw new UserError(
          `The mask of subsets has ${mask.length} numbers and a picture ${shape.height * shape.width} pixels: give one number for each pixel, row by row.`,
        );
      if (!mask.some((name) => name !== 0))
        throw new UserError('The mask of subsets is 0 everywhere, so nothing may change: mark the pixels that may.');
      return byMask(shape, mask);
  }
}

/** Features that ε leaves room for, and subsets that are wanted: in l∞ any and by default one, in l0 as ε has it. */
function limitsOf(norm: Norm, { channels }: ImageShape, epsilon: number, subsets: number | null): { room: number; wanted: number } {
  if (!isCount(norm)) return { room: Infinity, wanted: subsets ?? 1 };
  // Under l0Pixels partitions hold whole pixels, so features count pixels too.
  return { room: Math.floor(epsilon) * (norm === 'l0Pixels' ? channels : 1), wanted: subsets ?? Infinity };
}

/** How many subsets an attack may add at most, and how many features the so many largest hold together. */
export function pathBounds(
  { norm, shape, epsilon = 0 }: Scene,
  choice: PartitionChoice,
  subsets: number | null,
): { most: number; largest(count: number): number } {
  const all = shape.channels * shape.height * shape.width;
  const { room, wanted } = limitsOf(norm, shape, epsilon, subsets);
  if (choice.partition === 'superpixel') {
    // Of the picture's own: none but the first is smaller than a quarter of the area asked for.
    const least = Math.max(1, (shape.height * shape.width) / choice.superpixels / 4) * shape.channels;
    return { most: Math.min(wanted, Math.floor(all / least) + 1, Math.floor(room / least) + 1), largest: () => all };
  }
  const sizes = subsetSizes(partitionOf(choice, shape, new Float32Array())).sort();
  let most = 0;
  for (let held = 0; most < Math.min(wanted, sizes.length) && held + sizes[most]! <= room; most++) held += sizes[most]!;
  return { most, largest: (count) => sizes.slice(-count).reduce((a, b) => a + b, 0) };
}

/** What one image may still change. */
export class Path {
  readonly partition: Partition;
  /** Subsets used, or too large for what is left of the features. */
  readonly barred: Uint8Array;
  /** Subsets that may still be added. */
  left: number;
  private readonly sizes: Uint32Array;
  private readonly used: Uint8Array;
  private features: number;

  constructor(partition: Partition, features: number, subsets: number) {
    this.partition = partition;
    this.sizes = subsetSizes(partition);
    this.barred = new Uint8Array(partition.count);
    this.used = new Uint8Array(partition.count);
    this.features = features;
    this.left = Math.min(subsets, partition.count);
    this.bar();
  }

  get full(): boolean {
    return this.left === 0 || this.barred.every((one) => one === 1);
  }

  /** Of the chosen subsets, in order, those that fit together into the features left. */
  affordable(chosen: readonly number[]): number[] {
    let features = this.features;
    return chosen.filter((s) => {
      if (this.sizes[s]! > features) return false;
      features -= this.sizes[s]!;
      return true;
    });
  }

  add(chosen: readonly number[]): void {
    for (const s of chosen) {
      this.used[s] = 1;
      this.features -= this.sizes[s]!;
      this.left--;
    }
    this.bar();
  }

  mayMove(): Uint8Array {
    return Uint8Array.from(this.partition.of, (s) => (s >= 0 ? this.used[s]! : 0));
  }

  private bar(): void {
    for (let s = 0; s < this.barred.length; s++) if (this.used[s] || this.sizes[s]! > this.features) this.barred[s] = 1;
  }
}

/**
 * A path for each image: in l∞ a feature moves by at most ε and `subsets` bounds how many subsets change; in l0 it moves as
 * far as the box goes and ε bounds the features, in l0Pixels the pixels.
 * @param subsets null: 1 for l∞, as many as ε holds for l0
 * @returns the paths, and how far a feature may move
 * @throws UserError for a partition that does not fit the norm or the pictures
 */
export function pathsOf(
  problem: Problem,
  choice: PartitionChoice,
  subsets: number | null,
  epsilon: number,
): { paths: Path[]; most: number } {
  if (problem.norm === 'l0Pixels' && (choice.partition === 'feature' || choice.partition === 'channel'))
    throw new UserError('In l0Pixels a pixel is changed with all its channels: choose another partition, or the norm l0.');
  const { room, wanted } = limitsOf(problem.norm, problem.shape, epsilon, subsets);
  const make = (image: number): Path => {
    const pixels = cleanOf(problem, image);
    return new Path(partitionOf(choice, problem.shape, pixels), room, wanted);
  };
  return { paths: Array.from({ length: problem.count }, (_, image) => make(image)), most: isCount(problem.norm) ? 1 : epsilon };
}
