import type { Results } from '../../../shared/results.ts';
import { toCsv } from '../csv.ts';

/** Cells that are named; more of them tell nothing new. */
const NAMED = 20;

/**
 * A table of findings against the one that the results give, cell by cell.
 * @param text as somebody wrote it
 * @returns a sentence for each difference; `lacks`: columns that it has not
 */
export function csvProblems(text: string, results: Results): { problems: string[]; lacks: string[] } {
  const due = toCsv(results);
  if (text === due) return { problems: [], lacks: [] };
  const [told, found] = [rowsOf(text), rowsOf(due)];
  const [head, columns] = [told[0] ?? [], found[0]!];
  const problems: string[] = [];
  const more = head.filter((name) => !columns.includes(name));
  if (more.length > 0) problems.push(`results.csv has columns that the results have not: ${more.slice(0, 5).join(', ')}.`);
  if (told.length !== found.length) problems.push(`results.csv has ${told.length - 1} rows, the results give ${found.length - 1}.`);
  const lacks = columns.filter((name) => !head.includes(name));
  let others = 0;
  for (let r = 1; r < Math.min(told.length, found.length); r++)
    for (const [c, name] of columns.entries()) {
      const at = head.indexOf(name);
      const [own, right] = [told[r]![at], found[r]![c]];
      if (at < 0 || own === right) continue;
      if (problems.length >= NAMED) others++;
      else
        problems.push(
          `results.csv, row ${r} (${found[r]!.slice(0, 1).join('')}), ${name}: it says ${JSON.stringify(own ?? '')}, results.json gives ${JSON.stringify(right)}.`,
        );
    }
  if (others > 0) problems.push(`results.csv differs from results.json in ${others} more cells.`);
  if (problems.length + lacks.length === 0)
    problems.push('results.csv is not written as the results give it, though each of its cells is.');
  return { problems, lacks };
}

/** RFC 4180. */
function rowsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, cell, end] of text.matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/g)) {
    if (cell === '' && end === '' && row.length === 0) break;
    row.push(cell!.startsWith('"') ? cell!.slice(1, -1).replaceAll('""', '"') : cell!);
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
