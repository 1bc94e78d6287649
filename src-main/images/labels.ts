import { UserError } from '../../shared/errors.ts';
import { shortened } from '../../shared/printable.ts';
import { classFinder } from './classFinder.ts';
import type { RawLabel } from './rawLabels.ts';

/**
 * Class numbers from raw labels: names are looked up in the class names, labels that can only count from 1 are
 * moved to count from 0, and -1 and 1 are the two classes of a model of two.
 * @param classes how many classes the model tells apart, or null while unknown
 * @throws UserError for an unknown class name, a negative label, or one beyond the model's classes.
 */
export function classNumbers(
  raw: readonly RawLabel[],
  classNames: readonly string[] | null,
  classes: number | null,
  path: string,
  ids: readonly string[] | null = null,
): { labels: number[]; warnings: string[] } {
  const find = classNames && classFinder(classNames, ids);
  const byName = find !== null && areNames(raw, classNames!);
  const labels = raw.map((label) => {
    if (typeof label === 'number') return byName ? find(String(label)) : label;
    if (!find)
      throw new UserError(
        `${path} holds the label "${shortened(label, 80)}", which is no number: give class names, too, or class numbers.`,
      );
    const at = find(label);
    if (at < 0)
      throw new UserError(`${path} holds the label "${shortened(label, 80)}", which is not among the ${classNames.length} class names.`);
    return at;
  });
  const low = labels.reduce((a, b) => Math.min(a, b), Infinity);
  const high = labels.reduce((a, b) => Math.max(a, b), -Infinity);
  // As support vector machines and boosting have them.
  if (low === -1 && (classes ?? 2) === 2 && labels.every((label) => Math.abs(label) === 1))
    return {
      labels: labels.map((label) => (label + 1) / 2),
      warnings: ['The labels are -1 and 1 and the model has two classes, so -1 was taken for class 0, and 1 for class 1.'],
    };
  if (low < 0)
    throw new UserError(
      `${path} holds the label ${low}, and class numbers start at 0: leave pictures out of it that have no class, and write 0 and 1 for two classes.`,
    );
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

/** Whether the labels are numbers that are no places, but the names of the classes. */
function areNames(raw: readonly RawLabel[], classNames: readonly string[]): boolean {
  const names = new Set(classNames);
  return raw.some((label) => typeof label === 'number' && label >= classNames.length) && raw.every((label) => names.has(String(label)));
}
