import { existsSync } from 'node:fs';
import { UserError } from '../../shared/errors.ts';
import { NORMS } from '../../shared/norms.ts';
import type { Norm } from '../../shared/norms.ts';
import { Bits } from '../../shared/plan.ts';
import type { AuditPlan, AuditPlanInput } from '../../shared/plan.ts';
import { USUAL_ATTACKS, USUAL_EPS, usualChecks } from '../../shared/usual.ts';
import { attackOf } from '../attacks/registry.ts';
import { checkPlan } from '../audit/plan.ts';
import { cardOf, guessed, lists, textOf } from './given.ts';
import { inLimits } from './limited.ts';
import { classEnds, wantedFrom } from './ends.ts';
import { goalFrom } from './goalFlags.ts';
import type { PlanFlags } from './planFlags.ts';

/** Bytes of a list of classes, one for each of millions of images. */
const MOST_TARGETS = 64 * 2 ** 20;

/**
 * The plan that `hairline audit`'s flags describe.
 * @throws UserError naming the flag that is missing or wrong.
 */
export async function planFromFlags(flags: PlanFlags): Promise<AuditPlan> {
  if (!flags.model) throw new UserError('Give the model with --model FILE, or a plan file.');
  if (!flags.images?.length) throw new UserError('Give the images with --images PATH.');
  const norms = (flags.norm ?? 'linf').split(',').map((n) => {
    if (!(NORMS as readonly string[]).includes(n)) throw new UserError(`--norm takes ${NORMS.join(', ')}, not ${n}.`);
    return n as Norm;
  });
  const eps = budgets(flags.eps ?? [], norms);
  const attacks = flags.attacks
    ?.split(',')
    .map((a) => a.trim())
    .filter(Boolean);
  const steps = whole('--steps', flags.steps, 1);
  const onOutput = goalFrom({ ...flags });
  if (onOutput !== null && flags.targets !== undefined) throw new UserError('--targets is for goals on classes: leave it out, or --goal.');
  if (onOutput !== null && flags.threshold !== undefined)
    throw new UserError('--threshold is for goals on classes: leave it out, or --goal.');
  const ends = onOutput === null ? classEnds(flags) : wantedFrom(flags);
  const plan: AuditPlanInput = {
    name: flags.name ?? '',
    model: flags.model,
    ...ends,
    ...(await inLimits(async (limited) => {
      const card = cardOf(flags, limited, ends);
      return { ...(await guessed(flags, card)), ...(await lists(flags, flags.images!, onOutput !== null, card)) };
    })),
    images: flags.images,
    offset: whole('--offset', flags.offset, 0) ?? 0,
    limit: whole('--first', flags.first, 1),
    ...sampleOf(flags),
    ...bitsOf(flags),
    threats: norms.map((norm) => ({
      norm,
      eps: eps.get(norm) ?? USUAL_EPS[norm],
      goal: onOutput ?? goal(flags.targets),
      attacks: chosen(attacks, norm, norms.length > 1).map((id) => ({
        id,
        options: steps !== null && 'steps' in attackOf(id).options.shape ? { steps } : {},
      })),
    })),
    ...checksOf(flags, attacks),
    seed: whole('--seed', flags.seed, 0) ?? 0,
    provider: flags.provider ?? 'cpu',
    workers: whole('--workers', flags.workers, 1),
    batch: whole('--batch', flags.batch, 1),
    maxQueries: whole('--max-queries', flags.maxQueries, 1),
  };
  return checkPlan(plan, process.cwd());
}

/** The sample that --limit asks for; the seed of every random choice is that of the draw, too. */
export function sampleOf({ limit, seed }: Pick<PlanFlags, 'limit' | 'seed'>): Pick<AuditPlan, 'sample'> {
  const size = whole('--limit', limit, 1);
  return size === null ? {} : { sample: { size, seed: whole('--seed', seed, 0) ?? 0 } };
}

/** The page of checks: asked for, or part of a standard audit. */
function checksOf({ checks }: Pick<PlanFlags, 'checks'>, attacks: string[] | undefined): Pick<AuditPlanInput, 'checks'> {
  const images = whole('--checks', checks, 0) ?? usualChecks(attacks ?? []);
  return images > 0 ? { checks: { images } } : {};
}

/** How many bits are in use of pictures that have 16 a value. */
export function bitsOf({ bits }: Pick<PlanFlags, 'bits'>): Pick<AuditPlan, 'bits'> {
  if (bits === undefined) return {};
  const used = Bits.safeParse(Number(bits));
  if (!used.success) throw new UserError(`--bits takes how many of 16 bits are in use, from 8 to 16, not ${bits}.`);
  return { bits: used.data };
}

/** With several norms, each takes those of the attacks that have it. */
function chosen(attacks: string[] | undefined, norm: Norm, several: boolean): string[] {
  if (!attacks) return USUAL_ATTACKS[norm];
  const fitting = several ? attacks.filter((id) => attackOf(id).norms.includes(norm)) : attacks;
  if (fitting.length === 0) throw new UserError(`None of the attacks ${attacks.join(', ')} works in ${norm}.`);
  return fitting;
}

function budgets(texts: string[], norms: Norm[]): Map<Norm, number[]> {
  const out = new Map<Norm, number[]>();
  for (const text of texts) {
    const named = /^(l0|l0Pixels|l1|l2|linf)=(.*)$/.exec(text);
    const norm = named ? (named[1] as Norm) : norms[0]!;
    if (!named && norms.length > 1)
      throw new UserError('With several norms, name the norm of each list of budgets: --eps linf=8/255 --eps l2=0.5.');
    if (!norms.includes(norm)) throw new UserError(`--eps ${text} is for ${norm}, which --norm does not name.`);
    out.set(norm, (named ? named[2]! : text).split(',').map(epsilon));
  }
  return out;
}

/** `8/255`, `0.03`, `20`. */
export function epsilon(text: string): number {
  const [above, below, ...rest] = text.trim().split('/');
  const value = below === undefined ? Number(above) : Number(above) / Number(below);
  if (rest.length > 0 || text.trim() === '' || !Number.isFinite(value))
    throw new UserError(`${text || 'An empty text'} is no budget: write a number such as 0.03, or a fraction such as 8/255.`);
  if (value <= 0) throw new UserError(`A budget of ${text.trim()} leaves nothing to change: give budgets above 0.`);
  return value;
}

function goal(text: string | undefined): NonNullable<AuditPlanInput['threats'][number]['goal']> {
  if (text === undefined) return { kind: 'untargeted' };
  if (text === 'next' || text === 'least-likely') return { kind: 'targeted', target: text };
  const numbers = existsSync(text)
    ? textOf(text, MOST_TARGETS, 'The target classes')
        .trim()
        .split(/[\s,;]+/)
    : text.split(',');
  const classes = numbers.map((n) => {
    if (!/^\d+$/.test(n.trim()))
      throw new UserError(
        `--targets takes a class number, a list with one class per image, a file of them, next, or least-likely, not ${text}.`,
      );
    return Number(n);
  });
  return { kind: 'targeted', target: classes.length === 1 ? classes[0]! : classes };
}

export function whole(flag: string, text: string | undefined, least: number): number | null {
  if (text === undefined) return null;
  if (!/^\d+$/.test(text) || Number(text) < least) throw new UserError(`${flag} takes a whole number of at least ${least}, not ${text}.`);
  return Number(text);
}
