import { UserError } from '../../shared/errors.ts';
import type { AuditPlan } from '../../shared/plan.ts';

/** What flags say of a model's ends, as a plan has it. */
export type Wanted = Pick<AuditPlan, 'input' | 'fixed' | 'output' | 'answer'>;

/** Flags that say which values of a network an audit or a check is about. */
export interface WantedFlags {
  input?: string;
  fix?: string[];
  output?: string;
  threshold?: string;
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

/** A flag's number; null where it is not given. @throws UserError for what is none */
export function decimal(flag: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new UserError(`${flag} takes a number, not ${text}.`);
  return value;
}
