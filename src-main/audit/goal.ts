import { UserError } from '../../shared/errors.ts';
import type { AuditPlan, Goal } from '../../shared/plan.ts';
import type { ImageRecord } from './records.ts';

/** The class an image shall be taken for, or null when any wrong class will do. The plan has passed `checkGoals`. */
export function goalFor(goal: Goal, image: ImageRecord, index: number, classes: number): number | null {
  if (goal.kind !== 'targeted') return null;
  const { target } = goal;
  if (target === 'least-likely') return image.leastLikely;
  if (target === 'next') return (image.label + 1) % classes;
  return Array.isArray(target) ? target[index]! : target;
}

/**
 * Whether every goal of a plan fits the model and the images; asked before anything is attacked.
 * @throws UserError naming the class that does not exist, or the list that has another length than there are images.
 */
export function checkGoals(plan: AuditPlan, images: number, classes: number, leftOut = 0): void {
  for (const { goal } of plan.threats) {
    if (goal.kind !== 'targeted' || typeof goal.target === 'string') continue;
    const targets = Array.isArray(goal.target) ? goal.target : [goal.target];
    if (Array.isArray(goal.target) && targets.length !== images)
      throw new UserError(
        `The list of target classes holds ${targets.length}, but there are ${images} images${leftOut > 0 ? ` (${leftOut} more could not be taken)` : ''}: give one class per image, or one class for all.`,
      );
    const beyond = targets.find((target) => target >= classes);
    if (beyond !== undefined)
      throw new UserError(`The target class ${beyond} does not exist: the model tells ${classes} classes apart, 0 to ${classes - 1}.`);
  }
}
