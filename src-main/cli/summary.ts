import { formatEps, formatDistance, interval, NONE, percent } from '../../shared/format.ts';
import { NORM_LABEL } from '../../shared/norms.ts';
import type { Results } from '../../shared/results.ts';
import { table } from './print.ts';

/** The results as tables for a terminal. */
export function summaryText(results: Results): string {
  const lines: string[] = [];
  const total = results.images.length;
  const clean = results.cleanAccuracy;
  lines.push(`${results.model.file}: ${total} images${clean ? `, clean accuracy ${percent(clean.accuracy)}` : ', no labels'}.`, '');
  const accuracy = [['norm', 'ε', 'robust accuracy', '95 % interval']];
  for (const threat of results.threats) for (const point of threat.points) accuracy.push([NORM_LABEL[threat.norm], formatEps(threat.norm, point.eps), point.total > 0 ? percent(point.accuracy) : NONE, point.total > 0 ? interval(point) : NONE]);
  lines.push(table(accuracy), '');
  const attacks = [['norm', 'attack', 'attacked', 'broken', 'failed', 'median', 'mean']];
  for (const threat of results.threats) {
    const distance = (d: number | null) => (d === null ? '–' : formatDistance(threat.norm, d));
    for (const a of threat.attackSummaries)
      attacks.push([NORM_LABEL[threat.norm], a.attack, String(a.attacked), String(a.broken), String(a.failed), distance(a.median), distance(a.mean)]);
  }
  lines.push(table(attacks));
  if (results.warnings.length > 0) lines.push('', ...results.warnings.map((w) => `! ${w}`));
  return lines.join('\n');
}
