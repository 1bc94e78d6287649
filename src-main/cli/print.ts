import { jsonLine, printable, shortened } from '../../shared/printable.ts';

/*
 * Everything that is written to a terminal goes through here: names in it are somebody else's, and a terminal obeys what they hold.
 */

/** Characters of a line, and of a cell of a table, that anybody reads. */
const LONGEST = 4000;
const LONGEST_CELL = 80;

/** Prints an object as one JSON line, the form every command has with --json. */
export function json(value: unknown): void {
  process.stdout.write(`${jsonLine(value)}\n`);
}

/** At the start of a line that a terminal shows in red. */
export const GRAVE_MARK = '!!';

/** Prints one line, and no more whatever it holds. */
export function line(text = '', stream: NodeJS.WritableStream & { isTTY?: boolean } = process.stdout): void {
  const shown = visible(text);
  const red = stream.isTTY && !process.env['NO_COLOR'] && shown.startsWith(`${GRAVE_MARK} `);
  stream.write(red ? `\u001b[31m${shown}\u001b[0m\n` : `${shown}\n`);
}

export function lines(texts: readonly string[], stream: NodeJS.WritableStream = process.stdout): void {
  for (const text of texts) line(text, stream);
}

/** A text as a terminal may have it, on one line. */
export function visible(text: string): string {
  return shortened(printable(text), LONGEST);
}

/** Lines of columns aligned by spaces; numbers to the right. The first row is the head. */
export function table(cells: readonly (readonly string[])[]): string[] {
  const rows = cells.map((row) => row.map((text) => shortened(printable(text), LONGEST_CELL)));
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((r) => [...(r[c] ?? '')].length)));
  const right = rows[0]!.map((_, c) => rows.slice(1).every((r) => /^[-–∞]?[\d.,/ %–\u00a0∞-]*$/.test(r[c] ?? '')));
  const cell = (text: string, c: number) => {
    const space = ' '.repeat(widths[c]! - [...text].length);
    return right[c] ? space + text : text + space;
  };
  const body = rows.map((r) =>
    widths
      .map((_, c) => cell(r[c] ?? '', c))
      .join('  ')
      .trimEnd(),
  );
  return [body[0]!, widths.map((w) => '─'.repeat(w)).join('  '), ...body.slice(1)];
}
