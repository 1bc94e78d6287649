import type { AuditPlan } from '../../shared/plan.ts';
import type { Graph } from '../graph/index.ts';
import { readClasses } from '../model/labels.ts';
import type { ClassList } from '../model/ordered.ts';
import { namesInModel } from '../model/modelNames.ts';
import type { Setup } from './records.ts';

/**
 * The names of a model's classes: those of the file that the plan names, else those that the model itself holds.
 * @throws UserError for a file that cannot be read, or holds another number of names
 */
export async function namedClasses(
  plan: Pick<AuditPlan, 'classNames'>,
  graph: Graph,
  classes: number,
): Promise<{ list: ClassList | null; note: string | null }> {
  if (plan.classNames !== null) return { list: await readClasses(plan.classNames, classes), note: null };
  const own = namesInModel(graph, classes);
  return { list: own, note: own && `The class names come from the model itself (${own.where}): --class-names takes others.` };
}

/** The names that an audit began with, and what else its file of names says of the classes. @throws UserError where that cannot be read */
export async function settledClasses(
  { classNames }: Pick<AuditPlan, 'classNames'>,
  setup: Pick<Setup, 'classNames' | 'output'>,
): Promise<ClassList | null> {
  if (setup.classNames === null) return null;
  return { names: setup.classNames, ids: classNames === null || setup.output !== null ? null : (await readClasses(classNames, null)).ids };
}
