import { classLabel } from '../../shared/format.ts';

/** Every class as it is offered: `3 cat`, or its number alone. */
export function classChoices(names: readonly string[] | null, classes: number): string[] {
  return Array.from({ length: Math.max(classes, names?.length ?? 0) }, (_, index) => classLabel(names, index));
}

/**
 * The class that was typed: its number, its name in any case, or both as they are offered.
 * @param classes of the model; 0 while it is unknown
 * @returns null for what is none
 */
export function classFrom(text: string, names: readonly string[] | null, classes: number): number | null {
  const typed = text.trim().toLowerCase();
  if (typed === '') return null;
  const choices = classChoices(names, classes).map((choice) => choice.toLowerCase());
  const known = [choices.indexOf(typed), names?.findIndex((name) => name.trim().toLowerCase() === typed) ?? -1].find((at) => at >= 0);
  if (known !== undefined) return known;
  const number = /^\d+$/.test(typed) ? Number(typed) : Number.NaN;
  // Without a model or names there is nothing to hold a number against.
  return Number.isSafeInteger(number) && (choices.length === 0 || number < choices.length) ? number : null;
}
