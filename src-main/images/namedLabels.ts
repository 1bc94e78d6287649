import { shortened } from '../../shared/printable.ts';
import { classFinder } from './classFinder.ts';
import type { LabelFile } from './rawLabels.ts';
import { matchLabels } from './matchLabels.ts';
import type { Matched } from './matchLabels.ts';
import type { ModelClasses } from './places.ts';
import type { Entry } from './source.ts';

/** Of a table with numbers and names of classes: the names, where all are the model's, since numbers may be those of another list. */
export async function asNamed(
  { kind, names }: { kind: 'list' | 'map'; names: NonNullable<LabelFile['names']> },
  numbers: Matched['labels'],
  entries: readonly Entry[],
  path: string,
  classes: ModelClasses,
): Promise<Matched> {
  const kept = { labels: numbers, warnings: [] };
  if (classes.names === null) return kept;
  const find = classFinder(classes.names, classes.ids);
  const file = { kind, labels: names } as LabelFile;
  const { labels } = await matchLabels(file, entries, path, () => Promise.resolve(true));
  const given = labels.filter((label) => label !== null);
  const strange = given.filter((label) => find(String(label)) < 0);
  if (strange.length > 0)
    return strange.length === given.length
      ? kept
      : {
          labels: numbers,
          warnings: [
            `${path} names classes, too, but "${shortened(String(strange[0]), 40)}" is not among the model's class names, so its numbers were taken.`,
          ],
        };
  const apart = labels.flatMap((label, i) => (label === null ? [] : [Number(numbers[i]) - find(String(label))]));
  // Numbers that count from 1 say the same.
  const other = apart.every((by) => by === 1) ? 0 : apart.filter((by) => by !== 0).length;
  return {
    labels,
    warnings:
      other > 0
        ? [
            `${path} has numbers and names of classes, and for ${other} of ${given.length} images they say another class of the model: the names were taken, which are all among its class names.`,
          ]
        : [],
  };
}
