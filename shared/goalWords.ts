import { NBSP, significant } from './format.ts';
import type { Goal } from './plan.ts';

/**
 * A sentence about a goal, with `{option}` where the value of one of its options stands: a number, or what `values` calls it. A list of
 * cases chooses by the kind of value that the option `by` has: the value itself, `list` or `number`.
 */
export type Template = string | { by: string; cases: Record<string, string> };

/** What a goal is called in one language. */
export interface GoalWords {
  /** In a few words: `output deviation (below 20 dB from the clean output)`. */
  name: Template;
  /** When an image counts as broken, after "broken: "; null of goals on classes, where it goes without saying. */
  broken: Template | null;
  /** What an output is held against; null of goals on classes. */
  reference: Template | null;
  /** What words an option's values have: `{ reference: { input: 'the image itself' } }`. */
  values?: Record<string, Record<string, string>>;
}

/** A template with the goal's own options in it. */
export function filled(template: Template, goal: Goal, { values = {} }: Pick<GoalWords, 'values'>): string {
  const text = typeof template === 'string' ? template : (template.cases[caseOf(goal[template.by])] ?? '');
  return text.replace(/\{(\w+)\}/g, (_, option: string) => {
    const value = goal[option];
    if (typeof value === 'number') return significant(value);
    return values[option]?.[String(value)] ?? String(value);
  });
}

function caseOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return typeof value === 'number' ? 'number' : String(value);
}

/** A number of dB as a template has it. */
export const DECIBELS = `{psnr}${NBSP}dB`;
