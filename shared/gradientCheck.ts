import type { CheckVerdict, GradientCheck } from './results.ts';

/** What is known before anything is: of a check that was ended, or had nothing to be made at. */
export const UNCHECKED: GradientCheck = { ok: false, verdict: 'unchecked', forwardError: 0, gradientError: 0, tangentError: null, directions: 0, compared: 0, surrogates: [], fallbacks: [] };

/** Results from before there was a limit say only whether the check passed. */
export function verdictOf({ verdict, ok }: Pick<GradientCheck, 'verdict' | 'ok'>): CheckVerdict {
  return verdict ?? (ok ? 'passed' : 'failed');
}

/** For the command line and the report; never a plain "passed" for less than was wanted. */
export function verdictWords(check: GradientCheck): string {
  const words: Record<CheckVerdict, string> = {
    passed: 'passed',
    partly: `passed as far as it was checked: ${check.directions} of ${check.wanted} directions in the time given`,
    unchecked: 'not checked in the time given',
    failed: 'NOT passed',
  };
  return words[verdictOf(check)];
}
