import { budgetWords, count, distanceWords, formatEps, interval, NBSP, NONE, percent } from '../../shared/format.ts';
import { NORM_LABEL } from '../../shared/norms.ts';
import type { CurvePoint, Results, State, ThreatResult } from '../../shared/results.ts';
import { STATES } from '../../shared/results.ts';
import { cleanOutputWords, OUTPUT_CAVEAT, outputOpening, outputSuffix } from './outputWords.ts';
import type { Run } from './rich.ts';
import { bold } from './rich.ts';

/*
 * The sentences of the report. Every number comes out of the results as it stands there.
 */

/** Whether every image came with a label, some, or none: without one, the clean prediction counts as right. */
export function labelled(results: Results): 'all' | 'some' | 'none' {
  const given = results.images.filter((image) => image.labelGiven).length;
  return given === 0 ? 'none' : given === results.images.length ? 'all' : 'some';
}

/** What "right" is called, by where the labels came from. */
export function rightWords(results: Results): string {
  if (results.output) return 'images unbroken';
  return labelled(results) === 'none' ? 'predictions unchanged' : 'images right';
}

/** What the share of images that hold is called. */
export function accuracyWords(results: Results): string {
  return results.output ? 'Unbroken images' : 'Robust accuracy';
}

/** Robust accuracy as text; a dash when no image counts. */
export function accuracyOf(point: CurvePoint): string {
  return point.total === 0 ? NONE : percent(point.accuracy);
}

/** The verdict under one threat model: how much holds at each budget, and how small the changes were that broke images. */
export function verdict(results: Results, threat: ThreatResult): (string | Run)[] {
  if (threat.points.every((point) => point.total === 0)) return [`Under ${NORM_LABEL[threat.norm]} no image was attacked to the end.`];
  const parts: (string | Run)[] = [];
  threat.points.forEach((point, i) => {
    // Of many budgets only the first keeps its interval here; all of them stand in the table.
    if (i > 0) parts.push(`; at ${formatEps(threat.norm, point.eps)}, `, bold(percent(point.accuracy)), threat.points.length > 3 ? '' : ` (${interval(point)})`);
    else parts.push(...opening(results, threat, point), ` (95${NBSP}% interval ${interval(point)})`);
  });
  parts.push('. ');
  if (threat.median !== null) {
    parts.push(`Half of the attacked images broke within ${distanceWords(threat.norm, threat.median)}.`);
  } else if (threat.attackSummaries.some((summary) => summary.attacked > 0)) {
    parts.push('At least half of the attacked images withstood every attack.');
  } else parts.push('No image was attacked.');
  return parts;
}

function opening(results: Results, threat: ThreatResult, point: CurvePoint): (string | Run)[] {
  if (results.output) return outputOpening(threat, point);
  const start = budgetWords(threat.norm, point.eps);
  if (threat.goal.kind === 'targeted') {
    return [`${start} `, bold(`${percent(point.accuracy)} of the images`), ', right when clean, could not be turned into their target class'];
  }
  const kept = labelled(results) === 'none' ? 'its predictions' : 'the images right';
  return [`${start} the model `, bold(`keeps ${percent(point.accuracy)} of ${kept}`)];
}

/** The sentence on the clean images. */
export function cleanWords(results: Results): string {
  if (results.output) return cleanOutputWords(results);
  const clean = results.cleanAccuracy;
  const images = `${count(results.images.length)} clean ${results.images.length === 1 ? 'image' : 'images'}`;
  if (clean) return `On the ${images} the model is right on ${percent(clean.accuracy)} (${count(clean.right)} of ${count(clean.total)}; 95${NBSP}% interval ${interval(clean)}).`;
  if (labelled(results) === 'some') return `Not all of the ${images} had a label; where there was none, what the model says of the clean image counts as right.`;
  return `No labels were given for the ${images}: what the model says of the clean image counts as right.`;
}

/** What such numbers can and cannot show. */
const CAVEAT =
  'Attacks can show that an image breaks, never that it cannot be broken: every robust accuracy here is an upper bound on the true one. ' +
  'An image that the model had wrong already counts against it at every budget; images whose attacks failed or were not finished are left out. ' +
  'An image counts as broken only if the exported 8-bit PNG, read again, changes the decision of the original model in a fresh session. ' +
  'Intervals are Wilson score intervals; they cover the choice of images, not the strength of the attacks.';

export function caveat(results: Results): string {
  return results.output ? OUTPUT_CAVEAT : CAVEAT;
}

/** How many images ended in each state under one threat model. */
export function stateCounts(results: Results, threat: number): Record<State, number> {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
  for (const image of results.images) {
    for (const outcome of image.outcomes) if (outcome.threat === threat) counts[outcome.state] += 1;
  }
  return counts;
}

/** Keys and values of an attack's options on one line; those left open (null) stand in the plan only. */
export function optionWords(options: Record<string, unknown>): string {
  const set = Object.entries(options).filter(([, value]) => value !== null);
  const entries = set.map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return entries.length > 0 ? entries.join(', ') : 'default options';
}

/** The goal after a threat model's name, when it is not the usual one. */
export function goalSuffix(threat: ThreatResult): string {
  if (threat.goal.kind === 'deviation' || threat.goal.kind === 'match') return outputSuffix(threat);
  return threat.goal.kind === 'untargeted' ? ', untargeted' : ', targeted';
}
