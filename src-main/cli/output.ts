import { UserError } from '../../shared/errors.ts';
import { REFERENCES } from '../../shared/plan.ts';
import type { AuditPlan, AuditPlanInput, Goal } from '../../shared/plan.ts';

/** What flags say of a model's ends, as a plan has it. */
export type Wanted = Pick<AuditPlan, 'input' | 'fixed' | 'output' | 'answer'>;

/** Flags that say which values of a network an audit or a check is about. */
export interface WantedFlags {
  input?: string;
  fix?: string[];
  output?: string;
  threshold?: string;
}

/** Flags of goals on an output. */
export interface OutputGoalFlags {
  goal?: string;
  psnr?: string;
  reference?: string;
  peak?: string;
  picture?: string;
}

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

/** What PSNR is relative to where the auditor says nothing: outputs in [0,1]. */
const USUAL_PSNR = 20;

/**
 * The goal on an output that flags describe, or null when they describe none.
 * @throws UserError naming the flag that is missing, wrong, or without use.
 */
export function outputGoal(flags: OutputGoalFlags): AuditPlanInput['threats'][number]['goal'] | null {
  const { goal } = flags;
  if (goal === undefined || goal === 'untargeted') {
    const stray = (['psnr', 'reference', 'peak', 'picture'] as const).find((name) => flags[name] !== undefined);
    if (stray) throw new UserError(`--${stray} is for goals on an output: give --goal deviation or --goal match.`);
    return null;
  }
  const psnr = decimal('--psnr', flags.psnr) ?? USUAL_PSNR;
  const peak = decimal('--peak', flags.peak) ?? 1;
  if (peak <= 0) throw new UserError('--peak takes the largest value the output can have, above 0.');
  if (goal === 'deviation') {
    if (flags.picture !== undefined) throw new UserError('--picture is for --goal match.');
    const reference = flags.reference ?? 'clean-output';
    if (!(REFERENCES as readonly string[]).includes(reference))
      throw new UserError(`--reference takes ${REFERENCES.join(' or ')}, not ${reference}.`);
    return { kind: 'deviation', psnr, peak, reference: reference as (typeof REFERENCES)[number] };
  }
  if (goal !== 'match') throw new UserError(`--goal takes untargeted, deviation or match, not ${goal}.`);
  if (flags.reference !== undefined) throw new UserError('--reference is for --goal deviation.');
  if (flags.picture === undefined) throw new UserError('Give the picture whose output is to be matched with --picture FILE.');
  return { kind: 'match', picture: flags.picture, psnr, peak } satisfies Goal;
}

function decimal(flag: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new UserError(`${flag} takes a number, not ${text}.`);
  return value;
}
