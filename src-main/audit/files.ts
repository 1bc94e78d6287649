import { UserError } from '../../shared/errors.ts';
import { NamedFiles } from '../../shared/plan.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import { goalPaths, withGoalPaths } from '../goals/index.ts';
import { surrogatesOf } from './surrogates.ts';

/** Each kind of file that a plan names, and the flag that names it instead. */
export const FLAG = {
  model: '--model',
  images: '--images',
  labels: '--labels',
  classNames: '--class-names',
  pictures: '--picture',
  surrogates: '--surrogate',
} as const;
type Kind = keyof NamedFiles;
export const KINDS = Object.keys(FLAG) as Kind[];

export const NO_FILES = NamedFiles.parse({});

/** Every path that a plan holds, each once. */
export function filesOf(plan: AuditPlan): NamedFiles {
  const pictures = plan.threats.flatMap(({ goal }) => goalPaths(goal));
  const surrogates = surrogatesOf(plan).map(({ model }) => model);
  return {
    model: plan.model,
    images: plan.images,
    labels: plan.labels,
    classNames: plan.classNames,
    pictures: [...new Set(pictures)],
    surrogates: [...new Set(surrogates)],
  };
}

/** A plan with other paths. */
export function withPaths(plan: AuditPlan, to: (path: string, kind: Kind) => string): AuditPlan {
  return {
    ...plan,
    model: to(plan.model, 'model'),
    images: plan.images.map((path) => to(path, 'images')),
    labels: plan.labels === null ? null : to(plan.labels, 'labels'),
    classNames: plan.classNames === null ? null : to(plan.classNames, 'classNames'),
    threats: plan.threats.map((threat) => ({
      ...threat,
      goal: withGoalPaths(threat.goal, (path) => to(path, 'pictures')),
      knowledge:
        threat.knowledge.kind === 'transfer'
          ? { ...threat.knowledge, surrogates: threat.knowledge.surrogates.map((of) => ({ ...of, model: to(of.model, 'surrogates') })) }
          : threat.knowledge,
    })),
  };
}

const isNone = (value: NamedFiles[Kind]): boolean => value === null || value.length === 0;

/** Kinds of file that are named without need. */
export function unused(plan: AuditPlan, named: NamedFiles): Kind[] {
  const stored = filesOf(plan);
  return KINDS.filter((kind) => !isNone(named[kind]) && isNone(stored[kind]));
}

export interface Opening {
  /** What a person named; it comes before what the plan says. */
  named: NamedFiles;
  /** Whether the plan's own paths may be opened. */
  begunHere: boolean;
  /** Kinds of file that will be opened; null: all. */
  needs?: Kind[];
  folder: string;
}

/**
 * The plan to open files by. Somebody else's plan may name any file of this machine, so a path counts only where a person
 * named it, or this installation wrote the plan.
 * @throws UserError saying which files are to be named
 */
export function planToOpen(plan: AuditPlan, { named, begunHere, needs = KINDS, folder }: Opening): AuditPlan {
  const stored = filesOf(plan);
  const missing = needs.filter((kind) => !isNone(stored[kind]) && isNone(named[kind]));
  if (missing.length > 0 && !begunHere)
    throw new UserError(
      `The audit in ${folder} was begun elsewhere, so no file that it names is opened: name them yourself (${missing.map((kind) => FLAG[kind]).join(', ')}), or in the window load them in the set-up first.`,
    );
  const one = (kind: 'pictures' | 'surrogates') => {
    if (!isNone(named[kind]) && needs.includes(kind) && named[kind].length !== stored[kind].length)
      throw new UserError(
        `The plan in ${folder} has ${stored[kind].length} different files for ${FLAG[kind]}, and ${named[kind].length} were named: name as many, in the order of the plan.`,
      );
    return (path: string) => named[kind][stored[kind].indexOf(path)] ?? path;
  };
  const [picture, surrogate] = [one('pictures'), one('surrogates')];
  const given = {
    pictures: picture,
    surrogates: surrogate,
    images: (path: string) => path,
    model: (path: string) => named.model ?? path,
    labels: (path: string) => named.labels ?? path,
    classNames: (path: string) => named.classNames ?? path,
  };
  const opened = withPaths(plan, (path, kind) => given[kind](path));
  return named.images.length > 0 ? { ...opened, images: named.images } : opened;
}
