import { z } from 'zod';
import { count } from './format.ts';
import type { CheckResult, CheckState } from './results.ts';

/** What a check is called in one language. */
export const CheckWords = z.object({
  /** What is expected, in a few words: `An unbounded budget breaks every image`. */
  title: z.string(),
  /** What its figures say, with `{figure}` where one stands. */
  figure: z.string(),
  /** What it means that it failed, and what to do. */
  failed: z.string(),
  /** Why there is nothing to say, where there is not. */
  none: z.string(),
});
export type CheckWords = z.infer<typeof CheckWords>;

export const CheckCard = z.object({ id: z.string(), words: z.object({ en: CheckWords, de: CheckWords }) });
export type CheckCard = z.infer<typeof CheckCard>;

/** What a check found, in a sentence or two. */
export function checkText({ figure, failed, none }: CheckWords, { state, figures }: Pick<CheckResult, 'state' | 'figures'>): string {
  if (state === 'not-applicable') return none;
  const found = figure.replace(/\{([\w-]+)\}/g, (_, name: string) => String(figures[name] ?? 0));
  return state === 'failed' ? `${found} ${failed}` : found;
}

/** How many checks ended in each way. */
export function checkCounts(checks: readonly Pick<CheckResult, 'state'>[]): Record<CheckState, number> {
  const of = (state: CheckResult['state']) => checks.filter((check) => check.state === state).length;
  return { passed: of('passed'), failed: of('failed'), 'not-applicable': of('not-applicable') };
}

/** How the page came out, in a sentence. */
export function verdictText(passed: number, failed: number): string {
  if (passed + failed === 0) return 'Nothing could be checked.';
  if (failed > 0)
    return `${count(failed)} of ${count(passed + failed)} checks failed: do not rely on what is said to hold before you know why.`;
  if (passed === 1) return 'The only check that applies passed: that says next to nothing.';
  return `All ${count(passed)} checks that apply passed: nothing speaks against these attacks.`;
}
