import type { AttackCard } from '../../shared/contract.ts';
import { isCount, type Norm } from '../../shared/norms.ts';
import type { PARTITIONS } from '../../shared/partitions.ts';
import { fieldsOf, type SchemaField } from './schema.ts';
import type { Size } from './zoom.ts';

export type PartitionKind = (typeof PARTITIONS)[number];

/** Whether the pixels of an area of the mask are one subset, or each is one; by norm: one under ℓ∞, each under ℓ₀, where ε counts pixels. */
export type AreaPixels = 'by-norm' | 'together' | 'each';

/** How a picture is cut into subsets: one choice for every attack on subsets. Replaced, never changed in place. */
export interface Cut {
  readonly partition: PartitionKind;
  readonly block: number;
  readonly superpixels: number;
  readonly compactness: number;
  /** Area of each pixel, row by row; 0: never changed. */
  readonly mask: readonly number[];
  /** Size of the pictures that the mask is for. */
  readonly width: number;
  readonly height: number;
  readonly areaPixels: AreaPixels;
}

/** The attacks' own defaults. */
export const FIRST_CUT: Cut = {
  partition: 'pixel',
  block: 4,
  superpixels: 100,
  compactness: 10,
  mask: [],
  width: 0,
  height: 0,
  areaPixels: 'by-norm',
};

const KEYS = ['partition', 'block', 'superpixels', 'compactness', 'mask'];

/** The options that an attack has for itself: how a picture is cut is edited for all attacks at once. */
export function ownFields(attack: AttackCard): SchemaField[] {
  const fields = fieldsOf(attack.options);
  return onSubsets(attack) ? fields.filter(({ key }) => !KEYS.includes(key)) : fields;
}

/** Whether an attack changes subsets of a partition. */
export function onSubsets(attack: AttackCard): boolean {
  const properties = (attack.options['properties'] ?? {}) as Record<string, unknown>;
  return KEYS.every((key) => key in properties);
}

/** What a cut says in an attack's options under a norm; only what differs from the defaults. */
export function cutOptions(cut: Cut, norm: Norm): Record<string, unknown> {
  const { partition, block, superpixels, compactness } = cut;
  if (partition === 'pixel') return {};
  if (partition === 'block') return { partition, block };
  if (partition === 'superpixel') return { partition, superpixels, compactness };
  if (partition !== 'mask') return { partition };
  return { partition, mask: pixelsAreSubsets(cut, norm) ? cut.mask.map((area, pixel) => (area === 0 ? 0 : pixel + 1)) : [...cut.mask] };
}

/** Whether each pixel inside the mask is a subset of its own. */
export function pixelsAreSubsets({ areaPixels }: Cut, norm: Norm): boolean {
  return areaPixels === 'each' || (areaPixels === 'by-norm' && isCount(norm));
}

/** Whether pictures of a size can be cut by the mask. */
export function fitsMask({ mask, width, height }: Cut, size: Size): boolean {
  return mask.length > 0 && width === size.width && height === size.height;
}
