/** Prints an object as one JSON line, the form every command has with --json. */
export function json(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function line(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Columns aligned by spaces; numbers to the right. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((r) => [...(r[c] ?? '')].length)));
  const right = rows[0]!.map((_, c) => rows.slice(1).every((r) => /^[-–∞]?[\d.,/ %–\u00a0∞-]*$/.test(r[c] ?? '')));
  const cell = (text: string, c: number) => {
    const space = ' '.repeat(widths[c]! - [...text].length);
    return right[c] ? space + text : text + space;
  };
  const body = rows.map((r) => widths.map((_, c) => cell(r[c] ?? '', c)).join('  ').trimEnd());
  return [body[0]!, widths.map((w) => '─'.repeat(w)).join('  '), ...body.slice(1)].join('\n');
}
