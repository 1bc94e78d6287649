import { accuracyText, boundsText, budgetWords, count, distanceWords, formatEps, interval, NBSP, NONE } from '../../shared/format.ts';
import { NORM_LABEL } from '../../shared/norms.ts';
import { isHollow } from '../../shared/reach.ts';
import type { CurvePoint, Results, ThreatResult } from '../../shared/results.ts';
import { attackOf } from '../attacks/registry.ts';
import { goalText, goalVerdict } from '../goals/index.ts';
import { cleanOutputWords, OUTPUT_CAVEAT } from './outputWords.ts';
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

/** The budgets that say something: within the others every 8-bit picture holds by construction. */
export function evidence({ norm, points }: Pick<ThreatResult, 'norm' | 'points'>): CurvePoint[] {
  return points.filter(({ eps }) => !isHollow(norm, eps));
}

/** Robust accuracy where it is evidence; a dash where it is none, or no image counts. */
export function accuracyOf(norm: ThreatResult['norm'], point: CurvePoint): string {
  return isHollow(norm, point.eps) ? NONE : accuracyText(point);
}

/** Whether an attack looks at every budget, and not only at those of the plan. */
export function isMinimal(attack: string): boolean {
  return attackOf(attack).kind === 'minimum-norm';
}

/** The verdict under one threat model: how much holds at each budget, and how small the changes were that broke images. */
export function verdict(results: Results, threat: ThreatResult): (string | Run)[] {
  const points = evidence(threat);
  if (points.length === 0)
    return [`Under ${NORM_LABEL[threat.norm]} no budget reaches 1/255: every image holds by construction, and nothing was found out.`];
  if (points.every((point) => point.total === 0)) return [`Under ${NORM_LABEL[threat.norm]} no image was attacked to the end.`];
  const parts: (string | Run)[] = [];
  points.forEach((point, i) => {
    const bounds = boundsText(point);
    const over = bounds === null ? '' : `${i > 0 ? '' : '; '}over all images ${bounds}`;
    // Of many budgets only the first keeps its interval here; all of them stand in the table.
    if (i > 0)
      parts.push(
        `; at ${formatEps(threat.norm, point.eps)}, `,
        bold(accuracyText(point)),
        ...(points.length > 3 ? bracketed(over) : bracketed(interval(point), over)),
      );
    else parts.push(...opening(results, threat, point), ` (95${NBSP}% interval ${interval(point)}${over})`);
  });
  parts.push('. ');
  if (threat.median !== null) {
    parts.push(`Half of the attacked images broke within ${distanceWords(threat.norm, threat.median)}.`);
  } else if (threat.attackSummaries.some((summary) => summary.attacked > 0)) {
    parts.push('At least half of the attacked images withstood every attack.');
  } else parts.push('No image was attacked.');
  return parts;
}

function bracketed(...texts: string[]): string[] {
  const said = texts.filter((text) => text !== '');
  return said.length > 0 ? [` (${said.join('; ')})`] : [];
}

function opening(results: Results, threat: ThreatResult, point: CurvePoint): (string | Run)[] {
  const start = budgetWords(threat.norm, point.eps);
  const { lead, subject, rest } = goalVerdict(threat.goal, labelled(results) !== 'none');
  return [`${start}${lead}`, bold(subject(accuracyText(point))), rest];
}

/** The sentence on the clean images. */
export function cleanWords(results: Results): string {
  if (results.output) return cleanOutputWords(results);
  const clean = results.cleanAccuracy;
  const images = `${count(results.images.length)} clean ${results.images.length === 1 ? 'image' : 'images'}`;
  if (clean)
    return `On the ${images} the model is right on ${accuracyText(clean)} (${[`${count(clean.right)} of ${count(clean.total)}`, `95${NBSP}% interval ${interval(clean)}`, boundsText(clean) ?? []].flat().join('; ')}).`;
  if (labelled(results) === 'some')
    return `Not all of the ${images} had a label; where there was none, what the model says of the clean image counts as right.`;
  return `No labels were given for the ${images}: what the model says of the clean image counts as right.`;
}

/** What such numbers can and cannot show. */
const CAVEAT =
  'Attacks can show that an image breaks, never that it cannot be broken: every robust accuracy here is an upper bound on the true one. ' +
  'An image that the model had wrong already counts against it at every budget; where an attack failed or was not finished on an image that no other broke, the bounds over all images count it as broken, and as right. ' +
  'At each budget only what was found within it counts: an image that is broken only beyond it holds there. ' +
  'An image counts as broken only if the exported 8-bit PNG, read again, changes the decision of the original model in a fresh session. ' +
  'Intervals are Wilson score intervals; they cover the choice of images, not the strength of the attacks.';

export function caveat(results: Results): string {
  return results.output ? OUTPUT_CAVEAT : CAVEAT;
}

/** Keys and values of an attack's options on one line; those left open (null) stand in the plan only. */
export function optionWords(options: Record<string, unknown>): string {
  const set = Object.entries(options).filter(([, value]) => value !== null);
  const entries = set.map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return entries.length > 0 ? entries.join(', ') : 'default options';
}

/** The goal after a threat model's name, when it is not the usual one. */
export function goalSuffix(threat: ThreatResult): string {
  return `, ${goalText(threat.goal, 'broken') ?? threat.goal.kind}`;
}
