import { binomialTail } from '../../shared/stats.ts';

/** What happens more often than this by chance is no evidence. */
export const LEVEL = 0.01;

/**
 * McNemar's exact test of two attacks on the same images: p of as many images that only one of them breaks, or more, on either side,
 * if each were as likely to be on the one side as on the other (two-sided, binomial with 1/2).
 * @param one images that only the first breaks (or breaks at more budgets) @param other those of the second alone
 * Source: McNemar 1947, Psychometrika 12:153, in its exact form.
 */
export function mcnemar(one: number, other: number): number {
  return Math.min(1, 2 * binomialTail(Math.max(one, other), one + other, 0.5));
}
