import type { CheckCard, CheckWords } from '../../shared/checkWords.ts';
import type { CheckResult } from '../../shared/results.ts';
import type { Check, Evidence } from './check.ts';
import { budgets } from './budgets.ts';
import { gradients } from './gradients.ts';
import { iterations } from './iterations.ts';
import { noise } from './noise.ts';
import { repeat } from './repeat.ts';
import { restarts } from './restarts.ts';
import { softmax } from './softmax.ts';
import { steps } from './steps.ts';
import { straightThrough } from './straight-through.ts';
import { converged } from './converged.ts';
import { unseenClass } from './unseen-class.ts';
import { unbounded } from './unbounded.ts';

/** In the order of the page: what says most comes first. */
export const checks: readonly Check[] = [
  unbounded,
  iterations,
  budgets,
  steps,
  gradients,
  noise,
  unseenClass,
  repeat,
  softmax,
  restarts,
  converged,
  straightThrough,
];

/** What every check makes of what was measured. */
export function judgeAll(evidence: Evidence): CheckResult[] {
  return checks.map((check) => ({ id: check.id, ...check.judge(evidence) }));
}

/** In English; a check that is not known any more is called by its id. */
export function wordsOf(id: string): CheckWords {
  const known = checks.find((check) => check.id === id);
  return known?.words.en ?? { title: id, figure: '', failed: '', none: '' };
}

export function checkCards(): CheckCard[] {
  return checks.map(({ id, words }) => ({ id, words }));
}
