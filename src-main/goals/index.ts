import { z } from 'zod';
import type { GoalCard } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { figuresText, filled } from '../../shared/goalWords.ts';
import type { FigureCard } from '../../shared/goalWords.ts';
import { firstIssue } from '../../shared/issues.ts';
import type { Language } from '../../shared/languages.ts';
import type { Goal } from '../../shared/plan.ts';
import type { Figures } from '../../shared/results.ts';
import { deviation } from './deviation.ts';
import type { Aim, ClassAim, GoalFigure, GoalKind, OutputAim, Verdict } from './goal.ts';
import { match } from './match.ts';
import { targeted } from './targeted.ts';
import { untargeted } from './untargeted.ts';

export type { Aim, ClassAim, GoalKind, OutputAim } from './goal.ts';

const goals = new Map<string, GoalKind>([untargeted, targeted, deviation, match].map((goal) => [goal.kind, goal]));

/** Every goal, in the order of registration. */
export const goalKinds = (): GoalKind[] => [...goals.values()];

/** @throws UserError when there is no goal of that kind */
export function kindOf({ kind }: Pick<Goal, 'kind'>): GoalKind {
  const goal = goals.get(kind);
  if (!goal) throw new UserError(`There is no goal called ${kind}: choose one of ${[...goals.keys()].join(', ')}.`);
  return goal;
}

/**
 * A goal with its options checked and defaults filled in.
 * @throws UserError on an unknown kind, or naming the first option that does not fit
 */
export function checkGoal(goal: Goal): Goal {
  return { kind: goal.kind, ...optionsOf(goal) };
}

function optionsOf({ kind, ...options }: Goal): Record<string, unknown> {
  const parsed = kindOf({ kind }).options.safeParse(options);
  if (parsed.success) return parsed.data;
  const { where, what } = firstIssue(parsed.error);
  throw new UserError(`Mend ${where ? `option ${where} of the goal ${kind}` : `the options of the goal ${kind}`}: ${what}.`);
}

/** Goals are asked again for every image and finding, and may hold a class for each image. */
const known = new WeakMap<Goal, Aim>();

/** What an attack is to reach, and how it is judged. @throws UserError as `checkGoal` does */
export function aimOf(goal: Goal): Aim {
  const aim = known.get(goal) ?? kindOf(goal).aim(optionsOf(goal));
  known.set(goal, aim);
  return aim;
}

/** The same of a goal that is known to be on an output. */
export function outputAim(goal: Goal): OutputAim {
  const aim = aimOf(goal);
  if (aim.on !== 'output') throw new UserError(`The goal ${goal.kind} is on classes, and the audit is on an output.`);
  return aim;
}

/** Whether goals are on an output; a plan has goals on classes, or on an output, never both. */
export function onOutput({ threats }: { threats: readonly { goal: Goal }[] }): boolean {
  return threats.some(({ goal }) => kindOf(goal).on === 'output');
}

/** The class an image shall be taken for; null where any wrong one will do, or there are no classes. */
export function targetOf(goal: Goal, ...image: Parameters<ClassAim['target']>): number | null {
  const aim = aimOf(goal);
  return aim.on === 'classes' ? aim.target(...image) : null;
}

/**
 * Whether the goals of a plan fit the model and the images; asked before anything is attacked.
 * @param leftOut files that could not be taken
 * @throws UserError naming what does not
 */
export function demandGoals({ threats }: { threats: readonly { goal: Goal }[] }, images: number, classes: number, leftOut = 0): void {
  for (const { goal } of threats) {
    const aim = aimOf(goal);
    if (aim.on === 'classes') aim.demandFit(images, classes, leftOut);
  }
}

/** Files that a goal names. */
export function goalPaths(goal: Goal): string[] {
  const options = optionsOf(goal);
  return kindOf(goal).paths.map((option) => options[option] as string);
}

/** A goal with other paths. */
export function withGoalPaths(goal: Goal, to: (path: string) => string): Goal {
  const options = optionsOf(goal);
  return { ...goal, ...Object.fromEntries(kindOf(goal).paths.map((option) => [option, to(options[option] as string)])) };
}

/** A goal in a few words; when an image counts as broken; what its output is held against. */
export function goalText(goal: Goal, part: 'name' | 'broken' | 'reference', language: Language = 'en'): string | null {
  const words = kindOf(goal).words[language];
  const template = words[part];
  return template === null ? null : filled(template, goal, words);
}

/** What a goal reports of an output. */
export const figuresOf = (goal: Goal): readonly GoalFigure[] => kindOf(goal).figures;

/** What one of them is called. */
export const figureName = (goal: Goal, { name }: FigureCard, language: Language = 'en'): string =>
  kindOf(goal).words[language].figures?.[name] ?? name;

/** All figures of an output that are there: `18.42 dB, SSIM 0.713`. */
export function figuresWords(goal: Goal, figures: Figures): string {
  return figuresText(figuresOf(goal), kindOf(goal).words.en, figures);
}

/** The report's sentence on a share of the images. */
export function goalVerdict(goal: Goal, labelled: boolean): Verdict {
  return kindOf(goal).verdict(optionsOf(goal), labelled);
}

/** Every goal as the window shows it, in the order of registration. */
export function goalCards(): GoalCard[] {
  return goalKinds().map(({ kind, on, targeted: aims, byProducts, paths, options, figures, words }) => ({
    kind,
    on,
    targeted: aims,
    byProducts,
    paths: [...paths],
    options: z.toJSONSchema(options, { io: 'input' }) as Record<string, unknown>,
    figures: figures.map(({ slack: _, ...card }) => card),
    words,
  }));
}
