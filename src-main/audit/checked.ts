import type { AuditPlan } from '../../shared/plan.ts';
import type { CheckMeasure, Checks } from '../../shared/results.ts';
import { randomStream } from '../attacks/problem/random-stream.ts';
import { judgeAll } from '../checks/registry.ts';
import { checkSetting } from '../checks/setting.ts';
import { targetOf } from '../goals/index.ts';
import { standing } from './records.ts';
import type { ImageRecord, Setup } from './records.ts';

/** Of an audit's state. */
interface Known {
  images: ReadonlyMap<string, ImageRecord>;
  checks: ReadonlyMap<string, CheckMeasure>;
}

/** What a page of checks is measured on: an order that the plan's seed settles, of which images that cannot be attacked drop out. */
export function drawn(plan: AuditPlan, setup: Pick<Setup, 'images' | 'classes'>, { images }: Known): ImageRecord[] {
  const setting = checkSetting(plan);
  if (setting === null) return [];
  const places = new Map(order(plan, setup).map((id, at) => [id, at]));
  return setup.images
    .map((id) => images.get(id))
    .filter((image): image is ImageRecord => image !== undefined && !isOut(image, plan, setting.threat, setup.classes))
    .sort((a, b) => places.get(a.id)! - places.get(b.id)!)
    .slice(0, plan.checks!.images);
}

/** How many images it will be, as far as is known, and how many are measured. */
export function checkProgress(plan: AuditPlan, setup: Pick<Setup, 'images' | 'classes'>, state: Known): { done: number; total: number } {
  const setting = checkSetting(plan);
  if (setting === null) return { done: 0, total: 0 };
  const most = plan.checks!.images;
  let open = setup.images.length - state.images.size;
  for (const image of state.images.values()) {
    if (open >= most) break;
    if (!isOut(image, plan, setting.threat, setup.classes)) open++;
  }
  return { done: state.checks.size, total: Math.min(most, open) };
}

/** Each image at a place of its own, whatever the others are. */
function order({ seed }: AuditPlan, { images }: Pick<Setup, 'images'>): string[] {
  const places = images.map((id) => ({ id, at: randomStream(`checks ${seed} ${id}`)() }));
  return places.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
}

/** Whether there is nothing to attack: wrong already, no numbers, or of the target class already. */
function isOut(image: ImageRecord, plan: AuditPlan, threat: number, classes: number): boolean {
  return standing(image) !== 'right' || targetOf(plan.threats[threat]!.goal, image, image.index, classes) === image.label;
}

/** The page, from what was measured; null where there is none. @param successes under each threat model, the classes of the smallest changes found */
export function checksOf(
  plan: AuditPlan,
  setup: Pick<Setup, 'images' | 'classes' | 'gradientCheck'>,
  state: Known,
  records: readonly ImageRecord[],
  successes: readonly (readonly number[])[],
): Checks | null {
  const setting = checkSetting(plan);
  if (setting === null) return null;
  const measures = setup.images.map((id) => state.checks.get(id)).filter((one) => one !== undefined);
  return {
    ...setting,
    checks: judgeAll({
      measures: measures.filter(({ reason }) => reason === undefined),
      broken: measures.filter(({ reason }) => reason !== undefined).length,
      gradientCheck: setup.gradientCheck,
      classes: setup.classes,
      clean: records.map(({ prediction, label }) => ({ prediction, label })),
      successes: successes[setting.threat]!,
    }),
    measures,
  };
}
