import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** results.json as it lies on the disk, without the lines of its `timing` member. */
export function untimed(folder: string): string {
  const text = readFileSync(join(folder, 'results.json'), 'utf8');
  const cut = text.replace(/^ {2}"timing": \{\n(?: {4}.*\n)+ {2}\},?\n/m, '');
  if (cut.length === text.length) throw new Error('results.json has no timing member');
  return cut;
}
