import { within, type Norm } from '../../shared/norms.ts';
import type { Probe } from '../../shared/probe.ts';

/** One answer of many at other budgets. */
export interface Trial {
  eps: number;
  /** Margin in logits, or the figure that the output is judged by; null where there is none to draw. */
  value: number | null;
  broke: boolean;
}

/**
 * What a minimum-norm attack found counts at its own distance; else the budget it was tried with.
 * @param figure that an output is judged by
 */
export function trialOf(answer: Probe, norm: Norm, eps: number, minimal: boolean, figure: string): Trial {
  const seen = answer.changed ?? answer.clean;
  const broke = answer.state === 'broken';
  const value = seen.figures ? (seen.figures[figure] ?? null) : seen.margin;
  return { eps: minimal && broke ? answer.changed!.eightBit[norm] : eps, value, broke };
}

/** With one more, by ascending budget; a budget tried again replaces what was there. */
export function withTrial(trials: readonly Trial[], one: Trial): Trial[] {
  return [...trials.filter(({ eps }) => eps !== one.eps), one].sort((a, b) => a.eps - b.eps);
}

/**
 * Between which budgets it tips: the smallest that broke, and the largest below it that did not. An attack may fail at a larger
 * budget and succeed at a smaller one; then the smaller counts.
 */
export function tipOf(trials: readonly Trial[]): { held: number | null; broke: number | null } {
  const broke = trials.find((trial) => trial.broke)?.eps ?? null;
  const held = trials.filter((trial) => !trial.broke && (broke === null || trial.eps < broke)).at(-1)?.eps ?? null;
  return { held, broke };
}

/** Whether an answer breaks the image within ε; what a minimum-norm attack found holds for every ε. */
export function breaksAt(answer: Probe, norm: Norm, eps: number): boolean {
  return answer.state === 'broken' && answer.changed !== null && within(answer.changed.eightBit[norm], eps);
}

export type Verdict = 'breaks' | 'beyond' | 'holds' | 'float' | 'wrong' | 'own' | 'failed';

/** How an answer reads at a budget. `beyond`: broken, but farther away than ε. `float`: reached before rounding, and no 8-bit picture within ε keeps it. `own`: of the target class already. */
export function verdictOf(answer: Probe, norm: Norm, eps: number): Verdict {
  if (answer.state === 'wrong-already') return 'wrong';
  if (answer.state === 'target-already') return 'own';
  if (answer.state === 'broken') return breaksAt(answer, norm, eps) ? 'breaks' : 'beyond';
  if (answer.state !== 'held') return 'failed';
  return answer.float === null ? 'holds' : 'float';
}
