import { spread } from '../../shared/spread.ts';
import { bitsOf, depthNotes } from './depth.ts';
import type { Depth } from './depth.ts';
import type { PictureHeader } from './decode.ts';
import type { Looked } from './look.ts';

/** Pictures of 16 bits whose values are looked at first for how many of these they use; and of those that may say it together. */
const LOOKED_AT = 64;

/** What is lost of pictures that hold more than 8 bits of grey or RGB, as sentences. */
export function reductions(images: readonly Looked[], depth: Depth): string[] {
  const having = (what: keyof PictureHeader): number => images.filter(({ header }) => header[what] === true).length;
  const told = (count: number, rest: string): string[] => (count > 0 ? [`${count} of ${images.length} images ${rest}`] : []);
  const own = images.filter(({ header }) => header.white !== undefined);
  return [
    ...told(having('alpha'), 'have an alpha channel, which was dropped.'),
    ...told(having('frames'), 'have several frames or pages, of which the first was taken.'),
    ...told(having('print'), 'have the colours of print (CMYK), which were taken to RGB.'),
    ...told(own.length, 'have more than 8 bits a value and were reduced to 8 from the largest value that their header names.'),
    ...depthNotes(having('deep') - own.length, images.length, depth),
  ];
}

/**
 * How many bits are in use of those pictures that have 16 a value, by all of them together: a dark one among others is dark. One that
 * goes beyond 12 bits is enough to tell. Where none of some does, the rest is looked at only if `all` are wanted; else each goes by itself.
 */
export async function depthOf(images: readonly Looked[], all: boolean): Promise<Depth> {
  const deep = images.filter(({ header }) => header.deep && header.white === undefined);
  const some = spread(deep, LOOKED_AT);
  const known = new Set(some);
  const highs: Depth['highs'] = [];
  const look = async ({ entry }: Looked): Promise<void> => {
    // One that is damaged inside is told of elsewhere.
    const high = (await entry.high?.().catch(() => null)) ?? null;
    if (high !== null) highs.push({ source: entry.source, high });
  };
  const isWhole = () => highs.some(({ high }) => bitsOf(high) === 16);
  for (const one of some) await look(one);
  if (all)
    for (const one of deep) {
      if (isWhole()) break;
      if (!known.has(one)) await look(one);
    }
  const settled = highs.length > 0 && (all || some.length === deep.length || isWhole());
  return { bits: settled ? bitsOf(Math.max(...highs.map(({ high }) => high))) : null, highs };
}
