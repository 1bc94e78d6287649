import { accuracyText, boundsText, count, formatBudget, formatEps, formatDistance, interval, NONE } from '../../shared/format.ts';
import { isGrave } from '../../shared/grave.ts';
import { claimsOf, claimsText } from '../../shared/confidence.ts';
import { shortened } from '../../shared/printable.ts';
import { goalText } from '../goals/index.ts';
import { checkText } from '../../shared/checkWords.ts';
import { wordsOf } from '../checks/registry.ts';
import { checkedWords, trustWords } from '../report/checkWords.ts';
import { networkOutputWords } from '../../shared/outputs.ts';
import { NORM_LABEL } from '../../shared/norms.ts';
import type { Norm } from '../../shared/norms.ts';
import { isHollow } from '../../shared/reach.ts';
import type { CurvePoint, Results } from '../../shared/results.ts';
import { brokenBy, largestBudget, STATES_AT, stateCounts } from '../../shared/states.ts';
import { stateWords } from '../report/outputWords.ts';
import { GRAVE_MARK, table } from './print.ts';

/** The results as tables for a terminal, line by line. */
export function summaryLines(results: Results): string[] {
  const lines: string[] = [opening(results), ...drawnLines(results), ''];
  for (const threat of results.output ? results.threats : [])
    lines.push(`${NORM_LABEL[threat.norm]}  broken: ${goalText(threat.goal, 'broken')}`);
  if (results.output) lines.push('');
  lines.push(...table(accuracies(results)), '', ...states(results), '', ...table(attacks(results)));
  lines.push(...checkLines(results), ...leftOutLines(results));
  if (results.warnings.length > 0) lines.push('', ...results.warnings.map((w) => `${isGrave(w) ? GRAVE_MARK : '!'} ${w}`));
  return lines;
}

/** The results as the last JSON line. What holds by construction is no accuracy. */
export function summaryEvent(folder: string, { threats }: Pick<Results, 'threats'>): object {
  const told = (norm: Norm, point: CurvePoint) => (isHollow(norm, point.eps) ? { ...point, accuracy: null, byConstruction: true } : point);
  return {
    type: 'summary',
    folder,
    threats: threats.map(({ norm, points, median, mean }) => ({ norm, points: points.map((point) => told(norm, point)), median, mean })),
  };
}

/** What holds at each budget, and what that is of all images where some are unknown. */
function accuracies({ threats, output }: Results): string[][] {
  const unknown = threats.some(({ points }) => points.some((point) => boundsText(point) !== null));
  const rows = threats.flatMap(({ norm, points }) =>
    points.map((point) => {
      const hollow = isHollow(norm, point.eps);
      const says = point.total > 0 && !hollow;
      return [
        NORM_LABEL[norm],
        formatEps(norm, point.eps),
        hollow ? 'by construction' : accuracyText(point),
        says ? interval(point) : NONE,
        ...(unknown ? [boundsText(point) ?? ''] : []),
      ];
    }),
  );
  return [['norm', 'ε', output ? 'unbroken' : 'robust accuracy', '95 % interval', ...(unknown ? ['over all images'] : [])], ...rows];
}

/** How a sample was drawn; goals on an output know no classes. */
function drawnLines({ drawn, images, output }: Results): string[] {
  return drawn && drawn.of > images.length
    ? [`Drawn at random from ${count(drawn.of)} images${drawn.byClass && !output ? ', class by class' : ''}.`]
    : [];
}

/** What became of the images and how far that carries, at the largest budget of each threat model. */
function states(results: Results): string[] {
  return results.threats.flatMap((threat, t) => {
    const eps = largestBudget(threat);
    const counts = stateCounts(results, t, eps);
    const said = STATES_AT.filter((state) => counts[state] > 0).map(
      (state) => `${count(counts[state])} ${stateWords(results, state, formatEps(threat.norm, eps))}`,
    );
    const claims = claimsOf(results, t, eps);
    const norm = NORM_LABEL[threat.norm];
    return [`${norm}  ${said.join(', ') || 'no images'}`, ...(claims ? [`${norm}  confidence  ${claimsText(claims, 'en')}`] : [])];
  });
}

/** What each attack found, within the largest budget and beyond it. */
function attacks(results: Results): string[][] {
  const rows = results.threats.flatMap((threat, t) => {
    const eps = largestBudget(threat);
    const distance = (d: number | null) => formatDistance(threat.norm, d);
    return threat.attackSummaries.map((a) => {
      const { within, beyond } = brokenBy(results, t, a.attack, eps);
      return [
        formatBudget(threat.norm, eps),
        a.attack,
        ...[a.attacked, within, beyond, a.failed].map(String),
        distance(a.median),
        distance(a.mean),
      ];
    });
  });
  return [['budget', 'attack', 'attacked', 'broken within', 'only beyond', 'failed', 'median', 'mean'], ...rows];
}

/** The page of checks. */
function checkLines({ checks }: Pick<Results, 'checks'>): string[] {
  if (!checks) return [];
  return [
    '',
    `Can I trust this? ${checkedWords(checks)} ${trustWords(checks)}`,
    ...checks.checks.map((check) => {
      const words = wordsOf(check.id);
      return `${check.state === 'failed' ? GRAVE_MARK : ' '} ${check.state === 'not-applicable' ? 'nothing to say' : check.state}: ${words.title}. ${checkText(words, check)}`;
    }),
  ];
}

/** Files that are named on a terminal. */
const NAMED = 20;

/** What could not be taken, and why. */
function leftOutLines({ images, leftOut }: Pick<Results, 'images' | 'leftOut'>): string[] {
  if (!leftOut) return [];
  const named = leftOut.files.slice(0, NAMED);
  const rest = leftOut.total - named.length;
  const files = named.map(({ source, reason }) => `  ${shortened(source, 80)} ${reason}`);
  return [
    '',
    `${images.length} taken, ${leftOut.total} left out:`,
    ...files,
    ...(rest > 0 ? [`  and ${rest} more, named in results.json and report.pdf`] : []),
  ];
}

function opening({ model, images, cleanAccuracy, output }: Results): string {
  const start = `${model.file}: ${images.length} ${images.length === 1 ? 'image' : 'images'}`;
  if (output) return `${start}; the network puts out ${networkOutputWords(output)}.`;
  if (!cleanAccuracy) return `${start}, no labels.`;
  return `${start}, ${[`clean accuracy ${accuracyText(cleanAccuracy)}`, boundsText(cleanAccuracy) ?? []].flat().join(', over all images ')}.`;
}
