import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { draw } from './draw.ts';
import { judgeMutants, share, words } from './folder.ts';
import type { End } from './run.ts';

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
const root = process.env['HAIRLINE_ROOT']!;

const wholeNumber = (text: string, least: number): number => {
  const value = Number(text);
  return Number.isInteger(value) && value >= least ? value : usage(2);
};
if (values.help) usage(0);
if (positionals.length === 0) usage(2);
const seed = wholeNumber(values.seed, 0);
const jobs = values.jobs === undefined ? Math.min(2, availableParallelism()) : wholeNumber(values.jobs, 1);
const folders = positionals.map(folderOf);
// What is left at the end takes the copies away.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const ends: End[] = [];
for (const folder of folders) {
  const count = values.count === undefined ? (USUAL[folder] ?? 60) : wholeNumber(values.count, 1);
  const { drawn, possible } = draw(root, folder, count, seed);
  console.log(`${folder}: ${drawn.length} of ${possible} possible mutants, seed ${seed}`);
  if (values.list) drawn.forEach((mutant) => console.log(words(mutant)));
  else ends.push(...(await judgeMutants(root, folder, drawn, jobs, (line) => console.log(line))));
}
if (folders.length > 1 && !values.list) console.log(`all: ${share(ends)}`);

function folderOf(name: string): string {
  const folder = [join('src-main', name), name].find((one) => existsSync(join(root, one)));
  if (folder !== undefined) return folder.replace(/\/$/, '');
  console.error(`There is no folder ${name} in src-main.`);
  process.exit(2);
}
