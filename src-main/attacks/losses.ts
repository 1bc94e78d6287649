import { z } from 'zod';
import { UserError } from '../../shared/errors.ts';
import { LOSSES } from '../model/differentiable.ts';
import type { Loss } from '../model/differentiable.ts';
import type { Problem } from './problem/problem.ts';

/** The option by which an attack lets its loss be chosen. */
export function lossOption(preset: Loss) {
  return z
    .enum(LOSSES)
    .default(preset)
    .describe(
      'What the attack makes small: the logit margin, the cross-entropy, the difference of logits ratio (needs 3 classes, targeted 4), or the margin of the probabilities.',
    );
}

/** @throws UserError when the model has too few classes for the DLR loss */
export function checkLoss(loss: Loss, problem: Problem): void {
  const least = problem.targeted ? 4 : 3;
  if (loss === 'dlr' && problem.classes < least)
    throw new UserError(`The dlr loss needs ${least} classes and the model has ${problem.classes}: choose margin or cross-entropy.`);
}
