import { NORMS, within } from '../../../shared/norms.ts';
import type { Distances } from '../../../shared/norms.ts';
import type { AuditPlan } from '../../../shared/plan.ts';
import type { Finding } from '../../../shared/results.ts';
import { attackOf } from '../../attacks/registry.ts';
import { aimOf, targetOf } from '../../goals/index.ts';
import { standing } from '../records.ts';
import type { ImageRecord } from '../records.ts';
import { threatWords } from './places.ts';
import type { Told } from './told.ts';

/** What no attack of this plan can have found: outside its budget, beyond its queries, on an image that is not attacked. */
export function findingProblems({ plan, state, setup }: Pick<Told, 'plan' | 'state' | 'setup'>): string[] {
  const problems: string[] = [];
  for (const finding of state.findings.values()) {
    const image = state.images.get(finding.image);
    if (!image) continue;
    const place = `finding of ${finding.attack} on ${finding.image} under ${threatWords(finding.threat, { told: plan, found: plan })}`;
    problems.push(
      ...[
        stateFault(plan, setup.classes, image, finding),
        queryFault(plan, finding),
        budgetFault(plan, finding),
        floatFault(image, finding),
      ]
        .filter((fault) => fault !== null)
        .map((fault) => `${place}: ${fault}.`),
    );
  }
  return problems;
}

function stateFault(plan: AuditPlan, classes: number, image: ImageRecord, { threat, state, reason, eightBit }: Finding): string | null {
  const { goal } = plan.threats[threat]!;
  if (standing(image) === 'wrong') return 'the model has the clean image wrong, so it is not attacked';
  if (state === 'unfinished') return 'what is not finished leaves no finding';
  if ((state === 'failed') !== (reason !== null))
    return state === 'failed' ? 'it failed, and no reason is given' : `it is ${state}, and a reason for failing is given`;
  if (state !== 'broken' && eightBit !== null) return `it is ${state}, and has the distances of a success`;
  if (state === 'target-already')
    return targetOf(goal, image, image.index, classes) === image.label
      ? null
      : 'its target is another class than its own, so it is not of the target class already';
  if (state !== 'wrong-already') return null;
  const clean = image.outputs[threat]?.figures ?? {};
  const aim = aimOf(goal);
  return aim.on === 'output' && aim.reached(clean) ? null : 'the clean image does not reach the goal, so it is not beyond already';
}

function queryFault({ maxQueries }: AuditPlan, { state, forwards, backwards }: Finding): string | null {
  const queries = forwards + backwards;
  if (maxQueries !== null && queries > maxQueries) return `it made ${queries} queries, and the plan allows ${maxQueries}`;
  return state === 'broken' && queries === 0 ? 'it broke the image without one query' : null;
}

function budgetFault(plan: AuditPlan, { threat, attack, state, eightBit }: Finding): string | null {
  const { norm, eps } = plan.threats[threat]!;
  if (state !== 'broken' || eightBit === null || attackOf(attack).kind !== 'fixed-budget') return null;
  const most = Math.max(...eps);
  return within(eightBit[norm], most) ? null : `its change of ${eightBit[norm]} is beyond the largest budget, ${most}`;
}

/** Sums run in another order there. */
const ROUNDING = 1e-5;

/** Distances of a change that is kept nowhere: those of one change cannot be just any five numbers. */
function floatFault({ width, height, channels }: ImageRecord, { float }: Finding): string | null {
  if (float === null) return null;
  const fits = possible(float, width * height, channels);
  return fits
    ? null
    : `no change of this image has the distances in floating point ${NORMS.map((norm) => `${norm} ${float[norm]}`).join(', ')}`;
}

/** @param pixels of the image */
function possible({ l0, l0Pixels, l1, l2, linf }: Distances, pixels: number, channels: number): boolean {
  const most = (a: number, b: number) => a <= b * (1 + ROUNDING) + ROUNDING * 1e-3;
  return (
    [
      l0Pixels <= pixels && l0Pixels <= l0 && l0 <= channels * l0Pixels,
      most(linf, 1) && most(linf, l2) && most(l2, l1),
      most(l1, l0 * linf) && most(l2, Math.sqrt(l0) * linf) && most(l2 * l2, l1 * linf),
      (l0 === 0) === (linf === 0),
    ] as boolean[]
  ).every(Boolean);
}
