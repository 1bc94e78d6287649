import type { CheckMeasure, CheckResult, CheckState, GradientCheck } from '../../shared/results.ts';
import type { CheckWords } from '../../shared/checkWords.ts';
import type { RunName } from './runs.ts';
import type { ValueName } from './values.ts';

/** What a check judges by. */
export interface Evidence {
  /** Of the images that the page is measured on, those for which all of it is numbers. */
  measures: readonly CheckMeasure[];
  /** Those for which it is not. */
  broken: number;
  gradientCheck: Pick<GradientCheck, 'straightThrough'>;
  /** Classes of the model. */
  classes: number;
  /** The class that the model gives each clean image of the audit, and its label. */
  clean: readonly { prediction: number; label: number }[];
  /** The classes of the pictures that broke it under the threat model, one an image. */
  successes: readonly number[];
}

/** One line of the page: what it needs to be measured, and what it makes of that. */
export interface Check {
  id: string;
  runs: readonly RunName[];
  values: readonly ValueName[];
  judge(evidence: Evidence): Pick<CheckResult, 'state' | 'figures'>;
  words: { en: CheckWords; de: CheckWords };
}

export function stateOf(passed: boolean, measured: number): CheckState {
  if (measured === 0) return 'not-applicable';
  return passed ? 'passed' : 'failed';
}

/** At how many budgets a run reached the goal. */
export const reached = ({ runs }: CheckMeasure, run: RunName): number => (runs[run] ?? []).filter(Boolean).length;

/** On how many images one run reaches the goal at more budgets than another, and the other way round. */
export function compare(measures: readonly CheckMeasure[], one: RunName, other: RunName): { more: number; fewer: number } {
  const gains = measures.map((measure) => reached(measure, one) - reached(measure, other));
  return { more: gains.filter((gain) => gain > 0).length, fewer: gains.filter((gain) => gain < 0).length };
}
