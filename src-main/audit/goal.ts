import { UserError } from '../../shared/errors.ts';
import type { Goal } from '../../shared/plan.ts';
import type { ImageRecord } from './records.ts';

/**
 * The class an image shall be taken for, or null when any wrong class will do. A goal equal to the image's own class
 * is given as it is; the attack then fails by name.
 * @throws UserError when the plan's class or list does not fit the model or the images.
 */
export function goalFor(goal: Goal, image: ImageRecord, index: number, classes: number): number | null {
  if (goal.kind === 'untargeted') return null;
  const { target } = goal;
  if (target === 'least-likely') return image.leastLikely;
  if (target === 'next') return (image.label + 1) % classes;
  const wanted = Array.isArray(target) ? target[index] : target;
  if (wanted === undefined) throw new UserError(`The plan names target classes for ${(target as number[]).length} images, but there are more: give one class per image.`);
  if (wanted >= classes) throw new UserError(`The target class ${wanted} does not exist: the model tells ${classes} classes apart, 0 to ${classes - 1}.`);
  return wanted;
}
