import type { Drawn } from '../../shared/results.ts';
import { draw } from './draw.ts';
import type { Stratum } from './draw.ts';
import { look } from './look.ts';
import type { Looked, Unfit } from './look.ts';
import type { OpenRequest } from './openRequest.ts';

/** A picture before it is looked at, and its place in the whole set. */
type Place = Pick<Looked, 'entry' | 'at'>;

interface Chosen {
  taken: Looked[];
  leftOut: Unfit[];
  drawn: Drawn | null;
  /** Pictures that are not asked for, where some are by id. */
  others: number;
}

/**
 * Looks at the pictures between offset and limit, or at a sample of them. What cannot be taken takes no place in the sample: it is drawn
 * on until there are as many as were asked for, or none is left. The others are looked at where they are no more than those, so that
 * all counts are of pictures that can be taken; of a small sample of a large set that would take far longer than what was asked for, and
 * `drawn.of` counts all but those that were drawn and cannot be taken.
 */
export async function lookAt(
  { sample, only, look: how = 'header', enough }: Pick<OpenRequest, 'sample' | 'only' | 'look' | 'enough'>,
  places: readonly number[],
  strata: readonly Stratum[] | null,
  entryAt: (place: number) => Place,
  idOf: (one: Place) => string,
): Promise<Chosen> {
  if (!sample || only) {
    const all = places.map(entryAt);
    const wanted = only ? all.filter((one) => only.has(idOf(one))) : all;
    return { ...(await look(wanted, how, enough)), drawn: null, others: all.length - wanted.length };
  }
  // Which are the first hangs on all that are bad, so `enough` saves no look; what was decoded once is not decoded again.
  const known = new Map<number, Looked>();
  const bad = new Map<number, Unfit>();
  for (;;) {
    const drawn = draw(places, strata, sample, new Set(bad.keys()));
    const { taken, leftOut } = await look(drawn.filter((place) => !known.has(place)).map(entryAt), how);
    for (const one of taken) known.set(one.at, one);
    for (const one of leftOut) bad.set(one.at, one);
    if (leftOut.length > 0) continue;
    const rest = places.filter((place) => !known.has(place) && !bad.has(place));
    if (enough === undefined && rest.length <= drawn.length)
      for (const one of (await look(rest.map(entryAt), how)).leftOut) bad.set(one.at, one);
    const of = places.length - bad.size;
    return {
      taken: drawn.flatMap((place) => known.get(place) ?? []).slice(0, enough),
      leftOut: [...bad.values()],
      drawn: { of, byClass: places.some((place) => strata?.[place] != null) },
      others: 0,
    };
  }
}
