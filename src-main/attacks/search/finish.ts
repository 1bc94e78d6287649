import { z } from 'zod';
import { isCount } from '../../../shared/norms.ts';
import type { Norm } from '../../../shared/norms.ts';
import type { Problem } from '../problem/problem.ts';
import { bisectBoundary } from './bisect-boundary.ts';
import { localSearch } from './local-search.ts';

/** The option of attacks that end with a cheap finish: bisection of the best point's length, of counts an exchange of features. */
export const finishOption = z
  .number()
  .int()
  .min(0)
  .max(1000)
  .nullable()
  .default(null)
  .describe('Passes of the final bisection, for l0 of the exchange of features; null: 8, for l0 50.');

/** How many that are. */
export function finishPasses(norm: Norm, asked: number | null): number {
  return asked ?? (isCount(norm) ? 50 : 8);
}

/** Makes each image's best success smaller, by so many forward passes at most. */
export async function finishOff(problem: Problem, asked: number | null): Promise<void> {
  const passes = finishPasses(problem.norm, asked);
  await (isCount(problem.norm) ? localSearch(problem, passes) : bisectBoundary(problem, passes, 0.97));
}
