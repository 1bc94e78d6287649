import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wilson } from '../../shared/stats.ts';
import { Copy } from './copy.ts';
import { draw } from './draw.ts';
import { planted } from './mutants.ts';
import type { Mutant } from './mutants.ts';
import type { End } from './run.ts';
import { Suite } from './suite.ts';

/** `npm run mutation`: whether the tests of a folder fail when its code is wrong; see `--help`. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string' },
    list: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

function usage(status: number): never {
  console.error(`npm run mutation -- FOLDER... [--count N] [--seed S] [--jobs N] [--list]
Plants small faults in copies of the tree, one at a time, and runs the tests of the folder until one fails: how many are found, and which are not.
FOLDER: of src-main, such as norms or audit/verify. --count: 60 a folder, of audit/verify 200. --list: which ones, and no more.`);
  process.exit(status);
}

const USUAL: Record<string, number> = { 'src-main/audit/verify': 200 };
const root = process.env['HAIRLINE_MUTATED'] ?? process.env['HAIRLINE_ROOT'] ?? process.cwd();

const wholeNumber = (text: string, least: number): number => {
  const value = Number(text);
  return Number.isInteger(value) && value >= least ? value : usage(2);
};
if (values.help) usage(0);
if (positionals.length === 0) usage(2);
const seed = wholeNumber(values.seed, 0);
const jobs = values.jobs === undefined ? Math.min(2, availableParallelism()) : wholeNumber(values.jobs, 1);
const folders = positionals.map(folderOf);
const ends: End[] = [];
for (const folder of folders) ends.push(...(await one(folder)));
if (folders.length > 1 && !values.list) console.log(`all: ${share(ends)}`);

function folderOf(name: string): string {
  const folder = [join('src-main', name), name].find((one) => existsSync(join(root, one)));
  if (folder === undefined) {
    console.error(`There is no folder ${name} in src-main.`);
    process.exit(2);
  }
  return folder.replace(/\/$/, '');
}

/** One folder: how each of its mutants ended. */
async function one(folder: string): Promise<End[]> {
  const count = values.count === undefined ? (USUAL[folder] ?? 60) : wholeNumber(values.count, 1);
  const { drawn, possible } = draw(root, folder, count, seed);
  console.log(`${folder}: ${drawn.length} of ${possible} possible mutants, seed ${seed}`);
  if (values.list) {
    for (const mutant of drawn) console.log(words(mutant));
    return [];
  }
  const copies = Array.from({ length: Math.min(jobs, drawn.length) }, () => new Copy(root));
  process.once('SIGINT', () => process.exit(130));
  const removed = (): void => copies.forEach((copy) => copy.remove());
  process.once('exit', removed);
  try {
    const suite = await Suite.of(copies[0]!, folder);
    console.log(`tests of ${Math.round(suite.seconds)} s: ${suite.names.join(', ')}`);
    const left = drawn.entries();
    const found: End[] = [];
    await Promise.all(
      copies.map(async (copy) => {
        for (const [i, mutant] of left) {
          found[i] = await judged(copy, suite, mutant);
          const end = found[i] === 'passed' ? 'SURVIVED' : found[i] === 'timeout' ? 'timed out' : 'killed';
          console.log(`${end.padEnd(9)} ${words(mutant)}`);
        }
      }),
    );
    console.log(`${folder}: ${share(found)}`);
    const survivors = drawn.filter((_, i) => found[i] === 'passed');
    for (const mutant of survivors) console.log(`survived  ${words(mutant)}`);
    return found;
  } finally {
    removed();
    process.removeListener('exit', removed);
  }
}

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

function words({ file, line, before, after }: Mutant): string {
  return `${file}:${line}  ${before}  →  ${after}`;
}

/** How many were found, with the 95 % interval of the share among all that are possible. */
function share(found: readonly End[]): string {
  const [failed, late] = (['failed', 'timeout'] as const).map((end) => found.filter((one) => one === end).length) as [number, number];
  const [low, high] = wilson(failed + late, found.length);
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  return `${failed + late} of ${found.length} killed (${late} by running too long), ${percent((failed + late) / found.length)}, 95 % interval ${percent(low)} to ${percent(high)}`;
}
