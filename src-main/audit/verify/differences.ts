import { shortened } from '../../../shared/printable.ts';
import { placeWords } from './places.ts';
import type { Step } from './places.ts';

/** What the report says against what it is put together from. */
export interface Differences {
  /** A sentence for each. */
  problems: string[];
  /** Fields that the report has not and that are due; an older Hairline did not write them all. */
  lacks: string[];
}

/** How the two are called: `the report says 1, its journal gives 2`. */
export interface Sides {
  told: string;
  found: string;
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** By what an entry of a list is known, where its place is not what counts. */
const KEYS: Record<string, (item: Json) => string> = {
  images: ({ id }) => String(id),
  findings: ({ image, threat, attack }) => JSON.stringify([image, threat, attack]),
  points: ({ eps }) => String(eps),
  curve: ({ eps }) => String(eps),
  attackSummaries: ({ attack }) => String(attack),
  checks: ({ id }) => String(id),
  measures: ({ image }) => String(image),
  outcomes: ({ threat }) => String(threat),
  files: ({ role, file }) => `${String(role)} ${String(file)}`,
};

/**
 * Compares two pieces of JSON figure by figure, whatever fields they have and however deep.
 * @param told as somebody wrote it @param found as it is put together anew
 */
export function differences(told: unknown, found: unknown, sides: Sides, from: readonly Step[] = []): Differences {
  const out: Differences = { problems: [], lacks: [] };
  compare(told, found, [...from], { sides, out, told, found });
  return out;
}

interface Walk {
  sides: Sides;
  out: Differences;
  /** The whole of both, for the names of what lies on the way. */
  told: unknown;
  found: unknown;
}

function compare(told: unknown, found: unknown, path: Step[], walk: Walk): void {
  if (Array.isArray(told) && Array.isArray(found)) return compareLists(told as unknown[], found as unknown[], path, walk);
  if (isObject(told) && isObject(found)) {
    for (const key of new Set([...Object.keys(found), ...Object.keys(told)])) {
      const at: Step[] = [...path, key];
      if (told[key] === undefined && found[key] !== undefined)
        walk.out.lacks.push(
          `${placeWords(at, walk)}: ${walk.sides.told} says nothing, ${walk.sides.found} gives ${words(found[key], key)}.`,
        );
      else compare(told[key], found[key], at, walk);
    }
    return;
  }
  if (Object.is(told, found)) return;
  say(path, told, found, walk);
}

function compareLists(told: unknown[], found: unknown[], path: Step[], walk: Walk): void {
  const name = path.findLast((step) => typeof step === 'string');
  const key = name === undefined ? undefined : KEYS[name];
  // Where entries that are alike are right, their place is what they go by.
  const keyed = key !== undefined && [...told, ...found].every(isObject) && grouped(found as Json[], key).size === found.length;
  if (!keyed) {
    for (let i = 0; i < Math.max(told.length, found.length); i++) compare(told[i], found[i], [...path, i], walk);
    return;
  }
  const [a, b] = [grouped(told as Json[], key), grouped(found as Json[], key)];
  for (const id of new Set([...b.keys(), ...a.keys()])) {
    const [ours, theirs] = [b.get(id) ?? [], a.get(id) ?? []];
    const at: Step[] = [...path, { item: (theirs[0] ?? ours[0])! }];
    if (theirs.length === 1 && ours.length === 1) compare(theirs[0], ours[0], at, walk);
    else
      walk.out.problems.push(
        `${placeWords(at, walk)}: ${walk.sides.told} has ${times(theirs.length)}, ${walk.sides.found} ${times(ours.length)}.`,
      );
  }
  const order = (list: unknown[]) => list.map((item) => key(item as Json)).join('\n');
  if (walk.out.problems.length === 0 && order(told) !== order(found))
    walk.out.problems.push(`${placeWords(path, walk)}: ${walk.sides.told} has them in another order than ${walk.sides.found}.`);
}

const times = (n: number): string => (n === 0 ? 'none' : n === 1 ? 'one' : `it ${n} times`);

function grouped(list: Json[], key: (item: Json) => string): Map<string, Json[]> {
  const groups = new Map<string, Json[]>();
  for (const item of list) {
    const id = key(item);
    const group = groups.get(id);
    if (group) group.push(item);
    else groups.set(id, [item]);
  }
  return groups;
}

function say(path: Step[], told: unknown, found: unknown, walk: Walk): void {
  const name = path.findLast((step) => typeof step === 'string') ?? '';
  walk.out.problems.push(
    `${placeWords(path, walk)}: ${walk.sides.told} says ${words(told, name)}, ${walk.sides.found} gives ${words(found, name)}.`,
  );
}

/** Shares of 1 are told in per cent. */
const SHARES = new Set(['accuracy', 'low', 'high', 'probability']);
/** Characters of a value in a sentence. */
const LONGEST = 200;

function words(value: unknown, name: string): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'none';
  if (typeof value === 'number' && SHARES.has(name)) return `${Number((100 * value).toPrecision(12))} %`;
  return shortened(JSON.stringify(value), LONGEST);
}
