import { toldCheck } from '../../shared/gradientCheck.ts';
import { cpus } from 'node:os';
import { count } from '../../shared/format.ts';
import { NORM_LABEL } from '../../shared/norms.ts';
import type { AuditPlan, ThreatModel } from '../../shared/plan.ts';
import type { AttackSummary, Finding, Results } from '../../shared/results.ts';
import { bounds, curvePoint, mean, median } from '../../shared/stats.ts';
import { chanceOf } from './chance.ts';
import { checksOf } from './checked.ts';
import { checkSetting } from '../checks/setting.ts';
import { toldPlan } from './dropped.ts';
import { scoresFound } from '../model/output.ts';
import { outcomeOf, threatResult } from './outcomes.ts';
import type { Outcome } from './outcomes.ts';
import { machineName } from './machine.ts';
import type { ImageRecord, Setup } from './records.ts';
import { AuditState } from './state.ts';

/** An image that was not looked at. */
const UNSEEN = { distance: null, why: 'unfinished' } as const;

interface Timing {
  started: string;
  seconds: number;
  workers: number;
  batch: number;
  resumed: number;
  oneGo?: boolean | undefined;
}

/**
 * Puts the results together from the journal's records: the one object that the window, the PDF, the CSV and the JSON
 * show. Depends on the records alone, not on the order they came in; only `timing` differs between two runs of a plan.
 */
export function assemble(plan: AuditPlan, setup: Setup, state: AuditState, timing: Timing): Results {
  const records = setup.images.map((id) => state.images.get(id)).filter((i): i is ImageRecord => i !== undefined);
  const unseen = setup.images.length - records.length;
  const outcomes = plan.threats.map((threat, t) => records.map((image) => outcomeOf(image, threat, t, state)));
  const threats = plan.threats.map((threat, t) => ({
    ...threat,
    ...threatResult(threat, t, { records, outcomes: outcomes[t]!, unseen, state }),
    attackSummaries: threat.attacks.map(({ id }) => attackSummary(id, threat, t, records, state)),
  }));
  const findings = records.flatMap((image) =>
    plan.threats.flatMap((threat, t) =>
      threat.attacks.map((a) => state.findings.get(AuditState.key(image.id, t, a.id))).filter((f): f is Finding => f !== undefined),
    ),
  );
  const classesOf = (of: Outcome[]) => of.flatMap(({ best }) => best?.prediction ?? []);
  const checks = checksOf(plan, setup, state, records, outcomes.map(classesOf));
  const given = records.filter((i) => i.labelGiven);
  const right = given.filter((i) => i.prediction === i.label).length;
  const cleanAccuracy =
    given.length === records.length && given.length > 0
      ? bounds(Array(unseen).fill(UNSEEN), setup.images.length)(curvePoint(0, right, given.length))
      : null;
  return {
    format: 2,
    hairline: setup.hairline,
    name: plan.name,
    model: setup.model,
    surrogates: setup.surrogates,
    classNames: setup.classNames,
    ...(setup.files && { files: setup.files }),
    preprocessing: plan.preprocessing,
    seed: plan.seed,
    maxQueries: plan.maxQueries,
    provider: setup.provider,
    kernelBatch: setup.rows,
    versions: setup.versions,
    gradientCheck: toldCheck(setup.gradientCheck),
    cleanAccuracy,
    output: setup.output,
    ...(setup.scores && scoresFound(setup.scores)),
    classes: setup.classes,
    threats,
    images: records.map((image, i) =>
      imageResult(
        image,
        outcomes.map((of) => of[i]!),
      ),
    ),
    ...(setup.drawn && { drawn: setup.drawn }),
    ...(unseen > 0 && { unseen }),
    ...(setup.leftOut && { leftOut: setup.leftOut }),
    findings,
    ...(checks && { checks }),
    warnings: [
      ...setup.warnings,
      ...warnings(setup, records, cleanAccuracy?.accuracy ?? null, findings),
      ...targetNotes(plan, outcomes),
      ...checkNotes(plan),
    ],
    plan: toldPlan(plan),
    timing: { ...timing, finished: new Date().toISOString(), machine: machineName(cpus()) },
  };
}

function imageResult(image: ImageRecord, outcomes: Outcome[]): Results['images'][number] {
  const { index: _index, leastLikely: _leastLikely, ...known } = image;
  return {
    ...known,
    outcomes: outcomes.map(({ state, best, distance }, threat) => ({ threat, state, best: best?.attack ?? null, distance })),
  };
}

function attackSummary(attack: string, threat: ThreatModel, t: number, records: ImageRecord[], state: AuditState): AttackSummary {
  const findings = records
    .map((i) => state.findings.get(AuditState.key(i.id, t, attack)))
    .filter((f): f is Finding => f !== undefined && f.state !== 'wrong-already' && f.state !== 'target-already');
  const finished = findings.filter((f) => f.state === 'broken' || f.state === 'held');
  const eightBit = finished.map((f) => (f.state === 'broken' ? f.eightBit![threat.norm] : null));
  const float = finished.map((f) => (f.state === 'broken' ? (f.float?.[threat.norm] ?? null) : null));
  return {
    attack,
    attacked: findings.length,
    broken: finished.filter((f) => f.state === 'broken').length,
    failed: findings.filter((f) => f.state === 'failed').length,
    median: median(eightBit),
    mean: mean(eightBit),
    floatMedian: median(float),
    floatMean: mean(float),
    forwards: findings.reduce((n, f) => n + f.forwards, 0),
    backwards: findings.reduce((n, f) => n + f.backwards, 0),
  };
}

function warnings(setup: Setup, records: ImageRecord[], accuracy: number | null, findings: Finding[]): string[] {
  const out: string[] = [];
  const missing = setup.images.length - records.length;
  if (missing > 0) out.push(`The audit was stopped before ${missing} of ${setup.images.length} images were looked at.`);
  // Goals on the output know no labels.
  const unlabelled = setup.output === null ? records.filter((i) => !i.labelGiven).length : 0;
  if (unlabelled > 0 && unlabelled === records.length)
    out.push(
      'No labels were given: each image was attacked away from the class the model gives it when clean, so accuracy is relative to the model itself.',
    );
  else if (unlabelled > 0) out.push('Some images had no label; for them the clean prediction was taken.');
  const guess = accuracy === null ? null : chanceNote(setup, records);
  if (guess !== null) out.push(guess);
  out.push(...failures(findings));
  if (records.length > 1 && records[0]!.top.length > 0 && new Set(records.map((i) => JSON.stringify(i.top))).size === 1)
    out.push('The model gives the very same answer for every image: check the preprocessing.');
  return out;
}

/** That the page of checks, which was asked for, is not there. */
function checkNotes(plan: AuditPlan): string[] {
  return plan.checks && plan.checks.images > 0 && checkSetting(plan) === null
    ? ['The page of checks is left out: it is about attacks that know a classifier and its gradients, and no threat model has such.']
    : [];
}

/** How many images a targeted goal leaves out. */
function targetNotes({ threats }: AuditPlan, outcomes: Outcome[][]): string[] {
  return threats.flatMap(({ norm }, t) => {
    const own = outcomes[t]!.filter(({ state }) => state === 'target-already').length;
    if (own === 0) return [];
    return [
      `${own === 1 ? '1 image is' : `${count(own)} images are`} of the target class already, and left out of every figure under ${NORM_LABEL[norm]}${threats.length > 1 ? ` (threat model ${t + 1})` : ''}.`,
    ];
  });
}

/** That guessing does as well, or naming the commonest class. */
function chanceNote(setup: Setup, records: ImageRecord[]): string | null {
  const found = chanceOf(records, setup.classes);
  if (found === null) return null;
  const { right, of, commonest } = found;
  const as =
    commonest === null
      ? `guessing among ${setup.classes} classes`
      : `naming the commonest of their classes every time (${commonest} of ${of})`;
  return `The model is right on ${right} of ${of} clean images, no better than ${as}: check the preprocessing and the order of the labels.`;
}

/** Failed attack runs by their reason; the commonest reasons in full. */
function failures(findings: Finding[]): string[] {
  const counts = new Map<string, number>();
  for (const { state, reason } of findings)
    if (state === 'failed') counts.set(reason ?? 'no reason given', (counts.get(reason ?? 'no reason given') ?? 0) + 1);
  const byCount = [...counts].sort(([, a], [, b]) => b - a);
  const out = byCount.slice(0, 3).map(([reason, n]) => `${n} attack ${n === 1 ? 'run' : 'runs'} failed: ${reason.replace(/\.$/, '')}.`);
  const rest = byCount.slice(3).reduce((sum, [, n]) => sum + n, 0);
  if (rest > 0) out.push(`${rest} more attack ${rest === 1 ? 'run' : 'runs'} failed for other reasons, which the findings tell.`);
  return out;
}
