import type { Distances } from '../../shared/norms.ts';
import type { Finding, ImageResult, OutputResult, Results } from '../../shared/results.ts';
import { goalKinds } from '../goals/index.ts';

type Cell = string | number | boolean | null | undefined;

const DISTANCE_COLUMNS = ['l0', 'l0_pixels', 'l1', 'l2', 'linf', 'linf_255'];
/** Those of every goal, whichever the audit has: tables of different audits then have the same columns. */
const FIGURES = [...new Set(goalKinds().flatMap(({ figures }) => figures.map(({ name }) => name)))];
const COLUMNS = [
  ...['id', 'source', 'hash', 'label', 'label_name', 'label_given', 'clean_prediction', 'clean_prediction_name'],
  ...['threat', 'norm', 'goal', 'attack', 'state', 'reason'],
  ...DISTANCE_COLUMNS.map((name) => `float_${name}`),
  ...DISTANCE_COLUMNS.map((name) => `eightbit_${name}`),
  ...['new_prediction', 'new_prediction_name', 'new_probability', 'queries', 'forwards', 'backwards', 'file'],
  ...FIGURES.map((name) => `output_${name}`),
  'output_file',
  ...FIGURES.map((name) => `clean_output_${name}`),
];

/**
 * results as CSV (RFC 4180: CRLF, quotes doubled), one row per image, threat model and attack, in the
 * order of the results. Distances are in pixel units of [0,1], `linf_255` in 1/255, PSNR in dB from the goal's
 * reference, `inf` where there is no difference; an empty cell is "none". An image that was wrong or of the target class already has a row per attack too, so rows always count the same.
 * Text that a spreadsheet would run as a formula starts with an apostrophe (OWASP, CSV injection).
 */
export function toCsv(results: Results): string {
  const findings = new Map(results.findings.map((finding) => [key(finding.image, finding.threat, finding.attack), finding]));
  const rows: Cell[][] = [COLUMNS];
  for (const image of results.images) {
    results.threats.forEach((threat, index) => {
      for (const { attack } of threat.attackSummaries) {
        const finding = findings.get(key(image.id, index, attack));
        const state = finding?.state ?? image.outcomes.find((outcome) => outcome.threat === index)?.state;
        const goal = threat.goal.kind;
        rows.push([
          ...imageCells(results, image),
          index,
          threat.norm,
          goal,
          attack,
          state,
          ...findingCells(results, finding),
          ...outputCells(finding?.output ?? null, image.outputs[index]),
        ]);
      }
    });
  }
  return rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

function key(image: string, threat: number, attack: string): string {
  return JSON.stringify([image, threat, attack]);
}

function imageCells(results: Results, image: ImageResult): Cell[] {
  const { id, source, hash, label, labelGiven, prediction } = image;
  return [id, source, hash, label, name(results, label), labelGiven, prediction, name(results, prediction)];
}

function findingCells(results: Results, finding: Finding | undefined): Cell[] {
  if (!finding) return Array<Cell>(COLUMNS.indexOf(`output_${FIGURES[0]!}`) - COLUMNS.indexOf('reason')).fill(null);
  const { reason, float, eightBit, prediction, top, forwards, backwards, file } = finding;
  const probability = top.find((score) => score.class === prediction)?.probability;
  const after = [prediction, name(results, prediction), probability, forwards + backwards, forwards, backwards, file];
  return [reason, ...distanceCells(float), ...distanceCells(eightBit), ...after];
}

/** The output for the exported picture and for the clean one. */
function outputCells(output: OutputResult | null, clean: OutputResult | undefined): Cell[] {
  const cells = (of: OutputResult | null | undefined) => FIGURES.map((name) => (of?.figures[name] === null ? 'inf' : of?.figures[name]));
  return [...cells(output), output?.file, ...cells(clean)];
}

function distanceCells(distances: Distances | null): Cell[] {
  if (!distances) return DISTANCE_COLUMNS.map(() => null);
  return [distances.l0, distances.l0Pixels, distances.l1, distances.l2, distances.linf, distances.linf * 255];
}

function name(results: Results, index: number | null): string | null {
  return index === null ? null : (results.classNames?.[index] ?? null);
}

function quoted(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  // Only text can carry a formula; a number keeps its sign.
  const text = typeof cell === 'string' && /^[=+\-@\t\r\n＝＋－＠]/u.test(cell) ? `'${cell}` : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
