import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../../shared/errors.ts';
import { firstIssue } from '../../shared/issues.ts';
import type { Goal } from '../../shared/plan.ts';
import { goalKinds } from '../goals/index.ts';
import type { GoalKind } from '../goals/index.ts';
import { decimal } from './ends.ts';
import { repeatable } from './repeatable.ts';

/** What flags say of a goal on an output: an option each, by the option's own name. Goals on classes have `--targets`. */
export interface GoalFlags {
  goal?: string;
  [option: string]: unknown;
}

const optionsOf = ({ options }: GoalKind): string[] => Object.keys(options.shape);
const outputGoals = (): GoalKind[] => goalKinds().filter(({ on }) => on === 'output');
/** Goals that flags can set. */
const settable = (): GoalKind[] => goalKinds().filter((goal) => goal.on === 'output' || optionsOf(goal).length === 0);
/** Options that flags set, and those of them that are paths. */
const goalOptions = (): string[] => [...new Set(outputGoals().flatMap(optionsOf))];
const goalFiles = (): string[] => [...new Set(outputGoals().flatMap(({ paths }) => [...paths]))];

/** The flags of a goal by what they say in a plan, but for its files, which may lie elsewhere when an audit goes on. */
export const goalFlagNames = (): Record<string, string> =>
  Object.fromEntries(['goal', ...goalOptions()].filter((name) => !goalFiles().includes(name)).map((name) => [name, `--${name}`]));

/** Lets a command be told the goal. */
export function addGoalFlags(command: Command): Command {
  const kinds = or(settable().map(({ kind }) => kind));
  command.option('--goal <kind>', `what an attack is to reach: ${kinds} (default: ${settable()[0]!.kind}; for classes see --targets)`);
  for (const name of goalOptions()) {
    const owners = outputGoals().filter((goal) => optionsOf(goal).includes(name));
    const texts = owners.map(({ kind, options }) => ({ kind, text: (options.shape[name] as z.ZodType).description ?? '' }));
    const one = texts.every(({ text }) => text === texts[0]!.text);
    const said = one && owners.length > 1 ? texts[0]!.text : texts.map(({ kind, text }) => `${kind}: ${text}`).join(' ');
    if (goalFiles().includes(name)) command.option(`--${name} <file>`, `${said} With --resume repeatable.`, repeatable);
    else command.option(`--${name} <value>`, said);
  }
  return command;
}

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
  const own = optionsOf(goal);
  const stray = goalOptions().find((name) => flags[name] !== undefined && !own.includes(name));
  if (stray)
    throw new UserError(
      `--${stray} is for ${or(kinds.filter((one) => optionsOf(one).includes(stray)).map((one) => `--goal ${one.kind}`))}.`,
    );
  if (goal.on === 'classes') return null;
  const given: Record<string, unknown> = {};
  for (const name of own) {
    const text = flags[name];
    if (text === undefined) continue;
    given[name] = isNumber(goal, name) ? decimal(`--${name}`, String(text)) : goal.paths.includes(name) ? lastOf(text) : text;
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

const isNumber = (goal: GoalKind, option: string): boolean => {
  const { properties } = z.toJSONSchema(goal.options, { io: 'input' }) as { properties: Record<string, { type?: string }> };
  return properties[option]?.type === 'number' || properties[option]?.type === 'integer';
};
/** Of a flag that may stand several times. */
const lastOf = (text: unknown): unknown => (Array.isArray(text) ? (text as unknown[]).at(-1) : text);
