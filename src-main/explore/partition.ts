import { packSubsets } from '../../shared/partitions.ts';
import type { PartitionChoice } from '../../shared/partitions.ts';
import { partitionOf } from '../attacks/subsets/partitions.ts';
import { toUnit } from '../images/index.ts';
import type { Picture } from '../images/index.ts';

/** A picture cut into subsets, as attacks cut it. */
export interface CutPicture {
  /** How many subsets there are. */
  count: number;
  /** Subset of each pixel, row by row, packed (`packSubsets`); of several (values, colour planes) the first. */
  of: number[];
}

/** @throws UserError for a mask that does not fit the picture */
export function cutPicture(picture: Picture, choice: PartitionChoice): CutPicture {
  const { count, of } = partitionOf(choice, picture, toUnit(picture));
  return { count, of: packSubsets(of.subarray(0, picture.width * picture.height)) };
}
