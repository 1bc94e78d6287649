import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/figures.md'), 'utf8');

/** The labels in the first column of a section's table in docs/figures.md. */
export function labelsOf(section: 'Terminal' | 'PDF' | 'Window' | 'CSV' | 'JSON'): string[] {
  const text = PAGE.split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!;
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => [...row.split(' | ')[0]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
}
