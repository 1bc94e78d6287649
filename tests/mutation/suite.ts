import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Copy } from './copy.ts';
import { sourcesOf } from './draw.ts';
import { build, test, timesOf } from './run.ts';
import type { End } from './run.ts';

/** A file of tests. */
interface TestFile {
  file: string;
  seconds: number;
  /** It starts the built program, which is then built anew for every mutant. */
  needsBuild: boolean;
  /** Every file that it reads, through imports of imports. */
  reads: ReadonlySet<string>;
}

/** Seconds of tests that are run in one go, the quickest first: starting costs more than a second. */
const ROUND = 8;
/** Seconds that a round may take besides, and how many times as long as without a mutant. */
const [BESIDE, TIMES] = [40, 4];

/** The tests of a folder, with what each takes. */
export class Suite {
  private readonly files: readonly TestFile[];

  private constructor(files: readonly TestFile[]) {
    this.files = files;
  }

  /** @throws Error where one fails without any mutant */
  static async of(copy: Copy, folder: string): Promise<Suite> {
    const tests = testsOf(copy.root, folder);
    let times = await timesOf(copy, tests);
    const lacking = [...times].filter(([, { passed }]) => !passed).map(([file]) => file);
    if (lacking.length > 0) {
      // They may want the program, which the copy does not have.
      if (existsSync(join(copy.root, 'electron.vite.config.ts'))) await build(copy);
      times = new Map([...times, ...(await timesOf(copy, lacking))]);
    }
    const failed = [...times].filter(([, { passed }]) => !passed).map(([file]) => file);
    if (failed.length > 0) throw new Error(`These fail without any mutant: ${failed.join(', ')}. Mend them first.`);
    return new Suite(
      [...times]
        .map(([file, { seconds }]) => ({ file, seconds, needsBuild: lacking.includes(file), reads: readBy(copy.root, file) }))
        .sort((a, b) => Number(a.needsBuild) - Number(b.needsBuild) || a.seconds - b.seconds),
    );
  }

  get seconds(): number {
    return this.files.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  get names(): string[] {
    return this.files.map(({ file, needsBuild }) => (needsBuild ? `${file} (with the program built)` : file));
  }

  /** Runs those tests that the file may matter to, the quickest first, until one fails. */
  async judge(copy: Copy, file: string): Promise<End> {
    const rounds: TestFile[][] = [];
    for (const one of this.files.filter(({ reads, needsBuild }) => needsBuild || reads.has(file))) {
      const last = rounds.at(-1);
      const fits = last && last[0]!.needsBuild === one.needsBuild && secondsOf([...last, one]) <= ROUND;
      if (fits) last.push(one);
      else rounds.push([one]);
    }
    let built = false;
    for (const round of rounds) {
      if (round[0]!.needsBuild && !built) {
        if (!(await build(copy))) return 'failed';
        built = true;
      }
      const { end } = await test(
        copy,
        round.map((one) => one.file),
        BESIDE + TIMES * secondsOf(round),
      );
      if (end !== 'passed') return end;
    }
    return 'passed';
  }
}

function secondsOf(files: readonly TestFile[]): number {
  return files.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** The files of tests of a folder of the source: those of the folder of the same name, or of the one around it. */
function testsOf(root: string, folder: string): string[] {
  for (let at = folder.replace(/^src-main\//, ''); at !== '.'; at = dirname(at)) {
    const tests = join('tests', at).split(sep).join('/');
    const files = existsSync(join(root, tests)) ? sourcesOf(root, tests).filter((file) => file.endsWith('.test.ts')) : [];
    if (files.length > 0) return files.filter((file) => folder === 'src-main/audit/verify' || !file.startsWith('tests/audit/verify/'));
  }
  throw new Error(`No tests are found for ${folder}.`);
}

const known = new Map<string, string[]>();

function readBy(root: string, file: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [file];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (seen.has(one)) continue;
    seen.add(one);
    if (!known.has(one)) known.set(one, importsOf(root, one));
    open.push(...known.get(one)!);
  }
  return seen;
}

function importsOf(root: string, file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)]
    .map((match) =>
      relative(root, join(root, dirname(file), match[1]!))
        .split(sep)
        .join('/'),
    )
    .filter((path) => existsSync(join(root, path)) && /\.(ts|js|mjs|vue)$/.test(path));
}
