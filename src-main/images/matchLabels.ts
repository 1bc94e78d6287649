import { UserError } from '../../shared/errors.ts';
import { shortened } from '../../shared/printable.ts';
import { plainPath } from './plainPath.ts';
import type { LabelFile, RawLabel } from './rawLabels.ts';

/** What a picture goes by when labels are looked up: its file, or null for pictures inside a data set file. */
type Named = { file: string | null };

/** One raw label per picture, null where it has none. */
export interface Matched {
  labels: (RawLabel | null)[];
  warnings: string[];
}

/** Pictures without a label that are looked at, whether they can be taken at all. */
const LOOKED_AT = 32;

/**
 * Finds each picture's label in a labels file: in a list by its place, in a table by its name or number.
 * @param isGone whether a picture cannot be taken, and so needs no label
 * @throws UserError when a list has another length than there are pictures, when a table has none of them or gives one several labels, and where a name
 *   may be that of two.
 */
export async function matchLabels<T extends Named>(
  file: LabelFile,
  pictures: readonly T[],
  path: string,
  isGone: (picture: T) => Promise<boolean>,
): Promise<Matched> {
  if (file.kind === 'list') {
    if (file.labels.length !== pictures.length)
      throw new UserError(
        `${path} holds ${file.labels.length} labels, but there are ${pictures.length} images: give the labels that belong to these images.`,
      );
    const without = file.labels.filter((label) => label === null).length;
    return { labels: file.labels, warnings: without > 0 ? [`${without} of ${pictures.length} images have no label.`] : [] };
  }
  const { keys, warnings } = keysOf(file.labels, pictures, path);
  const several = keys.find((key) => key !== null && file.twice?.has(plainPath(key)));
  if (several != null)
    throw new UserError(
      `${path} gives ${shortened(several, 80)} several labels, ${file.twice!.get(plainPath(several))!}: leave the right one in the table.`,
    );
  const missing = pictures.filter((_, i) => keys[i] === null);
  let gone = 0;
  let example: T | null = null;
  for (const picture of missing.slice(0, LOOKED_AT))
    if (await isGone(picture)) gone++;
    else example ??= picture;
  const without = missing.length - gone;
  if (without > 0)
    warnings.push(
      `${without} of ${pictures.length} images have no label in ${path}${example === null ? '' : `, such as ${nameOf(example, pictures)}`}: they count as without label.`,
    );
  return { labels: keys.map((key) => (key === null ? null : file.labels.get(key)!)), warnings };
}

/** Under which name a table has each picture; null: under none. */
function keysOf(
  labels: ReadonlyMap<string, RawLabel>,
  pictures: readonly Named[],
  path: string,
): { keys: (string | null)[]; warnings: string[] } {
  // As it was written, by its plain form.
  const written = new Map([...labels.keys()].map((name) => [plainPath(name), name]));
  const own = pictures.map((picture, index) => (picture.file === null ? [String(index)] : namesOf(picture.file)));
  const direct = own.map((names) => names.find((name) => written.has(name)) ?? null);
  if (direct.some((key) => key !== null))
    return { keys: singly(direct, pictures, path).map((key) => (key === null ? null : written.get(key)!)), warnings: [] };
  // Nothing is where the table says: its paths may be those of another machine, or begin elsewhere.
  const tails = new Map<string, Set<string>>();
  for (const key of written.keys()) for (const tail of namesOf(key)) tails.set(tail, (tails.get(tail) ?? new Set()).add(key));
  const found = own.map((names, i) => {
    const tail = pictures[i]!.file === null ? undefined : names.find((name) => tails.has(name));
    const keys = tail === undefined ? [] : [...tails.get(tail)!];
    if (keys.length > 1)
      throw new UserError(
        `${path} names both ${shortened(written.get(keys[0]!)!, 80)} and ${shortened(written.get(keys[1]!)!, 80)}, and ${pictures[i]!.file} may be either: write the paths as the images have them.`,
      );
    return keys[0] ?? null;
  });
  const first = found.findIndex((key) => key !== null);
  const [entry = 'nothing'] = labels.keys();
  if (first < 0)
    throw new UserError(
      `${path} holds ${labels.size} labels, but none for any of the ${pictures.length} images: it names ${shortened(entry, 80)}, and there is ${nameOf(pictures[0]!, pictures)}.`,
    );
  const keys = singly(found, pictures, path).map((key) => (key === null ? null : written.get(key)!));
  return {
    keys,
    warnings: [
      `${path} names its pictures in another folder (${shortened(keys[first]!, 80)}), so they were matched by what the names have in common at their end: ${pictures[first]!.file}.`,
    ],
  };
}

/** @throws UserError where a name would be that of two pictures */
function singly(keys: (string | null)[], pictures: readonly Named[], path: string): (string | null)[] {
  const takenBy = new Map<string, string>();
  keys.forEach((key, i) => {
    const { file } = pictures[i]!;
    if (key === null || file === null) return;
    const other = takenBy.get(key);
    if (other !== undefined && other !== file)
      throw new UserError(
        `${path} names "${shortened(key, 80)}", which may be ${other} or ${file}: write more of the path in the labels file.`,
      );
    takenBy.set(key, file);
  });
  return keys;
}

const nameOf = <T extends Named>(picture: T, pictures: readonly T[]): string => picture.file ?? `image ${pictures.indexOf(picture)}`;

/** A file's path, then ever less of it from the left, each with and without its extension. */
function namesOf(file: string): string[] {
  const parts = file.normalize('NFC').split('/');
  return parts.flatMap((_, i) => {
    const tail = parts.slice(i).join('/');
    return [tail, tail.replace(/\.[^./]+$/, '')];
  });
}
