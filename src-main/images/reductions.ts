import { spread } from '../../shared/spread.ts';
import { depthNotes, TWELVE } from './depth.ts';
import type { PictureHeader } from './decode.ts';
import type { Looked } from './look.ts';

/** Pictures of 16 bits whose values are looked at for how many of these they use. */
const LOOKED_AT = 64;

/** What is lost of pictures that hold more than 8 bits of grey or RGB, as sentences. */
export async function reductions(images: readonly Looked[]): Promise<string[]> {
  const having = (what: keyof PictureHeader): number => images.filter(({ header }) => header[what] === true).length;
  const told = (count: number, rest: string): string[] => (count > 0 ? [`${count} of ${images.length} images ${rest}`] : []);
  return [
    ...told(having('alpha'), 'have an alpha channel, which was dropped.'),
    ...told(having('frames'), 'have several frames or pages, of which the first was taken.'),
    ...told(having('print'), 'have the colours of print (CMYK), which were taken to RGB.'),
    ...(await ofDepth(images)),
  ];
}

async function ofDepth(images: readonly Looked[]): Promise<string[]> {
  const deep = images.filter(({ header }) => header.deep);
  const some = spread(deep, LOOKED_AT);
  let twelve = 0;
  // One that is damaged inside is told of elsewhere.
  for (const { entry } of some) if ((await entry.white?.().catch(() => null)) === TWELVE) twelve++;
  // Of the others it is taken to be as of these.
  return depthNotes(deep.length, Math.round((twelve * deep.length) / Math.max(1, some.length)), images.length);
}
