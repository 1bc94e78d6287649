import { UserError } from '../../shared/errors.ts';
import { shortened } from '../../shared/printable.ts';
import { classFinder } from './classFinder.ts';

/** The classes of a model, as far as they are known. */
export interface ModelClasses {
  count: number | null;
  names: readonly string[] | null;
  /** WordNet ids, where the names do not begin with them. */
  ids: readonly string[] | null;
}

/** Classes that come with the images: class folders, or the columns of a labels file. */
export interface OwnClasses {
  names: readonly string[];
  /** `class folders`, `columns`. */
  kind: string;
  /** The folder or file they are of. */
  of: string;
}

/** Which class of the model each is; null: none of them. */
export interface Placed {
  places: (number | null)[];
  warnings: string[];
}

const REMEDY = "give the model's class names (--class-names), or labels (--labels)";
/** Names that are shown of many. */
const SHOWN = 3;

/**
 * Finds the model's class for each class of the images: by name (WordNet id, synonym) where its names are known, by number where they are
 * numbers, and by order only where there are as many; that is a guess, and said.
 * @throws UserError where none can be told
 */
export function placeClasses(own: OwnClasses, model: ModelClasses): Placed {
  const { names, kind, of } = own;
  const found = model.names ? names.map(classFinder(model.names, model.ids)) : names.map(() => -1);
  const strange = names.filter((_, i) => found[i]! < 0);
  if (strange.length === 0) return { places: found, warnings: [] };
  const count = model.count ?? model.names?.length ?? null;
  if (areNumbers(names) && fit(names.map(Number), count)) return { places: names.map(Number), warnings: eitherWay(own, count) };
  if (strange.length < names.length)
    return {
      places: found.map((place) => (place < 0 ? null : place)),
      warnings: [
        `The ${strange.length > 1 ? kind : kind.slice(0, -1)} ${listed(strange)} of ${of} ${strange.length > 1 ? 'are' : 'is'} not among the model's class names, so ${strange.length > 1 ? 'their' : 'its'} images count as without label: ${REMEDY}.`,
      ],
    };
  // Without a model they count among themselves.
  const order = names.map((_, i) => i);
  if (count === null) return { places: order, warnings: [] };
  if (names.length !== count) throw new UserError(cannotTell(own, model.names !== null, count));
  const first = `${quoted(names[0]!)} is taken for class 0${model.names ? ` (${shortened(model.names[0]!, 40)})` : ''}`;
  const why = model.names ? "none of them is among the model's class names" : 'nothing says what the model calls its classes';
  return {
    places: order,
    warnings: [
      `The ${names.length} ${kind} of ${of} were matched to the model's classes by their order, which is a guess: ${why}, so ${first}, and so on; ${REMEDY}.`,
    ],
  };
}

function cannotTell({ names, kind, of }: OwnClasses, named: boolean, count: number): string {
  if (named) return `None of the ${names.length} ${kind} of ${of} (${listed(names)}) is among the model's ${count} class names: ${REMEDY}.`;
  return `${of} has ${names.length} ${kind} (${listed(names)}), but the model has ${count} classes, so which is which cannot be told: ${REMEDY}.`;
}

/** Whether all are whole numbers. */
export const areNumbers = (names: readonly string[]): boolean => names.every((name) => /^\d{1,15}$/.test(name));

/** Whether these can be class numbers of a model, counted from 0 or from 1. */
function fit(numbers: readonly number[], count: number | null): boolean {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return count === null || high < count || (low >= 1 && high === count);
}

/** Folders without that of 0 and the last number may count from either. */
function eitherWay({ names, kind, of }: OwnClasses, count: number | null): string[] {
  const numbers = names.map(Number);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  if (count === null || low < 1 || high >= count) return [];
  return [
    `The ${kind} of ${of} are called ${low} to ${high}, and were taken to count from 0, which is a guess: if ${low} is the model's class ${low - 1}, they count from 1, and all labels are one too high; ${REMEDY}.`,
  ];
}

const quoted = (name: string): string => `"${shortened(name, 40)}"`;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map(quoted).join(', ');
  return names.length > SHOWN ? `${shown}, ...` : shown;
}
