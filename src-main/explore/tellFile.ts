import { UserError } from '../../shared/errors.ts';
import { wholeNumber } from '../../shared/table.ts';
import { fitsImages, imagesOf, readLabelFile } from '../images/index.ts';
import type { LabelFile, Outline } from '../images/index.ts';
import { readClassNames } from '../model/labels.ts';

/** What a text file holds that nobody said anything of. */
type TextKind = 'labels' | 'classNames';
/** The same, as it was read. */
export type TextFile = { kind: 'labels'; labels: LabelFile } | { kind: 'classNames'; names: string[] };

/** Names that say what a file is, where its content may be either. */
const NAMES = /class|name|categor|synset/i;
/** Names of pictures. */
const PICTURE = /\.(png|jpe?g|webp|bmp|gif|tiff?|avif|p[pgnb]m)$/i;

/**
 * Tells a file of labels from one of class names by its content: labels name pictures or are as many as these, class names are all
 * different, and as many as the classes of the model. Null for what is neither.
 * @param images null where none are known
 * @param classes of the model; null while unknown
 */
export async function readText(path: string, images: Outline | null, classes: number | null): Promise<TextFile | null> {
  const labels = await unless(readLabelFile(path));
  const names = await unless(readClassNames(path, null));
  const kind = await kindOf(path, labels, names, images, classes);
  return kind === 'labels' ? { kind, labels: labels! } : kind === 'classNames' ? { kind, names: names! } : null;
}

/** What it is alone. */
export async function tellFile(path: string, images: Outline | null, classes: number | null): Promise<TextKind | null> {
  return (await readText(path, images, classes))?.kind ?? null;
}

async function kindOf(
  path: string,
  labels: LabelFile | null,
  names: string[] | null,
  images: Outline | null,
  classes: number | null,
): Promise<TextKind | null> {
  if (names === null || new Set(names).size !== names.length || names.length < 2) return labels && 'labels';
  if (labels === null) return 'classNames';
  if (labels.kind === 'map')
    return (await namesImages(labels, images)) || labels.columns
      ? 'labels'
      : names.length === classes || isList(labels)
        ? 'classNames'
        : 'labels';
  const count = labels.labels.length;
  if (count === classes && count !== images?.files.length) return 'classNames';
  if (labels.labels.every((label) => typeof label !== 'string')) return 'labels';
  return count === images?.files.length && !(count === classes && NAMES.test(path.split(/[\\/]/).at(-1)!)) ? 'labels' : 'classNames';
}

/** The same for several, beside pictures that may not be there yet. */
export async function tellFiles(files: readonly string[], paths: readonly string[], classes: number | null): Promise<(TextKind | null)[]> {
  const images = files.length > 0 && paths.length > 0 ? await unless(imagesOf(paths)) : null;
  const told: (TextKind | null)[] = [];
  for (const file of files) told.push(await tellFile(file, images, classes));
  return told;
}

/** Whether a table names pictures. */
async function namesImages(labels: LabelFile & { kind: 'map' }, images: Outline | null): Promise<boolean> {
  const keys = [...labels.labels.keys()];
  if (keys.some((key) => PICTURE.test(key))) return true;
  // Numbers alone may be those of classes.
  return images !== null && !keys.every((key) => wholeNumber(key) !== null) && (await fitsImages(labels, images));
}

/** Whether it is a list of classes: a name for each number or a number for each name, from 0 or 1 on, or names with commas in them. */
function isList({ labels }: LabelFile & { kind: 'map' }): boolean {
  if ([...labels.values()].every((value) => typeof value === 'string') && new Set(labels.values()).size === labels.size) return true;
  const sides = [[...labels.keys()].map(wholeNumber), [...labels.values()].map((value) => (typeof value === 'number' ? value : null))];
  return sides.some((numbers) => {
    const known = new Set(numbers);
    return (
      known.size === labels.size &&
      !known.has(null) &&
      Math.max(...(numbers as number[])) - Math.min(...(numbers as number[])) === labels.size - 1 &&
      Math.min(...(numbers as number[])) <= 1
    );
  });
}

/** Null for what cannot be read so. */
async function unless<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}
