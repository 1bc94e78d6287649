import { checkCounts } from '../../shared/checkWords.ts';
import { count, formatEps } from '../../shared/format.ts';
import { NORM_LABEL } from '../../shared/norms.ts';
import type { Checks } from '../../shared/results.ts';

/** What the checks were measured on. */
export function checkedWords({ measures, norm, budgets }: Pick<Checks, 'measures' | 'norm' | 'budgets'>): string {
  const images = `${count(measures.length)} ${measures.length === 1 ? 'image' : 'images'}`;
  return `Measured on ${images} under ${NORM_LABEL[norm]}, with budgets of ${budgets.map((eps) => formatEps(norm, eps)).join(', ')}.`;
}

/** How the page came out, in a sentence. */
export function trustWords({ checks }: Pick<Checks, 'checks'>): string {
  const { passed, failed } = checkCounts(checks);
  if (passed + failed === 0) return 'Nothing could be checked.';
  if (failed === 0 && passed === 1) return 'The only check that applies passed: that says next to nothing.';
  if (failed === 0) return `All ${count(passed)} checks that apply passed: nothing speaks against these attacks.`;
  return `${count(failed)} of ${count(passed + failed)} checks failed: do not rely on what is said to hold before you know why.`;
}
