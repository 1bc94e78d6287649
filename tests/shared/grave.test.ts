import { expect, it } from 'vitest';
import { isGrave } from '../../shared/grave.ts';
import { Preprocessing } from '../../shared/plan.ts';
import { betterWords } from '../../src-main/audit/trials.ts';
import { GRAVE_MARK, line } from '../../src-main/cli/print.ts';
import { sortedNote } from '../../src-main/images/draw.ts';

/** Sentences are known by how they begin, and here are those who write them; of chance, tests/audit/chance.test.ts. */
it('knows the sentences without which a figure says something else', () => {
  const trial = { preprocessing: Preprocessing.parse({}), values: null, words: 'BGR', shift: 0 as const, right: 9 };
  const grave = [
    sortedNote(
      1200,
      Array.from({ length: 60_000 }, (_, i) => Math.floor(i / 6000)),
    ),
    sortedNote(3, [0, 0, 0, 1, 1]),
    betterWords({ now: { ...trial, right: 1 }, better: trial, of: 10 }),
  ];
  for (const one of grave) expect(isGrave(one!), one!).toBe(true);
  for (const one of [
    '1 image was taken, and 2 of the files given were left out, each with its reason.',
    'No labels were given: each image was attacked away from the class the model gives it when clean, so accuracy is relative to the model itself.',
    '',
  ])
    expect(isGrave(one), one).toBe(false);
});

it('shows them in red on a terminal alone', () => {
  const shown = (text: string, isTTY: boolean): string => {
    let out = '';
    line(text, { isTTY, write: (piece: string) => ((out += piece), true) } as unknown as NodeJS.WriteStream);
    return out;
  };
  expect(shown(`${GRAVE_MARK} mind`, true)).toBe('\u001b[31m!! mind\u001b[0m\n');
  expect(shown(`${GRAVE_MARK} mind`, false)).toBe('!! mind\n');
  expect(shown('! mind', true)).toBe('! mind\n');
  // Whatever a name holds, no other colour gets through.
  expect(shown(`${GRAVE_MARK} \u001b[32mgreen`, true)).not.toContain('\u001b[32m');
});
