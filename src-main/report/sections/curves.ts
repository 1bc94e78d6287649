import SVGtoPDF from 'svg-to-pdfkit';
import { boundsText, formatEps } from '../../../shared/format.ts';
import { NORM_LABEL } from '../../../shared/norms.ts';
import type { Results, ThreatResult } from '../../../shared/results.ts';
import { drawnLine } from '../../../shared/states.ts';
import { chartSvg, curveChart } from '../charts.ts';
import type { Paper } from '../paper.ts';
import { bold } from '../rich.ts';
import { BODY_WIDTH, COLOR, PAGE, SIZE } from '../theme.ts';
import { accuracyOf, accuracyWords, evidence, goalSuffix, isMinimal } from '../words.ts';

/** Height of a chart: what the page has room for, within bounds. */
const HEIGHT = { least: 128, most: 215 };
/** Heights of the heading with its text, and of what stands around each chart. */
const [ABOVE, AROUND] = [82, 28];

/** One chart per threat model: the budgets, and the curve where every budget was tried. All on one page wherever they fit. */
export function curves(paper: Paper, results: Results): void {
  const drawn = results.threats.filter((threat) => evidence(threat).some((point) => point.total > 0));
  if (drawn.length === 0) return;
  const room = (): number => (paper.bottom - paper.y - ABOVE) / drawn.length - AROUND;
  if (room() < HEIGHT.least) paper.addPage();
  const height = Math.max(HEIGHT.least, Math.min(HEIGHT.most, room()));
  paper.heading(1, `${accuracyWords(results)} against the budget`);
  paper.text(
    'Rings and bars mark the budgets of the plan with their 95 % Wilson intervals. A line is drawn where minimum-norm attacks looked at every budget: ' +
      'it falls at every distance at which they found an image to break (8-bit distance, the best of them), its band being the interval at each point. Between the budgets of fixed-budget attacks nothing was tried.',
    { after: 2 },
  );
  for (const threat of drawn) chart(paper, threat, height, accuracyWords(results));
}

function chart(paper: Paper, threat: ThreatResult, height: number, what: string): void {
  paper.need(height + AROUND - 1);
  paper.space(8);
  paper.leaf('Caption', {}, () => {
    const title = paper.measure([bold(NORM_LABEL[threat.norm]), goalSuffix(threat), lineWords(threat)], BODY_WIDTH, { size: SIZE.body });
    paper.draw(title, PAGE.left, paper.y);
  });
  paper.y += 15;
  const top = paper.y;
  const svg = chartSvg(curveChart(threat), BODY_WIDTH, height);
  const box = [PAGE.left, top, PAGE.left + BODY_WIDTH, top + height];
  paper.leaf('Figure', { alt: altText(threat, what), bbox: box, placement: 'Block' }, () => {
    numbers(paper, () =>
      SVGtoPDF(paper.doc, svg, PAGE.left, top, {
        width: BODY_WIDTH,
        height,
        assumePt: true,
        fontCallback: (_, isBold) => (isBold ? 'bold' : 'text'),
        warningCallback: (message) => {
          throw new Error(`The chart cannot be drawn: ${message}`);
        },
      }),
    );
  });
  paper.y = top + height + 3;
  paper.doc.fillColor(COLOR.ink);
}

/**
 * The chart's text is nearly all numbers, and svg-to-pdfkit passes no font features on: for as long as it
 * draws, the face sets everything with digits of one width, without the kerning that eats decimal points.
 */
function numbers(paper: Paper, draw: () => void): void {
  const { _font: font } = paper.doc.font('text') as unknown as { _font: { encode: (text: string, features?: string[]) => unknown } };
  const { encode } = font;
  font.encode = (text) => encode.call(font, text, ['tnum']);
  try {
    draw();
  } finally {
    font.encode = encode;
  }
}

/** Which attacks the line is of, where that is not all of them. */
function lineWords(threat: ThreatResult): string {
  const minimal = threat.attacks.filter(({ id }) => isMinimal(id));
  if (minimal.length === threat.attacks.length) return '';
  if (minimal.length === 0) return '; no line: fixed-budget attacks tried these budgets alone';
  const names = minimal.map(({ id }) => id).join(', ');
  return drawnLine(threat, isMinimal).length === 0
    ? '; no line: older results do not have it'
    : `; line: ${names} alone, rings: all attacks`;
}

function altText(threat: ThreatResult, what: string): string {
  const points = evidence(threat).map((point) =>
    [`${accuracyOf(threat.norm, point)} at ${formatEps(threat.norm, point.eps)}`, boundsText(point) ?? []]
      .flat()
      .join(', over all images '),
  );
  return `${what} against the budget under ${NORM_LABEL[threat.norm]}: ${points.join(', ')}.`;
}
