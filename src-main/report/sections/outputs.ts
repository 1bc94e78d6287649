import { count, formatDistance, formatEps, NONE } from '../../../shared/format.ts';
import { NORM_LABEL } from '../../../shared/norms.ts';
import { figureText } from '../../../shared/goalWords.ts';
import type { Goal } from '../../../shared/plan.ts';
import type { OutputResult, Results } from '../../../shared/results.ts';
import { largestBudget, stateAt } from '../../../shared/states.ts';
import { figureName, figuresOf } from '../../goals/index.ts';
import { stateWords } from '../outputWords.ts';
import type { Paper } from '../paper.ts';
import { mono } from '../rich.ts';
import { table } from '../table.ts';
import type { Column } from '../table.ts';
import { COLOR, SIZE } from '../theme.ts';
import { goalSuffix } from '../words.ts';

/** Rows of a threat model on paper; all of them stand in the CSV. */
const ROWS = 60;

/** Image by image what the network puts out: clean, and for the smallest change that breaks it. Nothing for classifiers. */
export function outputs(paper: Paper, results: Results): void {
  if (!results.output) return;
  let opened = false;
  results.threats.forEach((threat, t) => {
    const eps = largestBudget(threat);
    const figures = figuresOf(threat.goal);
    const cells = (output: OutputResult | null | undefined): string[] =>
      figures.map((card) => figureText(card, output?.figures[card.name]));
    const rows = results.images.slice(0, ROWS).map((image) => {
      const outcome = image.outcomes.find((one) => one.threat === t)!;
      const finding = results.findings.find((one) => one.image === image.id && one.threat === t && one.attack === outcome.best);
      const clean = image.outputs[t];
      return {
        cells: [
          [mono(paper.fit(image.source, 'mono', SIZE.table, 128, 'start'))],
          ...cells(clean),
          stateWords(results, stateAt(outcome, eps), null),
          outcome.best ?? '',
          outcome.state === 'broken' ? formatDistance(threat.norm, outcome.distance) : NONE,
          ...cells(finding?.output),
        ],
      };
    });
    const title = `${NORM_LABEL[threat.norm]}${goalSuffix(threat)}; ε = ${formatEps(threat.norm, eps)}`;
    if (!opened) paper.heading(1, 'Outputs, image by image', 120);
    opened = true;
    table(
      paper,
      [
        { title: 'Image', points: 132 },
        ...columns(threat.goal, 'Clean'),
        { title: 'State', points: 64 },
        { title: 'Attack' },
        { title: 'Smallest change', points: 60, align: 'right' },
        ...columns(threat.goal, 'Its'),
      ],
      rows,
      { title: { level: 2, text: title }, after: 5 },
    );
    if (results.images.length > ROWS)
      paper.text(`${count(results.images.length - ROWS)} more in the attached results.csv.`, { size: SIZE.small, color: COLOR.soft });
  });
}

/** A column for each figure of a goal. @param whose of the outputs that they are of, before the first */
function columns(goal: Goal, whose: string): Column[] {
  return figuresOf(goal).map((card, at) => ({
    title: at === 0 ? `${whose} ${figureName(goal, card)}` : figureName(goal, card),
    points: at === 0 ? 58 : 38,
    align: 'right',
  }));
}
