import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { Dice } from '../fuzz/dice.ts';
import { emitted, mutantsOf, planted } from './mutants.ts';
import type { Mutant } from './mutants.ts';

/** Folders that are counted apart from the folder they lie in. */
const APART = ['src-main/audit/verify'];
/** What is written by a compiler is its matter. */
const WRITTEN = /\.wasm\.ts$|\.d\.ts$|\/assembly\//;

/** Files of TypeScript under a folder, from the root on, in order of their names. */
export function sourcesOf(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) =>
      relative(root, join(root, folder, name))
        .split(sep)
        .join('/'),
    )
    .filter((file) => file.endsWith('.ts') && !WRITTEN.test(file))
    .filter((file) => !APART.some((apart) => file.startsWith(`${apart}/`) && !folder.startsWith(apart)))
    .sort();
}

/**
 * So many of all possible mutants of a folder, each as likely; the same for the same seed and the same text. Their
 * order is one of chance, too, so that those judged by the time somebody stops are as fair a sample.
 */
export function draw(root: string, folder: string, count: number, seed: number): { drawn: Mutant[]; possible: number } {
  const texts = new Map(sourcesOf(root, folder).map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  const all = [...texts].flatMap(([file, text]) => mutantsOf(file, text));
  const dice = new Dice(seed);
  const drawn: Mutant[] = [];
  const whole = new Map<string, string | null>();
  // What changes nothing that runs is no fault.
  const isFault = (mutant: Mutant): boolean => {
    const text = texts.get(mutant.file)!;
    if (!whole.has(mutant.file)) whole.set(mutant.file, emitted(text));
    const code = emitted(planted(text, mutant));
    return code !== null && code !== whole.get(mutant.file);
  };
  const left = [...all];
  while (drawn.length < count && left.length > 0) {
    const [mutant] = left.splice(dice.int(left.length), 1) as [Mutant];
    if (isFault(mutant)) drawn.push(mutant);
  }
  return { drawn, possible: all.length };
}
