import { z } from 'zod';
import { UserError } from '../../../shared/errors.ts';
import { isCount } from '../../../shared/norms.ts';
import { byBlock, byChannel, byColumn, byFeature, byMask, byPixel, byRow, subsetSizes } from '../../norms/partition.ts';
import type { Partition, Planes } from '../../norms/partition.ts';
import { bestSubsets, subsetGains, subsetStep } from '../../norms/subset.ts';
import { defineAttack, rowsOf } from '../attack.ts';
import type { Query, Target } from '../target.ts';
import { eachLine, rivalsOption } from './lines.ts';

/** A success this deep, as a share of the largest logit, survives rounding to 8 bit; until then more subsets are added. */
const DEEP = 0.02;

interface Choice {
  partition: 'pixel' | 'feature' | 'channel' | 'block' | 'row' | 'column' | 'mask';
  block: number;
  mask: readonly number[];
}

/**
 * Single and multiple subset attack on classifiers (Balda et al., eq. 22, 23 and Algorithm 1 with its line for
 * ‖η‖_{0,S} = 1): each linearisation moves the subset with the largest Σ |∇L_j| to the edge of the ball or the box,
 * for the rival class that this brings nearest, and never the same subset again. In l∞ a feature moves by at most ε
 * and `subsets` bounds how many subsets change; in l0 it moves as far as the box goes
 * and ε bounds the features, or the pixels.
 * The picture that is made of it changes no other subset.
 */
export const subset = defineAttack({
  id: 'subset',
  title: 'Pixel and subset attack',
  norms: ['l0', 'l0Pixels', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  summary: 'Changes few pixels, blocks, rows or areas of your own: one more with every linearisation, the most effective first.',
  source: 'Balda, Behboodi, Mathar 2018 (arXiv 1812.07385), eq. 22, 23 and section 5, for classifiers; exact inside the box',
  options: z.strictObject({
    partition: z.enum(['pixel', 'feature', 'channel', 'block', 'row', 'column', 'mask']).default('pixel').describe('What is changed together: a pixel with all its channels, one value, a colour plane, a square block, a row, a column, or an area of your mask.'),
    block: z.number().int().min(1).max(4096).default(4).describe('Side of a block in pixels.'),
    mask: z.array(z.number().int().min(0)).max(1e8).default([]).describe('Partition mask: a number for each pixel, row by row; equal numbers are changed together, 0 never.'),
    subsets: z.number().int().min(1).max(100_000).nullable().default(null).describe('Most subsets that are changed. Empty: 1 for l∞, as many as ε holds for l0.'),
    perStep: z.number().int().min(1).max(100_000).default(1).describe('Subsets added by each linearisation; the paper has 1.'),
    rivals: rivalsOption,
  }),
  async run(target, { subsets, perStep, rivals, epsilon = 0, ...choice }) {
    const counts = isCount(target.norm);
    if (target.norm === 'l0Pixels' && (choice.partition === 'feature' || choice.partition === 'channel'))
      throw new UserError('In l0Pixels a pixel is changed with all its channels: choose another partition, or the norm l0.');
    const partition = partitionOf(choice, target.shape);
    const most = counts ? 1 : epsilon;
    // The other partitions hold whole pixels, so features count pixels too.
    const features = Math.floor(epsilon) * (target.norm === 'l0Pixels' ? target.shape.channels : 1);
    const paths = Array.from({ length: target.count }, () => new Path(partition, counts ? features : Infinity, subsets ?? (counts ? Infinity : 1)));
    const eta = new Float32Array(target.clean.length);
    const [points, clean] = [rowsOf(eta, target.count), rowsOf(target.clean, target.count)];
    const here = new Float32Array(target.features);
    const only = new Uint8Array(target.count).fill(1);
    const lowest = new Float64Array(target.count);
    const best = rowsOf(eta.slice(), target.count);
    const added: number[][] = paths.map(() => []);
    const last = new Uint8Array(target.count);
    const seen = (query: Query): void => {
      for (let image = 0; image < target.count; image++) if (only[image] && target.active[image] && isDeep(target, query, image)) only[image] = 0;
    };
    while (only.some((yes, image) => yes && target.active[image])) {
      lowest.fill(Infinity);
      for (const list of added) list.length = 0;
      await eachLine(target, eta, { rivals, only, seen }, (image, value, gradient) => {
        for (let j = 0; j < here.length; j++) here[j] = Math.min(1, Math.max(0, clean[image]![j]! + points[image]![j]!));
        const gains = subsetGains(partition, gradient, here, most);
        const chosen = paths[image]!.affordable(bestSubsets(gains, paths[image]!.barred, Math.min(perStep, paths[image]!.left)));
        const end = chosen.reduce((sum, s) => sum - gains[s]!, value);
        if (chosen.length === 0 || end >= lowest[image]!) return;
        lowest[image] = end;
        added[image] = chosen;
        subsetStep(partition, gradient, here, most, chosen, best[image]!);
      });
      for (let image = 0; image < target.count; image++) {
        if (!target.active[image] || !only[image]) continue;
        const path = paths[image]!;
        if (added[image]!.length > 0) {
          path.add(added[image]!);
          for (let j = 0; j < here.length; j++) points[image]![j]! += best[image]![j]!;
          if (path.full) last[image] = 1;
        }
        if (path.full || added[image]!.length === 0) only[image] = 0;
      }
    }
    // Those that stopped because nothing may be added have not been looked at since.
    await target.query(eta, last);
    paths.forEach((path, image) => target.confine(image, path.mayMove()));
  },
});

/** @throws UserError for a mask that does not fit the pictures or forbids all of them */
function partitionOf({ partition, block, mask }: Choice, shape: Planes): Partition {
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
    case 'mask':
      if (mask.length !== shape.height * shape.width)
        throw new UserError(`The mask of the subset attack has ${mask.length} numbers and a picture ${shape.height * shape.width} pixels: give one number for each pixel, row by row.`);
      if (!mask.some((name) => name !== 0)) throw new UserError('The mask of the subset attack is 0 everywhere, so nothing may change: mark the pixels that may.');
      return byMask(shape, mask);
  }
}

/** What one image may still change. */
class Path {
  /** Subsets used, or too large for what is left of the features. */
  readonly barred: Uint8Array;
  /** Subsets that may still be added. */
  left: number;
  private readonly partition: Partition;
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

function isDeep(target: Target, { success, margin, logits }: Query, image: number): boolean {
  if (!success[image]) return false;
  let largest = 0;
  for (let k = image * target.classes; k < (image + 1) * target.classes; k++) largest = Math.max(largest, Math.abs(logits[k]!));
  return margin[image]! < -DEEP * largest;
}
