import { HOLLOW_VERDICTS } from './results.ts';
import type { CheckVerdict, GradientCheck } from './results.ts';

/** What is known before anything is: of a check that was ended, or had nothing to be made at. */
export const UNCHECKED: GradientCheck = {
  ok: false,
  verdict: 'unchecked',
  forwardError: 0,
  gradientError: 0,
  tangentError: null,
  directions: 0,
  compared: 0,
  straightThrough: [],
  fallbacks: [],
};

/** Results from before there was a limit say only whether the check passed. */
export function verdictOf({ verdict, ok }: Pick<GradientCheck, 'verdict' | 'ok'>): CheckVerdict {
  if (verdict === undefined) return ok ? 'passed' : 'failed';
  return isHollow(verdict) ? 'passed' : verdict;
}

const isHollow = (word: string): word is (typeof HOLLOW_VERDICTS)[number] => (HOLLOW_VERDICTS as readonly string[]).includes(word);

/** As it is told to other programs: no `passed` stands on 0 = 0, nor on what is no derivative. */
export function toldCheck(check: GradientCheck): GradientCheck {
  const word = wordOf(check);
  return verdictOf(check) === 'passed' && isHollow(word) ? { ...check, ok: false, verdict: word } : check;
}

/** What a gradient is to whoever relies on it. Only `passed` is a gradient that was held against differences in all that was wanted. */
export type CheckWord = CheckVerdict | 'random' | 'not-finite' | 'zero' | 'tiny' | 'surrogate';

/** The worst that there is to say. */
export function wordOf(check: GradientCheck): CheckWord {
  const verdict = verdictOf(check);
  if (check.trouble) return check.trouble;
  if (verdict === 'failed') return verdict;
  const { pictures, zero, tiny } = check.slopes ?? { pictures: 0, zero: 0, tiny: 0 };
  if (pictures > 0 && zero === pictures) return 'zero';
  if (pictures > 0 && zero + tiny === pictures) return 'tiny';
  return check.straightThrough.length > 0 && verdict !== 'unchecked' && verdict !== 'unneeded' ? 'surrogate' : verdict;
}

/** For the command line and the report; never a plain "passed" for less than was wanted. */
export function verdictWords(check: GradientCheck): string {
  const words: Record<CheckWord, string> = {
    passed: 'passed',
    partly: `passed as far as it was checked: ${check.directions} of ${check.wanted} directions`,
    unchecked: 'not checked in the time given',
    unneeded: 'not needed: no attack of this audit asks for a gradient',
    failed: 'NOT passed',
    random: 'NOT passed: the model is random',
    'not-finite': 'NOT passed: the gradient is NaN or infinite',
    zero: 'nothing to check: the gradient is zero',
    tiny: 'nothing to check: the gradient is too small for float32',
    surrogate: 'not the derivative: the gradient goes by a surrogate',
  };
  return words[wordOf(check)];
}
