import { significant } from '../../shared/format.ts';
import { isCount } from '../../shared/norms.ts';
import type { Norm } from '../../shared/norms.ts';

/** A number that may be below zero, as people read it: `0.5`, `−3.21`. */
export function readable(value: number, digits = 3): string {
  return significant(value, digits).replace('-', '−');
}

/** A number as people type it: `0.5`, `8/255`, `1e-3`. Null when it is none. */
export function parseNumber(text: string): number | null {
  const parts = text.trim().replace(',', '.').split('/');
  if (parts.length > 2 || parts.some((part) => part.trim() === '')) return null;
  const [a, b = 1] = parts.map(Number);
  const value = a! / b;
  return Number.isFinite(value) ? value : null;
}

/** Several numbers with commas, semicolons or spaces between; null when one is none. */
export function parseNumbers(text: string): number[] | null {
  const values = text
    .trim()
    .split(/[\s,;]+/)
    .map(parseNumber);
  return values.some((value) => value === null) ? null : (values as number[]);
}

/** What an input beside the image holds: one number for all entries, or a list; null when it is none. */
export function parseHeld(text: string): number | number[] | null {
  const values = parseNumbers(text);
  return values?.length === 1 ? values[0]! : values;
}

/** Sorted ascending, doubles and what is not positive dropped; whole numbers for counts. */
export function tidyBudgets(norm: Norm, budgets: readonly number[]): number[] {
  const values = budgets.map((value) => (isCount(norm) ? Math.round(value) : value)).filter((value) => value > 0);
  return [...new Set(values)].sort((a, b) => a - b);
}
