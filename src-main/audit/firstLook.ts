import { UserError } from '../../shared/errors.ts';
import { significant } from '../../shared/format.ts';
import { spread } from '../../shared/spread.ts';
import { toUnit } from '../images/index.ts';
import type { ImageSet } from '../images/index.ts';
import type { ImageInput } from '../model/network.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { disagreements, labelNote, ownLabels } from '../model/ownLabel.ts';
import type { OwnLabel } from '../model/ownLabel.ts';
import { readScores } from '../model/scores.ts';
import { openOriginalOutput } from '../runtime/original.ts';
import type { Original } from '../runtime/original.ts';
import type { Models } from './models.ts';

/** Pictures that are looked at for what a file does not say of its answer. */
const LOOKED = 16;
/** How far a sum of probabilities may be off. */
const ROUNDING = 1e-3;

/**
 * What a few clean pictures tell of the way a classifier's answer is taken: a threshold that all of them are on one side of, scores that
 * are probabilities already, a label of the file's own that is not the largest score. Nothing is refused: a few pictures are no proof.
 * @param most runs of the model
 */
export async function firstLook(
  models: Models,
  original: Original,
  output: ClassifierOutput,
  set: ImageSet,
  most: number,
): Promise<string[]> {
  const labels = ownLabels(models.graph, output);
  const notes = labels.map(labelNote);
  const items = spread(set.items, Math.min(LOOKED, Math.floor(most)));
  const judge = labels[0] && (await openOriginalOutput({ ...models.request, output: { name: labels[0].name, width: 1 } }));
  try {
    const seen: Seen[] = [];
    for (const item of items) {
      const pixels = toUnit(await item.read());
      try {
        const row = await original.output(pixels, item);
        const { prediction } = readScores(row, output);
        seen.push({ row, prediction, label: judge ? (await judge.output(pixels, item))[0]! : null });
      } catch (error) {
        // A picture that does not fit is told when its turn comes.
        if (!(error instanceof UserError)) throw error;
      }
    }
    const finite = seen.filter(({ row }) => row.every(Number.isFinite));
    if (finite.length === 0) return notes;
    return [...notes, ...ownLabelNote(labels[0], finite), ...(output.width === 1 ? oneSided(output, finite) : summed(output, finite))];
  } finally {
    await judge?.close();
  }
}

interface Seen {
  row: Float64Array;
  prediction: number;
  label: number | null;
}

function ownLabelNote(own: OwnLabel | undefined, seen: readonly Seen[]): string[] {
  if (!own) return [];
  const { differing, such } = disagreements(seen.map(({ label, prediction }) => ({ label: label!, prediction })));
  if (differing === 0) return [];
  return [
    `At ${differing} of ${seen.length} images looked at the file's own label ${own.name} is not the class of the largest score, but ${such.join(', ')}: what is called robust here is the largest score, and not what the file answers.`,
  ];
}

function oneSided({ name, threshold = 0.5, smallest }: ClassifierOutput, seen: readonly Seen[]): string[] {
  const [first] = seen;
  if (seen.length < 2 || seen.some(({ prediction }) => prediction !== first!.prediction)) return [];
  const values = seen.map(({ row }) => row[0]!);
  const [least, largest] = [Math.min(...values), Math.max(...values)].map((value) => significant(value));
  return [
    `All ${seen.length} images looked at lie ${(first!.prediction === 1) === (smallest === true) ? 'below' : 'above'} the threshold ${threshold} of ${name}, from ${least} to ${largest}: check that it tells the two classes apart (--threshold), and the preprocessing.`,
  ];
}

function summed({ name, kind, smallest }: ClassifierOutput, seen: readonly Seen[]): string[] {
  if (kind !== 'logits' || smallest) return [];
  const isOne = ({ row }: Seen) => row.every((value) => value >= 0) && Math.abs(row.reduce((a, b) => a + b, 0) - 1) < ROUNDING;
  return seen.every(isOne)
    ? [
        `The numbers of ${name} are no logits: at every image looked at they are probabilities, none below 0 and of sum 1. The probabilities told here take them for logits, and are not the file's.`,
      ]
    : [];
}

/** Inputs beside the image that nobody gave a value. */
export function unfixedNote({ others }: ImageInput, fixed: Readonly<Record<string, unknown>>): string[] {
  const open = others.map(({ name }) => name).filter((name) => !Object.hasOwn(fixed, name));
  if (open.length === 0) return [];
  const [these, hold] = open.length > 1 ? ['The inputs', 'hold'] : ['The input', 'holds'];
  return [
    `${these} ${open.join(', ')} of the model ${hold} 0 for every image, since nothing was said of ${open.length > 1 ? 'them' : 'it'}: --fix NAME=VALUE gives another value.`,
  ];
}
