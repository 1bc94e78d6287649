import { UserError } from './errors.ts';

/** More lines than there can be pictures, and more columns than anybody writes: such a text is no table, and would fill the memory. */
const MOST_ROWS = 2_000_000;
const MOST_COLUMNS = 1000;

/**
 * Rows and cells of a small text table: comma, semicolon or tab, whichever the first line has; cells may be quoted
 * ("a, b" and "" for a quote). Empty lines, a byte order mark and Windows line ends are dropped. A text without any
 * of the three gives one cell a row.
 * @param source how the error calls the text
 * @throws UserError for more rows or columns than a table of labels or names can have.
 */
export function parseTable(text: string, source: string): string[][] {
  const lines = textLines(text, source);
  const delimiter = [';', '\t', ','].find((d) => lines[0]?.includes(d)) ?? null;
  return lines.map((line) => (delimiter === null ? [unquote(line.trim())] : cells(line, delimiter, source)));
}

/** The lines of a text but for empty ones, without line ends and byte order mark. @throws UserError for too many. */
export function textLines(text: string, source: string): string[] {
  const lines: string[] = [];
  // Not split: a text of nothing but line ends would become as many strings.
  for (let from = text.startsWith('\uFEFF') ? 1 : 0; from < text.length;) {
    const to = endOfLine(text, from);
    const line = text.slice(from, to);
    if (line.trim() !== '') lines.push(line);
    if (lines.length > MOST_ROWS)
      throw new UserError(`${source} has more than ${MOST_ROWS.toLocaleString('en')} lines: check that it is the right file.`);
    from = to + 1;
  }
  return lines;
}

function endOfLine(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (text[at] === '\n' || text[at] === '\r') return at;
  return text.length;
}

function cells(line: string, delimiter: string, source: string): string[] {
  const out: string[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at <= line.length; at++) {
    if (line[at] === '"') quoted = !quoted;
    if (at < line.length && (line[at] !== delimiter || quoted)) continue;
    out.push(unquote(line.slice(from, at).trim()));
    from = at + 1;
    if (out.length > MOST_COLUMNS)
      throw new UserError(`${source} has more than ${MOST_COLUMNS.toLocaleString('en')} columns: check that it is the right file.`);
  }
  return out;
}

function unquote(cell: string): string {
  return cell.length >= 2 && cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

/** The number a cell holds, or null when it is not a plain whole number. */
export function wholeNumber(cell: string): number | null {
  return /^[+-]?\d{1,15}(\.0+)?$/.test(cell) ? Number(cell) : null;
}
