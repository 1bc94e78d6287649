import type { z } from 'zod';
import { UserError } from '../../shared/errors.ts';
import { firstIssue } from '../../shared/issues.ts';
import type { AuditPlan, Goal } from '../../shared/plan.ts';
import { goalKinds } from '../goals/index.ts';
import type { GoalKind } from '../goals/index.ts';

/** What flags say of a model's ends, as a plan has it. */
export type Wanted = Pick<AuditPlan, 'input' | 'fixed' | 'output' | 'answer'>;

/** Flags that say which values of a network an audit or a check is about. */
export interface WantedFlags {
  input?: string;
  fix?: string[];
  output?: string;
  threshold?: string;
}

/** Flags that set options of a goal, each by the option's own name. */
const GOAL_FLAGS = ['psnr', 'reference', 'peak', 'picture'] as const;

export type GoalFlags = { goal?: string } & Partial<Record<(typeof GOAL_FLAGS)[number], string>>;

/** What an auditor names of a model: the image's input, values of the others, the output. @throws UserError for a value that is none */
export function wantedFrom(flags: WantedFlags): Wanted {
  const { input, fix, output, threshold } = flags;
  // A threshold is one of class scores, and so is the output then.
  if (threshold !== undefined) return classEnds(flags);
  return { input: input ?? null, fixed: Object.fromEntries((fix ?? []).map(fixedValue)), output: output ?? null };
}

/** The same where goals are on classes: the output holds the scores. */
export function classEnds({ output, threshold, ...flags }: WantedFlags): Wanted {
  const answer = { output: output ?? null, threshold: decimal('--threshold', threshold) };
  return { ...wantedFrom(flags), ...((answer.output ?? answer.threshold) !== null && { answer }) };
}

/** `sigma=0.1`, `mask=0,0,1,1`. */
function fixedValue(text: string): [string, number | number[]] {
  const at = text.lastIndexOf('=');
  const parts = text
    .slice(at + 1)
    .split(',')
    .map((part) => part.trim());
  const values = parts.map(Number);
  if (at < 1 || parts.includes('') || !values.every(Number.isFinite))
    throw new UserError(`--fix takes NAME=VALUE, or NAME=V1,V2,... with one value an entry, not ${text}.`);
  return [text.slice(0, at), values.length === 1 ? values[0]! : values];
}

/** What nobody need say. */
const USUAL: GoalFlags = { psnr: '20' };
const NUMBERS: readonly string[] = ['psnr', 'peak'];

const flagsOf = ({ options }: GoalKind): string[] => Object.keys(options.shape);
/** Goals that flags can set. */
const settable = (): GoalKind[] =>
  goalKinds().filter((goal) => flagsOf(goal).every((name) => (GOAL_FLAGS as readonly string[]).includes(name)));
const or = (names: readonly string[]): string => names.join(', ').replace(/, ([^,]*)$/, ' or $1');

/**
 * The goal that flags describe, or null when they describe none.
 * @throws UserError naming the flag that is missing, wrong, or without use.
 */
export function goalFrom(flags: GoalFlags): Goal | null {
  const kinds = settable();
  const kind = flags.goal ?? kinds[0]!.kind;
  const goal = kinds.find((one) => one.kind === kind);
  if (!goal) throw new UserError(`--goal takes ${or(kinds.map((one) => one.kind))}, not ${kind}.`);
  const own = flagsOf(goal);
  const stray = GOAL_FLAGS.find((name) => flags[name] !== undefined && !own.includes(name));
  if (stray)
    throw new UserError(`--${stray} is for ${or(kinds.filter((one) => flagsOf(one).includes(stray)).map((one) => `--goal ${one.kind}`))}.`);
  if (goal.on === 'classes') return null;
  const given: Record<string, unknown> = {};
  for (const name of own as (keyof GoalFlags)[]) {
    const text = flags[name] ?? USUAL[name];
    if (text !== undefined) given[name] = NUMBERS.includes(name) ? decimal(`--${name}`, text) : text;
  }
  const parsed = goal.options.safeParse(given);
  if (parsed.success) return { kind, ...parsed.data };
  const { where, what } = firstIssue(parsed.error);
  throw new UserError(
    given[where] === undefined
      ? `--goal ${kind} needs --${where}: ${(goal.options.shape[where] as z.ZodType).description}`
      : `--${where}, ${String(given[where])}, does not fit: ${what}.`,
  );
}

function decimal(flag: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new UserError(`${flag} takes a number, not ${text}.`);
  return value;
}
