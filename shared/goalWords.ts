import { z } from 'zod';
import { NBSP, significant } from './format.ts';
import type { Goal } from './plan.ts';

/**
 * A sentence about a goal, with `{option}` where the value of one of its options stands: a number, or what `values` calls it. A list of
 * cases chooses by the kind of value that the option `by` has: the value itself, `list` or `number`.
 */
const Template = z.union([z.string(), z.object({ by: z.string(), cases: z.record(z.string(), z.string()) })]);
type Template = z.infer<typeof Template>;

/** What a goal is called in one language. */
export const GoalWords = z.object({
  /** In a few words: `output deviation (below 20 dB from the clean output)`. */
  name: Template,
  /** When an image counts as broken, after "broken: "; null of goals on classes, where it goes without saying. */
  broken: Template.nullable(),
  /** What an output is held against; null of goals on classes. */
  reference: Template.nullable(),
  /** What words an option's values have: `{ reference: { input: 'the image itself' } }`. */
  values: z.record(z.string(), z.record(z.string(), z.string())).optional(),
});
export type GoalWords = z.infer<typeof GoalWords>;

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
