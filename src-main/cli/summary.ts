import { formatEps, formatDistance, interval, NONE, percent } from '../../shared/format.ts';
import { shortened } from '../../shared/printable.ts';
import { brokenWords, fieldWords } from '../../shared/outputs.ts';
import { NORM_LABEL } from '../../shared/norms.ts';
import type { CurvePoint, Results } from '../../shared/results.ts';
import { table } from './print.ts';

/** The results as tables for a terminal, line by line. */
export function summaryLines(results: Results): string[] {
  const lines: string[] = [opening(results), ''];
  for (const threat of results.output ? results.threats : []) lines.push(`${NORM_LABEL[threat.norm]}  broken: ${brokenWords(threat.goal)}`);
  if (results.output) lines.push('');
  const accuracy = [['norm', 'ε', results.output ? 'unbroken' : 'robust accuracy', '95 % interval']];
  for (const threat of results.threats) for (const point of threat.points) accuracy.push([NORM_LABEL[threat.norm], formatEps(threat.norm, point.eps), share(point), point.total > 0 ? interval(point) : NONE]);
  lines.push(...table(accuracy), '');
  const attacks = [['norm', 'attack', 'attacked', 'broken', 'failed', 'median', 'mean']];
  for (const threat of results.threats) {
    const distance = (d: number | null) => (d === null ? '–' : formatDistance(threat.norm, d));
    for (const a of threat.attackSummaries)
      attacks.push([NORM_LABEL[threat.norm], a.attack, String(a.attacked), String(a.broken), String(a.failed), distance(a.median), distance(a.mean)]);
  }
  lines.push(...table(attacks));
  lines.push(...leftOutLines(results));
  if (results.warnings.length > 0) lines.push('', ...results.warnings.map((w) => `! ${w}`));
  return lines;
}

/** Files that are named on a terminal. */
const NAMED = 20;

/** What could not be taken, and why. */
function leftOutLines({ images, leftOut }: Pick<Results, 'images' | 'leftOut'>): string[] {
  if (!leftOut) return [];
  const named = leftOut.files.slice(0, NAMED);
  const rest = leftOut.total - named.length;
  const files = named.map(({ source, reason }) => `  ${shortened(source, 80)} ${reason}`);
  return ['', `${images.length} taken, ${leftOut.total} left out:`, ...files, ...(rest > 0 ? [`  and ${rest} more, named in results.json and report.pdf`] : [])];
}

function opening({ model, images, cleanAccuracy, output }: Results): string {
  const start = `${model.file}: ${images.length} ${images.length === 1 ? 'image' : 'images'}`;
  if (output) return `${start}; the network puts out ${fieldWords(output)}.`;
  return `${start}${cleanAccuracy ? `, clean accuracy ${percent(cleanAccuracy.accuracy)}` : ', no labels'}.`;
}

const share = (point: CurvePoint): string => (point.total > 0 ? percent(point.accuracy) : NONE);
