import { basename } from 'node:path/posix';
import {
  accuracyText,
  boundsText,
  count,
  dateTime,
  formatBudget,
  formatDistance,
  formatEps,
  interval,
  NONE,
  significant,
} from '../../../shared/format.ts';
import { isCount, NORM_LABEL } from '../../../shared/norms.ts';
import { shortened } from '../../../shared/printable.ts';
import { isHollow } from '../../../shared/reach.ts';
import type { CurvePoint, Results } from '../../../shared/results.ts';
import { brokenBy, largestBudget } from '../../../shared/states.ts';
import type { Paper } from '../paper.ts';
import type { Cell, Row } from '../table.ts';
import { table } from '../table.ts';
import { BODY_WIDTH, COLOR, PAGE, SIZE } from '../theme.ts';
import { accuracyOf, accuracyWords, caveat, cleanWords, rightWords, verdict } from '../words.ts';

/** Characters of a title: some ten lines. */
const TITLE = 400;

export function modelName(results: Results): string {
  return shortened(basename(results.model.file.replaceAll('\\', '/')), TITLE);
}

export function reportTitle(results: Results): string {
  return shortened(results.name.trim(), TITLE) || `Robustness of ${modelName(results)}`;
}

/** Page one: what was audited, what was found in plain words, and the two tables of numbers. */
export function summary(paper: Paper, results: Results): void {
  masthead(paper, results);
  figures(paper, results);
  paper.text(cleanWords(results), { size: SIZE.lead, leading: 1.46, after: 4.5 });
  for (const threat of results.threats) paper.text(verdict(results, threat), { size: SIZE.lead, leading: 1.46, after: 4.5 });
  if (results.warnings.length > 0) {
    const many = results.warnings.length === 1 ? 'One warning goes' : `${count(results.warnings.length)} warnings go`;
    paper.text(`${many} with these numbers: see “Warnings”.`, { face: 'bold', color: COLOR.broken, after: 5 });
  }
  paper.text(caveat(results), { size: SIZE.table, color: COLOR.soft, after: 0 });
  accuracies(paper, results);
  attacks(paper, results);
}

function masthead(paper: Paper, results: Results): void {
  const { doc } = paper;
  // Set apart letter by letter, but read as a word.
  paper.leaf('P', { actual: 'Hairline' }, () => {
    doc.font('bold').fontSize(8).fillColor(COLOR.accent);
    doc.text('HAIRLINE', PAGE.left, PAGE.top + 8, { lineBreak: false, baseline: 'alphabetic', characterSpacing: 2.2 });
  });
  paper.put('Robustness audit report', PAGE.left, PAGE.top - 1, BODY_WIDTH, { size: SIZE.table, color: COLOR.soft, align: 'right' });
  paper.rule(PAGE.top + 16, COLOR.accent, 0.8);
  paper.y = PAGE.top + 34;
  const title = paper.measure(reportTitle(results), BODY_WIDTH, { size: SIZE.title, face: 'bold', leading: 1.2 });
  doc.outline.addItem('Summary');
  paper.leaf('H1', {}, () => paper.draw(title, PAGE.left, paper.y));
  paper.y += title.height + 5;
  const images = `${count(results.images.length)} ${results.images.length === 1 ? 'image' : 'images'}`;
  const facts = [images, dateTime(results.timing.started), `Hairline ${results.hairline}`].join('  ·  ');
  const whole = `${modelName(results)}  ·  ${facts}`;
  const fits = paper.lineWidth(whole, 'text', SIZE.body) <= BODY_WIDTH;
  paper.text(fits ? whole : `${modelName(results)}\n${facts}`, { color: COLOR.soft, after: 14 });
}

interface Figure {
  head: string;
  /** Budget and accuracy; then, small, what that is of all images where some are unknown. */
  rows: { label: string; value: string; small?: boolean }[];
}

/** What a box says of a point. */
function figureRows(label: string, value: string, { least, most }: Pick<CurvePoint, 'least' | 'most'>): Figure['rows'] {
  const bounds =
    least === undefined || most === undefined ? [] : [{ label: 'of all images', value: interval({ low: least, high: most }), small: true }];
  return [{ label, value }, ...bounds];
}

/** The key numbers side by side: clean, then every threat model with all of its budgets at equal weight. */
function figures(paper: Paper, results: Results): void {
  const clean = results.cleanAccuracy;
  const boxes: Figure[] = results.threats.map((threat) => ({
    head: `${NORM_LABEL[threat.norm]} at most`,
    rows: threat.points.flatMap((point) => figureRows(formatEps(threat.norm, point.eps), accuracyOf(threat.norm, point), point)),
  }));
  // A single threat model spreads its budgets over the width instead.
  const only = results.threats.length === 1 && results.threats[0]!.points.length <= 4 ? results.threats[0]! : null;
  if (only)
    boxes.splice(
      0,
      1,
      ...only.points.map((point): Figure => ({
        head: NORM_LABEL[only.norm],
        rows: figureRows(`≤ ${formatEps(only.norm, point.eps)}`, accuracyOf(only.norm, point), point),
      })),
    );
  if (clean) boxes.unshift({ head: 'Clean', rows: figureRows('no change', accuracyText(clean), clean) });
  const perLine = Math.min(4, Math.max(2, boxes.length));
  const width = BODY_WIDTH / perLine;
  const pad = 13;
  const rowHeight = 17;
  for (let first = 0; first < boxes.length; first += perLine) {
    const line = boxes.slice(first, first + perLine);
    const height = 30 + rowHeight * Math.max(...line.map((box) => box.rows.length)) + 5;
    paper.need(height);
    const top = paper.y;
    paper.decorate(() => {
      paper.doc.rect(PAGE.left, top, BODY_WIDTH, height).fill(COLOR.wash);
      for (let i = 1; i < line.length; i++) {
        const x = PAGE.left + i * width;
        paper.doc
          .moveTo(x, top + 10)
          .lineTo(x, top + height - 10)
          .lineWidth(0.5)
          .strokeColor(COLOR.rule)
          .stroke();
      }
    });
    line.forEach((box, i) => {
      const x = PAGE.left + i * width + pad;
      const inner = width - 2 * pad;
      paper.put(box.head, x, top + 10, inner, { size: SIZE.table, face: 'bold', color: COLOR.accent });
      box.rows.forEach(({ label, value, small = false }, r) => {
        const y = top + 27 + r * rowHeight;
        paper.put(label, x, y, inner, { size: SIZE.table, color: COLOR.soft, leading: rowHeight / SIZE.table });
        const size = small ? SIZE.small : 12;
        paper.put(value, x, y, inner, { size, face: small ? 'text' : 'bold', align: 'right', leading: rowHeight / size });
      });
    });
    paper.y = top + height + (first + perLine < boxes.length ? 4 : 13);
  }
}

function accuracies(paper: Paper, results: Results): void {
  const unknown = results.threats.some(({ points }) => points.some((point) => point.least !== undefined));
  const rows: Row[] = results.threats.flatMap((threat) =>
    threat.points.map((point, i) => ({
      group: i === 0,
      cells: [
        i === 0 ? `${NORM_LABEL[threat.norm]}, ${threat.goal.kind}` : '',
        formatEps(threat.norm, point.eps),
        isCount(threat.norm) ? '' : significant(point.eps),
        `${count(point.right)} of ${count(point.total)}`,
        isHollow(threat.norm, point.eps) ? 'by construction' : accuracyOf(threat.norm, point),
        ...last(paper, threat.norm, point, unknown),
      ],
    })),
  );
  table(
    paper,
    [
      { title: 'Threat model' },
      { title: 'Budget ε', points: 58, align: 'right' },
      { title: 'ε in [0,1]', points: 58, align: 'right' },
      { title: rightWords(results), points: 82, align: 'right' },
      { title: results.output ? 'Unbroken' : 'Robust accuracy', points: 58, align: 'right' },
      { title: '95 % interval (Wilson)', points: 80, align: 'right' },
      unknown ? { title: 'Over all images', points: 104 } : { title: '0 to 100 %', points: 76 },
    ],
    rows,
    { title: { level: 2, text: accuracyWords(results) }, after: 4 },
  );
}

/** The interval of a point, and what it is of all images where that is not known of all of them; else the interval drawn. */
function last(paper: Paper, norm: Results['threats'][number]['norm'], point: CurvePoint, unknown: boolean): Cell[] {
  const says = point.total > 0 && !isHollow(norm, point.eps);
  return [says ? interval(point) : NONE, unknown ? (boundsText(point) ?? NONE) : says ? bar(paper, point) : ''];
}

/** The interval drawn from 0 to 100 %, with the accuracy as a mark. */
function bar(paper: Paper, point: CurvePoint): Cell {
  return {
    draw: (x, y, width, height) => {
      const middle = y + height / 2;
      const at = (share: number): number => x + share * width;
      paper.doc.rect(x, middle - 1, width, 2).fill(COLOR.rule);
      paper.doc.rect(at(point.low), middle - 2.5, Math.max(0.8, at(point.high) - at(point.low)), 5).fill(COLOR.band);
      paper.doc.rect(at(point.accuracy ?? 0) - 0.8, middle - 4, 1.6, 8).fill(COLOR.accent);
    },
  };
}

function attacks(paper: Paper, results: Results): void {
  const rows: Row[] = results.threats.flatMap((threat, t) =>
    threat.attackSummaries.map((summary, i) => {
      const eps = largestBudget(threat);
      const broken = brokenBy(results, t, summary.attack, eps);
      const distance = (value: number | null): string => formatDistance(threat.norm, value);
      return {
        group: i === 0,
        cells: [
          i === 0 ? formatBudget(threat.norm, eps) : '',
          summary.attack,
          count(summary.attacked),
          count(broken.within),
          count(broken.beyond),
          count(summary.failed),
          distance(summary.median),
          distance(summary.mean),
          distance(summary.floatMedian),
          `${count(summary.forwards)} + ${count(summary.backwards)}`,
        ],
      };
    }),
  );
  table(
    paper,
    [
      { title: 'Budget ε', points: 50 },
      { title: 'Attack' },
      { title: 'attacked', points: 41, align: 'right' },
      { title: 'broken within ε', points: 40, align: 'right' },
      { title: 'only beyond', points: 38, align: 'right' },
      { title: 'failed', points: 30, align: 'right' },
      { title: 'median (8-bit)', points: 53, align: 'right' },
      { title: 'mean (8-bit)', points: 53, align: 'right' },
      { title: 'median (float)', points: 53, align: 'right' },
      { title: 'queries: forward + backward', points: 66, align: 'right' },
    ],
    rows,
    { title: { level: 2, text: 'What each attack found' }, after: 6 },
  );
  const best = results.threats
    .filter((threat) => threat.median !== null)
    .map((threat) => `${NORM_LABEL[threat.norm]} ${formatDistance(threat.norm, threat.median)}`);
  const note = [
    'Distances are those of the threat’s norm. The median is over all images on which the attack ran to its end, one that held counting as infinitely far (–: half or more held); the mean is over the broken ones, beyond ε or not; ε is the largest budget.',
    ...(best.length > 0 ? [`Median over the best of all attacks: ${best.join(', ')}.`] : []),
  ];
  paper.text(note.join(' '), { size: SIZE.small, color: COLOR.soft, after: 0 });
}
