/**
 * Rows and cells of a small text table: comma, semicolon or tab, whichever the first line has; cells may be quoted
 * ("a, b" and "" for a quote). Empty lines, a byte order mark and Windows line ends are dropped. A text without any
 * of the three gives one cell a row.
 */
export function parseTable(text: string): string[][] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== '');
  const delimiter = [';', '\t', ','].find((d) => lines[0]?.includes(d)) ?? null;
  return lines.map((line) => (delimiter === null ? [unquote(line.trim())] : cells(line, delimiter)));
}

function cells(line: string, delimiter: string): string[] {
  const out: string[] = [];
  let cell = '';
  let quoted = false;
  for (const char of line) {
    if (char === '"') quoted = !quoted;
    if (char === delimiter && !quoted) {
      out.push(unquote(cell.trim()));
      cell = '';
    } else cell += char;
  }
  out.push(unquote(cell.trim()));
  return out;
}

function unquote(cell: string): string {
  return cell.length >= 2 && cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

/** The number a cell holds, or null when it is not a plain whole number. */
export function wholeNumber(cell: string): number | null {
  return /^[+-]?\d{1,15}(\.0+)?$/.test(cell) ? Number(cell) : null;
}
