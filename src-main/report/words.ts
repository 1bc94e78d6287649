import { budgetWords, count, distanceWords, formatEps, interval, percent } from '../../shared/format.ts';
import type { Results, State, ThreatResult } from '../../shared/results.ts';
import { STATES } from '../../shared/results.ts';
import type { Run } from './rich.ts';
import { bold } from './rich.ts';

/*
 * The sentences of the report. Every number comes out of the results as it stands there.
 */

/** What "right" means depends on whether labels were given: design rule 3. */
export function rightWords(results: Results): string {
  return results.cleanAccuracy ? 'images right' : 'predictions unchanged';
}

/** The verdict under one threat model: how much holds at each budget, and how small the changes were that broke images. */
export function verdict(results: Results, threat: ThreatResult): (string | Run)[] {
  const parts: (string | Run)[] = [];
  threat.points.forEach((point, i) => {
    const keeps = `keeps ${percent(point.accuracy)} of ${results.cleanAccuracy ? 'the images right' : 'its predictions'}`;
    if (i === 0) parts.push(`${budgetWords(threat.norm, point.eps)} the model `, bold(keeps), ` (95\u00a0% interval ${interval(point)})`);
    else parts.push(`; at ${formatEps(threat.norm, point.eps)}, `, bold(percent(point.accuracy)), ` (${interval(point)})`);
  });
  parts.push('. ');
  if (threat.median !== null) {
    parts.push(`Half of the attacked images broke within ${distanceWords(threat.norm, threat.median)}.`);
  } else if (threat.attackSummaries.some((summary) => summary.attacked > 0)) {
    parts.push('At least half of the attacked images withstood every attack.');
  } else parts.push('No image was attacked.');
  return parts;
}

/** The sentence on the clean images. */
export function cleanWords(results: Results): string {
  const clean = results.cleanAccuracy;
  const images = `${count(results.images.length)} ${results.images.length === 1 ? 'image' : 'images'}`;
  if (!clean) return `No labels were given for the ${images}: each counts as right while the model says what it said of the clean image.`;
  return `On the ${images} as they are, the model is right on ${percent(clean.accuracy)} (${count(clean.right)} of ${count(clean.total)}; 95\u00a0% interval ${interval(clean)}).`;
}

/** What such numbers can and cannot show. */
export const CAVEAT =
  'Attacks can show that an image breaks, never that it cannot be broken: every robust accuracy here is an upper bound on the true one. ' +
  'An image that the model had wrong already counts against it at every budget. ' +
  'An image counts as broken only if the exported 8-bit PNG, read again, changes the decision of the original model in a fresh session. ' +
  'Intervals are Wilson score intervals; they cover the choice of images, not the strength of the attacks.';

/** How many images ended in each state under one threat model. */
export function stateCounts(results: Results, threat: number): Record<State, number> {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
  for (const image of results.images) {
    for (const outcome of image.outcomes) if (outcome.threat === threat) counts[outcome.state] += 1;
  }
  return counts;
}

/** Keys and values of an attack's options on one line. */
export function optionWords(options: Record<string, unknown>): string {
  const entries = Object.entries(options).map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return entries.length > 0 ? entries.join(', ') : 'default options';
}

/** The goal after a threat model's name, when it is not the usual one. */
export function goalSuffix(threat: ThreatResult): string {
  return threat.goal.kind === 'untargeted' ? ', untargeted' : ', targeted';
}
