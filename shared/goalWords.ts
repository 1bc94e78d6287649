import { z } from 'zod';
import { NBSP, NONE, significant } from './format.ts';
import type { Goal } from './plan.ts';
import type { Figures } from './results.ts';

/**
 * A sentence about a goal, with `{option}` where the value of one of its options stands: a number, or what `values` calls it. A list of
 * cases chooses by the kind of value that the option `by` has: the value itself, `list` or `number`.
 */
const Template = z.union([z.string(), z.object({ by: z.string(), cases: z.record(z.string(), z.string()) })]);
type Template = z.infer<typeof Template>;

/** One figure that a goal reports of an output, and how it is written. */
export const FigureCard = z.object({
  /** In results. */
  name: z.string(),
  /** Behind the number: `dB`; null where it has none. */
  unit: z.string().nullable(),
  digits: z.number().int(),
  /** Cut to its digits, not rounded: what is below a threshold then never reads as reaching it. */
  cut: z.boolean(),
  /** The option that it is held against; null of figures that the goal is not judged by. */
  threshold: z.string().nullable(),
});
export type FigureCard = z.infer<typeof FigureCard>;

/** What an option is called in a form, and the values that one chooses among. */
export const OptionWords = z.object({
  title: z.string(),
  hint: z.string().optional(),
  choices: z.record(z.string(), z.string()).optional(),
});
export type OptionWords = z.infer<typeof OptionWords>;

/** What a goal is called in one language. */
export const GoalWords = z.object({
  /** In a list of goals: `Any wrong class`. */
  title: z.string(),
  /** In a few words: `output deviation (below 20 dB from the clean output)`. */
  name: Template,
  /** When an image counts as broken, after "broken: "; null of goals on classes, where it goes without saying. */
  broken: Template.nullable(),
  /** What an output is held against; null of goals on classes. */
  reference: Template.nullable(),
  /** What words an option's values have: `{ reference: { input: 'the image itself' } }`. */
  values: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  /** Of its options, by their names; of an option that is a class, the choice `number` is any one. */
  options: z.record(z.string(), OptionWords).optional(),
  /** What its figures are called, by their names: `{ psnr: 'PSNR' }`. */
  figures: z.record(z.string(), z.string()).optional(),
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

/** A figure for reading: `19.98 dB`; null, which is infinite, as `∞ dB`, and one that is not there as a dash. */
export function figureText(
  { unit, digits, cut }: Pick<FigureCard, 'unit' | 'digits' | 'cut'>,
  value: number | null | undefined,
  places = digits,
): string {
  if (value === undefined) return NONE;
  const scale = 10 ** places;
  const text = value === null ? '∞' : (cut ? Math.floor(value * scale) / scale : value).toFixed(places);
  return unit === null ? text : `${text}${NBSP}${unit}`;
}

/** All figures that are there: `18.42 dB, SSIM 0.713`. What has a unit and comes first needs no name. */
export function figuresText(cards: readonly FigureCard[], { figures: names = {} }: Pick<GoalWords, 'figures'>, figures: Figures): string {
  return cards
    .filter(({ name }) => figures[name] !== undefined)
    .map(
      (card, at) => `${at === 0 && card.unit !== null ? '' : `${names[card.name] ?? card.name} `}${figureText(card, figures[card.name])}`,
    )
    .join(', ');
}

/** A number of dB as a template has it. */
export const DECIBELS = `{psnr}${NBSP}dB`;
