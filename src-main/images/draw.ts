import type { Sample } from '../../shared/plan.ts';

/** What a place in the set is drawn by: its class, as it was given; null where it has none. */
export type Stratum = number | string | null;

/**
 * Draws a random sample, class by class: the places lie one class after the other, in random order within each and of the classes, and
 * every so-many-th is taken from a random start. So each place is as likely as any other, and each class has its share, rounded up
 * or down. It hangs on the places, their classes and the seed alone.
 * Source: systematic sampling of an ordered list, Cochran, Sampling Techniques, 3rd ed. 1977, chapter 8.
 * @param strata by place; null: there are no classes
 * @param bad places that cannot be taken: the next in the order steps in, which is mostly of the same class; the others stay as drawn
 * @returns places, ascending; all that are not bad where there are no more than asked for
 */
export function draw(
  places: readonly number[],
  strata: readonly Stratum[] | null,
  { size, seed }: Sample,
  bad: ReadonlySet<number> = new Set(),
): number[] {
  if (places.length - bad.size <= size) return places.filter((place) => !bad.has(place));
  const groups = new Map<Stratum, number[]>();
  for (const place of places) {
    const stratum = strata?.[place] ?? null;
    const group = groups.get(stratum);
    if (group) group.push(place);
    else groups.set(stratum, [place]);
  }
  const inRandomOrder = (of: readonly number[]): number[] =>
    of
      .map((place) => ({ place, chance: chance(seed, place) }))
      .sort((a, b) => a.chance - b.chance || a.place - b.place)
      .map(({ place }) => place);
  // A class is known by its first place, whatever it is called or numbered.
  const firsts = new Map([...groups.values()].map((group) => [group[0]!, group]));
  const list = inRandomOrder([...firsts.keys()]).flatMap((first) => inRandomOrder(firsts.get(first)!));
  const step = list.length / size;
  const start = chance(seed, -1) * step;
  const drawn = Array.from({ length: size }, (_, i) => Math.floor(start + i * step));
  const taken = new Set(drawn);
  const inPlaceOf = (at: number): number => {
    let next = at;
    while (taken.has(next) || bad.has(list[next]!)) next = (next + 1) % list.length;
    taken.add(next);
    return next;
  };
  return drawn.map((at) => list[bad.has(list[at]!) ? inPlaceOf(at) : at]!).sort((a, b) => a - b);
}

/** A uniform number in [0,1) for a place: the finalizer of MurmurHash3 (Appleby), over seed and place. */
function chance(seed: number, place: number): number {
  return mixed(mixed(place + 0x7f4a7c15) + mixed(seed ^ 0x9e3779b9)) / 2 ** 32;
}

function mixed(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** What to say where the first of a set are taken, and it is sorted by class: then some classes are never seen. Null where it is not. */
export function sortedNote(taken: number, offered: readonly Stratum[]): string | null {
  const classes = new Set(offered).size;
  const seen = new Set(offered.slice(0, taken)).size;
  const runs = offered.filter((one, i) => i === 0 || one !== offered[i - 1]).length;
  if (offered.includes(null) || seen === classes || runs > classes) return null;
  return `The first ${taken} of ${offered.length} images are of ${seen} of ${classes} classes only, for the images are sorted by class: what comes out says nothing of the others. Let a sample be drawn instead (--limit).`;
}
