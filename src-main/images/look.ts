import { stat } from 'node:fs/promises';
import type { PictureHeader } from './decode.ts';
import { refused } from './leftOut.ts';
import type { Refused } from './leftOut.ts';
import type { Entry } from './source.ts';
import { turns } from './turns.ts';

/** How closely pictures are looked at: their headers, as many of them decoded as takes a few seconds, or all. */
export type Look = 'header' | 'some' | 'all';

/** A picture that can be taken. */
export interface Looked {
  entry: Entry;
  header: PictureHeader;
  /** Place in the whole set. */
  at: number;
}

/** One that cannot, and its place in the whole set. */
export type Unfit = Refused & Pick<Looked, 'at'>;

/** Pixels that are decoded of `some`. */
const SOME = 300e6;
/** Headers at a time: enough to keep the disk busy. */
const PARALLEL = 8;

/**
 * Reads the headers of pictures, and decodes them as far as asked: what is damaged inside shows no sooner.
 * @param enough so many that can be taken; the rest is not looked at
 */
export async function look(
  chosen: readonly Pick<Looked, 'entry' | 'at'>[],
  how: Look,
  enough = Infinity,
): Promise<{ taken: Looked[]; leftOut: Unfit[] }> {
  const taken: Looked[] = [];
  const leftOut: Unfit[] = [];
  let pixels = 0;
  const step = enough === Infinity ? chosen.length : PARALLEL;
  for (let first = 0; first < chosen.length && taken.length < enough; first += step) {
    const found = await headersOf(chosen.slice(first, first + step));
    const whole = found.filter((one): one is Looked => 'header' in one);
    const wanted = how === 'header' ? [] : whole.filter(({ header }) => how === 'all' || (pixels += header.width * header.height) <= SOME);
    const damaged = await damagedAmong(wanted);
    for (const one of found) {
      const why = 'header' in one ? damaged.get(one) : one;
      if (why) leftOut.push({ ...why, at: one.at });
      else if (taken.length < enough) taken.push(one as Looked);
    }
  }
  return { taken, leftOut };
}

async function headersOf(chosen: readonly Pick<Looked, 'entry' | 'at'>[]): Promise<(Looked | Unfit)[]> {
  const out = new Array<Looked | Unfit>(chosen.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < chosen.length) {
      const i = next++;
      const { entry, at } = chosen[i]!;
      out[i] = await entry.header().then(
        (header) => ({ entry, at, header }),
        (error: unknown) => ({ ...refusal(error, entry), at }),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, chosen.length) }, worker));
  return out;
}

/** Files that were decoded once, as they were then: pictures are opened again with every label that is set. */
const sound = new Set<string>();
const MOST_KNOWN = 100_000;

async function damagedAmong(pictures: readonly Looked[]): Promise<Map<Looked, Refused>> {
  const damaged = new Map<Looked, Refused>();
  const files = pictures
    .filter(({ entry }) => entry.path !== null)
    .map((one) => ({ one, width: one.header.width, height: one.header.height }));
  for (const turn of turns(files))
    await Promise.all(
      turn.map(async ({ one }) => {
        const { entry } = one;
        const facts = await stat(entry.path!).catch(() => null);
        const key = `${facts?.dev} ${facts?.ino} ${facts?.size} ${facts?.mtimeMs} ${entry.bits} ${entry.path}`;
        if (facts && sound.has(key)) return;
        const why = await entry.read().then(
          () => null,
          (error: unknown) => refusal(error, entry),
        );
        if (why) damaged.set(one, why);
        else if (sound.size < MOST_KNOWN) sound.add(key);
      }),
    );
  return damaged;
}

const refusal = (error: unknown, { path, source }: Entry): Refused => refused(error, path ?? source, source);
