import { UserError } from '../../shared/errors.ts';

/** The names of a model's classes, in class order. */
export interface ClassList {
  names: string[];
  /** Their WordNet ids, where the list has them apart from the names. */
  ids: string[] | null;
}

/** A class: its number, its name, and its WordNet id where that is known. */
export type Numbered = [number: number | null, name: string, id: string | null];

/**
 * Names by class number; counting may start at 0 or 1.
 * @throws UserError for a number that is missing, or there twice
 */
export function ordered(classes: readonly Numbered[], source: string): ClassList {
  const sorted = [...classes].sort(([a], [b]) => (a ?? -1) - (b ?? -1));
  const first = sorted[0]?.[0];
  const complete = (first === 0 || first === 1) && sorted.every(([index], i) => index === first + i);
  if (!complete && classes.length > 0)
    throw new UserError(`${source} does not number its ${classes.length} classes from 0 (or 1) without gaps: give every class once.`);
  const ids = sorted.map(([, , id]) => id);
  return { names: sorted.map(([, name]) => name), ids: ids.length > 0 && ids.every((id) => id !== null) ? ids : null };
}
