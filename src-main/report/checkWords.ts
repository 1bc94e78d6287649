import { checkCounts, verdictText } from '../../shared/checkWords.ts';
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
  return verdictText(passed, failed);
}
