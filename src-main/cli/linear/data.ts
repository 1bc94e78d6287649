import { UserError } from '../../../shared/errors.ts';
import { openImages, toUnit } from '../../images/index.ts';
import type { ImageRef, Picture } from '../../images/index.ts';
import type { ImageShape } from '../../model/differentiable.ts';
import { whole } from '../flags.ts';

export interface Digits {
  shape: ImageShape;
  /** Planes CHW in [0,1], the decoded picture they came from, and a class from 0 on. */
  items: { pixels: Float32Array; picture: Picture; label: number }[];
}

/**
 * Labelled pictures of one size; of the classes named alone, if any, which then count from 0 in that order.
 * @throws UserError without labels, for pictures of several sizes, or when a class has none
 */
export async function readDigits(
  paths: string[],
  labels: string | null,
  classes: readonly number[] | null,
  limit: string | undefined,
  flag: string,
): Promise<Digits> {
  const set = await openImages({ paths, labels, offset: 0, limit: null, look: 'all' });
  if (set.items.some(({ label }) => label === null))
    throw new UserError('Training needs a label for every image: give them with --labels FILE.');
  const wanted = classes === null ? set.items : set.items.filter(({ label }) => classes.includes(label!));
  const chosen = wanted.slice(0, whole(flag, limit, 2) ?? wanted.length);
  const first = chosen[0];
  const without = classes?.find((one) => !chosen.some(({ label }) => label === one));
  if (!first || without !== undefined) throw new UserError(`There is no image of class ${without ?? 'any'} among those given.`);
  const { channels, height, width } = first;
  const other = chosen.find((item) => item.channels !== channels || item.height !== height || item.width !== width);
  if (other)
    throw new UserError(
      `A linear model reads pictures of one size, but ${other.source} is ${size(other)} and ${first.source} ${size(first)}.`,
    );
  const items = [];
  for (const item of chosen) {
    const picture = await item.read();
    items.push({ pixels: toUnit(picture), picture, label: classes === null ? item.label! : classes.indexOf(item.label!) });
  }
  return { shape: { channels, height, width }, items };
}

function size({ width, height, channels }: ImageRef): string {
  return `${width} x ${height} with ${channels} channel${channels > 1 ? 's' : ''}`;
}

/** A number of a flag. @throws UserError when it is none, or below `least` */
export function number(flag: string, text: string, least: number): number {
  const [above, below] = text.split('/');
  const value = below === undefined ? Number(above) : Number(above) / Number(below);
  if (text.trim() === '' || !Number.isFinite(value) || value < least)
    throw new UserError(`${flag} takes a number of at least ${least}, such as 0.1 or 8/255, not ${text}.`);
  return value;
}
