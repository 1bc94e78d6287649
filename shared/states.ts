import { within } from './norms.ts';
import type { CurvePoint, Finding, ImageResult, Results, State, ThreatResult } from './results.ts';

/*
 * What became of images at a budget. An attack may find a change that is larger than every budget asked for: such an image is
 * broken at some distance, and holds within the budget. Counted here once, for the window, the terminal and the report.
 */

/** `broken`: within the budget; `beyond`: a change was found, but only a larger one. */
export const STATES_AT = [
  'wrong-already',
  'broken',
  'beyond',
  'held',
  'failed',
  'unfinished',
  'target-already',
] as const satisfies readonly (State | 'beyond')[];
export type StateAt = (typeof STATES_AT)[number];

type Outcome = Pick<ImageResult['outcomes'][number], 'state' | 'distance'>;

export function stateAt({ state, distance }: Outcome, eps: number): StateAt {
  return state === 'broken' && distance !== null && !within(distance, eps) ? 'beyond' : state;
}

/** The budget that states are told at where nobody chose one. */
export function largestBudget({ eps }: { eps: readonly number[] }): number {
  return Math.max(...eps);
}

/** How many images ended in each state under one threat model, those among the unfinished ones that were not even looked at. */
export function stateCounts(
  { images, unseen = 0 }: Pick<Results, 'images' | 'unseen'>,
  threat: number,
  eps: number,
): Record<StateAt, number> {
  const counts: Record<StateAt, number> = {
    'wrong-already': 0,
    'target-already': 0,
    broken: 0,
    beyond: 0,
    held: 0,
    failed: 0,
    unfinished: unseen,
  };
  for (const { outcomes } of images) {
    const outcome = outcomes.find((one) => one.threat === threat);
    if (outcome) counts[stateAt(outcome, eps)]++;
  }
  return counts;
}

/** Images that one attack broke within a budget, and those for which it found a larger change only. */
export function brokenBy(
  { findings, threats }: Pick<Results, 'findings' | 'threats'>,
  threat: number,
  attack: string,
  eps: number,
): { within: number; beyond: number } {
  const { norm } = threats[threat]!;
  const found = { within: 0, beyond: 0 };
  for (const finding of findings) {
    if (finding.threat !== threat || finding.attack !== attack) continue;
    const state = stateAt({ state: finding.state, distance: distanceOf(finding, norm) }, eps);
    if (state === 'broken') found.within++;
    if (state === 'beyond') found.beyond++;
  }
  return found;
}

/**
 * What may be drawn as a line: minimum-norm attacks look at every budget, fixed-budget ones at those of the plan alone. Older results
 * have the curve of all attacks only, which is that line where all are minimum-norm.
 */
export function drawnLine(
  { attacks, curve, line }: Pick<ThreatResult, 'attacks' | 'curve' | 'line'>,
  isMinimal: (attack: string) => boolean,
): CurvePoint[] {
  return line ?? (attacks.every(({ id }) => isMinimal(id)) ? curve : []);
}

/** Of a finding that broke the image: how far its picture is from the clean one. */
export function distanceOf({ state, eightBit }: Pick<Finding, 'state' | 'eightBit'>, norm: ThreatResult['norm']): number | null {
  return state === 'broken' ? (eightBit?.[norm] ?? null) : null;
}
