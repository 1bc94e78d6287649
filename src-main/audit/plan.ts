import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { issueText } from '../../shared/issues.ts';
import { isCount } from '../../shared/norms.ts';
import { AuditPlan } from '../../shared/plan.ts';
import { coversAll } from '../../shared/reach.ts';
import type { AuditPlanInput } from '../../shared/plan.ts';
import { Folder } from '../files/folder.ts';
import { readRegular } from '../files/regular.ts';
import type { OpenRequest } from '../images/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { attackOf, optionsOf } from '../attacks/registry.ts';
import { withPaths } from './files.ts';
import { FILES, SIZES } from './jobs.ts';
import { checkGoal, kindOf, outputAim } from '../goals/index.ts';

/**
 * Completes a plan and checks what its schema cannot: that attacks exist, fit the norm and the goal, and take their
 * options; budgets come out ascending, options with their defaults, paths absolute.
 * @param base folder that relative paths count from
 * @throws UserError naming the part of the plan that is wrong.
 */
export function checkPlan(input: AuditPlanInput, base: string): AuditPlan {
  const parsed = AuditPlan.safeParse(input);
  if (!parsed.success) throw new UserError(`The plan is not right: ${issueText(parsed.error)}.`);
  const plan = parsed.data;
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(base, path));
  const goals = plan.threats.map(({ goal }) => checkGoal(goal));
  const onOutput = goals.filter((goal) => kindOf(goal).on === 'output');
  if (onOutput.length !== 0 && onOutput.length !== goals.length)
    throw new UserError('The plan has goals on classes and goals on the output; an audit has one kind: make two of it.');
  if (onOutput.length === 0 && plan.output !== null)
    throw new UserError(
      `The plan names the output ${plan.output}, but its goals are on classes: give every threat model a goal of deviation or match, or name the class scores as answer.output.`,
    );
  if (onOutput.length !== 0 && plan.answer)
    throw new UserError('The plan says where class scores are, but its goals are on the output: leave the answer out.');
  if (new Set(onOutput.map((goal) => outputAim(goal).peak)).size > 1)
    throw new UserError('The plan gives the one output several peaks: give every threat model the same.');
  const threats = plan.threats.map((threat, t) => {
    const goal = goals[t]!;
    const kind = kindOf(goal);
    const seen = new Set<string>();
    const attacks = threat.attacks.map(({ id, options }) => {
      const attack = attackOf(id);
      if (seen.has(id)) throw new UserError(`The attack ${id} is named twice for ${threat.norm}: name it once.`);
      seen.add(id);
      if (kind.targeted && !attack.targeted)
        throw new UserError(`The attack ${id} has no targeted form: choose another attack or an untargeted goal.`);
      if (attack.needsOutput && !kind.byProducts)
        throw new UserError(`The attack ${id} drives an output away from its reference: choose another attack, or a goal of deviation.`);
      return { id, options: optionsOf(id, options, threat.norm) };
    });
    if (isCount(threat.norm) && threat.eps.some((e) => !Number.isInteger(e)))
      throw new UserError(
        `A budget in ${threat.norm} is a number of changed ${threat.norm === 'l0' ? 'values' : 'pixels'}: give whole numbers.`,
      );
    if (threat.knowledge.kind === 'transfer' && kind.on === 'output')
      throw new UserError('Transfer attacks are on classes: give the threat model a goal on classes, or let it know the model.');
    return { ...threat, goal, eps: [...new Set(threat.eps)].sort((a, b) => a - b), attacks };
  });
  return {
    ...withPaths({ ...plan, threats }, absolute),
    ...(plan.dropped && { dropped: plan.dropped.map((drop) => ({ ...drop, folder: absolute(drop.folder) })) }),
  };
}

/**
 * Told apart from `checkPlan`: older audits with such budgets can still be looked at.
 * @param shape of the pictures; null while it is not known
 * @throws UserError for a budget that lets every picture become any other
 */
export function demandBudgets({ threats }: Pick<AuditPlan, 'threats'>, shape: ImageShape | null): void {
  for (const { norm, eps } of threats)
    for (const one of eps) {
      const why = coversAll(norm, one, shape);
      if (why !== null) throw new UserError(why);
    }
}

const BESIDE = { labels: ['The labels come', '--labels'], classNames: ['The class names come', '--class-names'] } as const;

/** What nobody named, but was found beside the images. */
export function besideNotes({ beside = [], ...plan }: AuditPlan): string[] {
  return beside.map(
    (kind) =>
      `${BESIDE[kind][0]} from ${basename(plan[kind] ?? '')}, which lies beside the images: ${BESIDE[kind][1]} takes another file, or none.`,
  );
}

/** Which images a plan takes. */
export function rangeOf({
  images,
  offset,
  limit,
  sample,
  bits,
  beside = [],
  ...plan
}: AuditPlan): Pick<OpenRequest, 'paths' | 'offset' | 'limit' | 'sample' | 'bits' | 'lists'> {
  return { paths: images, offset, limit, sample, bits, lists: beside.flatMap((kind) => plan[kind] ?? []) };
}

/**
 * Reads a plan file; relative paths in it count from its own folder.
 * @throws UserError when it cannot be read or is not right.
 */
export function readPlan(file: string): AuditPlan {
  return planIn(file, () => readRegular(file, { most: SIZES.plan }));
}

/** The plan in an audit's folder. @throws UserError when it cannot be read or is not right. */
export function planOf(folder: string): AuditPlan {
  return planIn(join(folder, FILES.plan), () => new Folder(folder).read(FILES.plan, SIZES.plan));
}

function planIn(file: string, read: () => Buffer): AuditPlan {
  let text: string;
  try {
    text = read().toString('utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`The plan ${file} cannot be read: check that the file is there.`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(`The plan ${file} is no JSON: ${(error as Error).message.replace(/\s+/g, ' ')}.`);
  }
  return checkPlan(json as AuditPlanInput, dirname(resolve(file)));
}
