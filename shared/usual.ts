import type { Norm } from './norms.ts';

/** Budgets of a plan that names none: what most papers report for small pictures. */
export const USUAL_EPS: Record<Norm, number[]> = {
  l0: [1, 5, 10, 20, 50],
  l0Pixels: [1, 5, 10, 20, 50],
  l1: [1, 5, 10, 20],
  l2: [0.1, 0.25, 0.5, 1, 2],
  linf: [1, 2, 4, 8, 16].map((levels) => levels / 255),
};

/** Attacks of a plan that names none. They complement each other: one alone overlooks changes that another finds. */
export const USUAL_ATTACKS: Record<Norm, string[]> = {
  l0: ['sigma-zero', 'fmn'],
  l0Pixels: ['sigma-zero'],
  l1: ['fmn', 'pgd'],
  l2: ['ddn', 'fmn'],
  linf: ['pgd', 'fmn'],
};

/** Images that the page of checks is measured on where nobody says how many: a few of a standard audit, none of another. */
export function usualChecks(attacks: readonly string[]): number {
  return attacks.includes('standard') ? 10 : 0;
}
