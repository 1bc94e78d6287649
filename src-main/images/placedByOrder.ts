import { nameFinder } from './classFinder.ts';

/**
 * Labels of class folders as audits had them that were begun before folders were looked for one by one: by name where the model has all
 * of the names, else by order.
 */
export function placedByOrder(
  own: readonly (number | null)[],
  ownNames: readonly string[] | null,
  names: readonly string[] | null,
): { labels: (number | null)[]; warnings: string[] } {
  const places = ownNames && names ? ownNames.map(nameFinder(names)) : null;
  return {
    labels: places?.every((place) => place !== undefined) ? own.map((label) => (label === null ? null : places[label]!)) : [...own],
    warnings: [],
  };
}
