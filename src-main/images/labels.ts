import { UserError } from '../../shared/errors.ts';
import { shortened } from '../../shared/printable.ts';
import type { LabelFile, RawLabel } from './labelFile.ts';

/** What a picture goes by when labels are looked up: its file, or null for pictures inside a data set file. */
type Named = { file: string | null };

/**
 * One raw label per picture from a labels file; null where a list has none.
 * @param isGone whether a picture cannot be taken, and so needs no label
 * @throws UserError when a list has another length than there are pictures, or a map lacks one of them.
 */
export async function matchLabels<T extends Named>(labels: LabelFile, pictures: readonly T[], path: string, isGone: (picture: T) => Promise<boolean>): Promise<(RawLabel | null)[]> {
  if (labels.kind === 'map') return fromMap(labels.labels, pictures, path, isGone);
  if (labels.labels.length !== pictures.length)
    throw new UserError(
      `${path} holds ${labels.labels.length} labels, but there are ${pictures.length} images: give the labels that belong to these images.`,
    );
  return labels.labels;
}

async function fromMap<T extends Named>(labels: Map<string, RawLabel>, pictures: readonly T[], path: string, isGone: (picture: T) => Promise<boolean>): Promise<(RawLabel | null)[]> {
  const byName = new Map([...labels].map(([name, label]) => [name.replaceAll('\\', '/').replace(/^\.?\//, ''), label]));
  const takenBy = new Map<string, string>();
  const missing: { name: string; picture: T }[] = [];
  const found = pictures.map((picture, index) => {
    const { file } = picture;
    const key = (file === null ? [String(index)] : namesOf(file)).find((name) => byName.has(name));
    if (key === undefined) {
      missing.push({ name: file ?? `image ${index}`, picture });
      return null;
    }
    const other = takenBy.get(key);
    if (other !== undefined && file !== null && other !== file)
      throw new UserError(`${path} names "${key}", which may be ${other} or ${file}: write more of the path in the labels file.`);
    takenBy.set(key, file ?? key);
    return byName.get(key)!;
  });
  for (const { name, picture } of missing)
    if (!(await isGone(picture))) throw new UserError(`${path} holds ${labels.size} labels, but none for ${missing.length} of the ${pictures.length} images, such as ${name}.`);
  return found;
}

/** A file's path, then ever less of it from the left, each with and without its extension. */
function namesOf(file: string): string[] {
  const parts = file.split('/');
  return parts.flatMap((_, i) => {
    const tail = parts.slice(i).join('/');
    return [tail, tail.replace(/\.[^./]+$/, '')];
  });
}

/**
 * Class numbers from raw labels: names are looked up in the class names, and labels that can only count from 1 are
 * moved to count from 0.
 * @param classes how many classes the model tells apart, or null while unknown
 * @throws UserError for an unknown class name, a negative label, or one beyond the model's classes.
 */
export function classNumbers(
  raw: readonly RawLabel[],
  classNames: readonly string[] | null,
  classes: number | null,
  path: string,
): { labels: number[]; warnings: string[] } {
  const find = classNames && classFinder(classNames);
  const labels = raw.map((label) => {
    if (typeof label === 'number') return label;
    if (!find) throw new UserError(`${path} holds the label "${shortened(label, 80)}", which is no number: give class names, too, or class numbers.`);
    const at = find(label);
    if (at < 0) throw new UserError(`${path} holds the label "${shortened(label, 80)}", which is not among the ${classNames.length} class names.`);
    return at;
  });
  const low = labels.reduce((a, b) => Math.min(a, b), Infinity);
  const high = labels.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low < 0) throw new UserError(`${path} holds the label ${low}: class numbers start at 0.`);
  if (classes !== null && low >= 1 && high === classes)
    return {
      labels: labels.map((label) => label - 1),
      warnings: [`The labels run from ${low} to ${high} and the model has ${classes} classes, so they were taken to count from 1.`],
    };
  if (classes !== null && high >= classes)
    throw new UserError(
      `${path} holds the label ${high}, but the model has ${classes} classes (0 to ${classes - 1}): give labels made for this model.`,
    );
  // Without 0 in many labels the file probably counts from 1; but a set without that class looks the same.
  const suspicious = low === 1 && new Set(labels).size === high && labels.length >= 5 * high;
  const warning = `The labels run from 1 to ${high} and never are 0: if they count from 1, subtract one, for they were taken as they are.`;
  return { labels, warnings: suspicious ? [warning] : [] };
}

/** Finds the position of a class name: as it is, else without regard to case, spaces and underscores; -1 when absent. */
export function classFinder(classNames: readonly string[]): (name: string) => number {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[\s_-]+/g, ' ').trim();
  // The first of equal names counts.
  const places = (of: (name: string) => string): Map<string, number> => new Map(classNames.map((name, i) => [of(name), i] as const).reverse());
  const [exact, like] = [places((name) => name), places(plain)];
  return (name) => exact.get(name) ?? like.get(plain(name)) ?? -1;
}
