import type { ThreatModel } from '../../shared/plan.ts';
import type { CurvePoint, Finding, State, ThreatResult } from '../../shared/results.ts';
import { bounds, mean, median, robustAccuracy, robustCurve } from '../../shared/stats.ts';
import type { Open } from '../../shared/stats.ts';
import { attackOf } from '../attacks/registry.ts';
import { standing } from './records.ts';
import type { ImageRecord } from './records.ts';
import { AuditState } from './state.ts';

/** What became of an image under a threat model. */
export interface Outcome {
  state: State;
  /** The finding with the smallest verified change, and that change in the threat's norm; null unless broken. */
  best: Finding | null;
  distance: number | null;
  /** Why a smaller change may have been missed: an attack was not through with it, or failed; null where all ended. */
  open: Open['why'] | null;
}

type Attacks = Pick<ThreatModel, 'norm' | 'attacks'>;

export function outcomeOf(image: ImageRecord, threat: Attacks, t: number, state: AuditState): Outcome {
  if (standing(image) === 'wrong') return { state: 'wrong-already', best: null, distance: null, open: null };
  const findings = threat.attacks.map(({ id }) => state.findings.get(AuditState.key(image.id, t, id)));
  // Goals on the output may be reached by a clean image, under one threat model and not under another.
  if (findings.some((f) => f?.state === 'wrong-already')) return reachedAlready(findings.includes(undefined));
  if (findings.some((f) => f?.state === 'target-already')) return { state: 'target-already', best: null, distance: null, open: null };
  const best = smallest(findings, threat);
  const open = findings.some((f) => f === undefined || f.state === 'unfinished')
    ? 'unfinished'
    : findings.some((f) => f!.state === 'failed')
      ? 'failed'
      : null;
  if (best) return { state: 'broken', best, distance: best.eightBit![threat.norm], open };
  // One attack that ran to its end without success is enough to say that the image held against it.
  const held = findings.some((f) => f?.state === 'held');
  return { state: open === 'unfinished' ? open : held ? 'held' : 'failed', best, distance: null, open };
}

/** Each attack says so by itself, and an audit may end between two of them. */
function reachedAlready(unfinished: boolean): Outcome {
  return { state: unfinished ? 'unfinished' : 'wrong-already', best: null, distance: null, open: unfinished ? 'unfinished' : null };
}

/** Ties go to the attack named first. */
function smallest(findings: readonly (Finding | undefined)[], { norm }: Attacks): Finding | null {
  let best: Finding | null = null;
  for (const finding of findings)
    if (finding?.state === 'broken' && (best === null || finding.eightBit![norm] < best.eightBit![norm])) best = finding;
  return best;
}

interface Known {
  records: ImageRecord[];
  outcomes: Outcome[];
  /** Images that were not looked at. */
  unseen: number;
  state: AuditState;
}

/** Robust accuracy at the budgets and as a curve, and how far the smallest changes are. */
export function threatResult(
  threat: ThreatModel,
  t: number,
  { records, outcomes, unseen, state }: Known,
): Pick<ThreatResult, 'points' | 'curve' | 'line' | 'median' | 'mean'> {
  const all = accuracies(outcomes, unseen);
  const minimal = threat.attacks.filter(({ id }) => attackOf(id).kind === 'minimum-norm');
  return {
    points: threat.eps.map(all.at),
    curve: all.curve(),
    ...(minimal.length < threat.attacks.length && { line: lineOf(records, { ...threat, attacks: minimal }, t, { unseen, state }) }),
    median: median(all.distances),
    mean: mean(all.distances),
  };
}

/** The curve of some of the attacks; none of none. */
function lineOf(records: ImageRecord[], attacks: Attacks, t: number, { unseen, state }: Pick<Known, 'unseen' | 'state'>): CurvePoint[] {
  return attacks.attacks.length === 0
    ? []
    : accuracies(
        records.map((image) => outcomeOf(image, attacks, t, state)),
        unseen,
      ).curve();
}

/** Robust accuracy speaks of images that were attacked to the end; of the others its bounds speak. What is of the target class already is none of either. */
function accuracies(
  outcomes: Outcome[],
  unseen: number,
): { distances: (number | null)[]; at(eps: number): CurvePoint; curve(): CurvePoint[] } {
  const attacked = outcomes.filter(({ state }) => state === 'broken' || state === 'held');
  const distances = attacked.map(({ distance }) => distance);
  const counted = distances.length + outcomes.filter(({ state }) => state === 'wrong-already').length;
  const open = [
    ...outcomes.flatMap(({ distance, open: why }) => (why ? [{ distance, why }] : [])),
    ...Array.from({ length: unseen }, (): Open => ({ distance: null, why: 'unfinished' })),
  ];
  const bound = bounds(open, outcomes.filter(({ state }) => state !== 'target-already').length + unseen);
  return {
    distances,
    at: (eps) => bound(robustAccuracy(distances, counted, eps)),
    curve: () => robustCurve(distances, counted).map(bound),
  };
}
