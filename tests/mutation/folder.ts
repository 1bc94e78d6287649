import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wilson } from '../../shared/stats.ts';
import { Copy } from './copy.ts';
import { planted } from './mutants.ts';
import type { Mutant } from './mutants.ts';
import type { End } from './run.ts';
import { Suite } from './suite.ts';

/**
 * Plants mutants of one folder, one at a time in each of `jobs` copies of the tree, and runs the folder's tests against each.
 * @param say told a line of each mutant as soon as it is judged, and what comes of all in the end
 * @returns how each of them ended
 * @throws Error where tests fail without any mutant
 */
export async function judgeMutants(
  root: string,
  folder: string,
  drawn: readonly Mutant[],
  jobs: number,
  say: (line: string) => void,
): Promise<End[]> {
  const copies = Array.from({ length: Math.min(jobs, drawn.length) }, () => new Copy(root));
  const remove = (): void => copies.forEach((copy) => copy.remove());
  process.once('exit', remove);
  try {
    const suite = await Suite.of(copies[0]!, folder);
    say(`tests of ${Math.round(suite.seconds)} s: ${suite.names.join(', ')}`);
    const found: End[] = [];
    const left = drawn.entries();
    await Promise.all(
      copies.map(async (copy) => {
        for (const [i, mutant] of left) {
          found[i] = await judged(copy, suite, mutant);
          say(`${SAID[found[i]].padEnd(9)} ${words(mutant)}`);
        }
      }),
    );
    say(`${folder}: ${share(found)}`);
    drawn.forEach((mutant, i) => found[i] === 'passed' && say(`survived  ${words(mutant)}`));
    return found;
  } finally {
    remove();
    process.removeListener('exit', remove);
  }
}

const SAID: Record<End, string> = { passed: 'SURVIVED', failed: 'killed', timeout: 'timed out' };

async function judged(copy: Copy, suite: Suite, mutant: Mutant): Promise<End> {
  const file = join(copy.root, mutant.file);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, planted(text, mutant));
  try {
    return await suite.judge(copy, mutant.file);
  } finally {
    writeFileSync(file, text);
    copy.sweep();
  }
}

export function words({ file, line, before, after }: Mutant): string {
  return `${file}:${line}  ${before}  →  ${after}`;
}

/** How many were found, with the 95 % interval of the share among all that are possible. */
export function share(found: readonly End[]): string {
  const [failed, late] = (['failed', 'timeout'] as const).map((end) => found.filter((one) => one === end).length) as [number, number];
  const [low, high] = wilson(failed + late, found.length);
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  return `${failed + late} of ${found.length} killed (${late} by running too long), ${percent((failed + late) / found.length)}, 95 % interval ${percent(low)} to ${percent(high)}`;
}
