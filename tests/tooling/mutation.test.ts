import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { draw } from '../mutation/draw.ts';
import { judgeMutants } from '../mutation/folder.ts';
import { emitted, mutantsOf, planted } from '../mutation/mutants.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const all = (text: string): string[] => mutantsOf('a.ts', text).map((mutant) => planted(text, mutant));

describe('the faults that are planted', () => {
  it.each([
    ['a < b;', ['a <= b;', ';']],
    ['const c = a && !b;', ['const c = a || !b;', 'const c = a && b;']],
    ['const c = a ?? b;', ['const c = a;']],
    ['if (a) b();', ['if (!(a)) b();', 'if (a) {}', 'if (a) ;']],
    ['if (a) b(); else c();', ['if (!(a)) b(); else c();', 'if (a) ; else c();', 'if (a) b(); else {}', 'if (a) b(); else ;']],
    [
      'const f = (x: number) => x + 2;',
      ['const f = (x: number) => undefined;', 'const f = (x: number) => x - 2;', 'const f = (x: number) => x + 3;'],
    ],
    ['function f() { return true; }', ['function f() { return undefined; }', 'function f() { return false; }']],
    ['const f = () => null; function g() { return false; }', ['const f = () => null; function g() { return true; }']],
    ['const n = [0, 1, 40];', ['const n = [1, 1, 40];', 'const n = [0, 0, 40];', 'const n = [0, 1, 41];']],
    [
      'const m = Math.min(a, b) > 0 ? a : b;',
      [
        'const m = !(Math.min(a, b) > 0) ? a : b;',
        'const m = Math.max(a, b) > 0 ? a : b;',
        'const m = Math.min(a, b) >= 0 ? a : b;',
        'const m = Math.min(a, b) > 1 ? a : b;',
      ],
    ],
    // Text, types and imports are no arithmetic.
    ["const t = 'a' + b;", []],
    ["import { a } from './0.ts';\ntype T = 0 | 1;\ninterface I { n: 1 }\nlet x: true;", []],
  ])('%s', (text, mutants) => expect(all(text).sort()).toEqual([...mutants].sort()));

  it('tell where they are and what they change', () => {
    const [mutant] = mutantsOf('a.ts', 'let a;\n  a = b\n    < c;');
    expect(mutant).toMatchObject({ file: 'a.ts', line: 2 });
    const [, swapped] = mutantsOf('a.ts', 'const a = 1;\nconst c =\n  a <\n  b;');
    expect(swapped).toMatchObject({ line: 3, before: 'a <', after: 'a <=' });
  });

  it('are sound, and change the code that runs', () => {
    const code = emitted('const a: number = 1 < 2; // so');
    expect(emitted('const a = 1 < /* here */ 2;')).toBe(code);
    expect(emitted('const a: number = 1 <= 2;')).not.toBe(code);
    expect(emitted('const a = 1 < < 2;')).toBeNull();
  });

  it('are drawn by the seed, each once, and by no other accident', () => {
    const of = (seed: number): string[] =>
      draw(ROOT, 'tests/files', 5, seed).drawn.map(({ file, start, text }) => `${file} ${start} ${text}`);
    const [one, again, other] = [of(1), of(1), of(2)];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    expect(new Set(one).size).toBe(5);
  });
});

it('plants them in copies: tests that look kill one, others do not, and the tree stays as it is', { timeout: 120_000 }, async () => {
  const tree = mkdtempSync(join(tmpdir(), 'hairline-mutants-'));
  try {
    for (const folder of ['src-main/tiny', 'tests/tiny']) mkdirSync(join(tree, folder), { recursive: true });
    symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(tree, 'node_modules'));
    // Of three mutants two are seen.
    const code =
      'export const seen = (a: number, b: number): boolean => a < b;\nexport function unseen(list: number[]): void {\n  list.reverse();\n}\n';
    writeFileSync(join(tree, 'src-main/tiny/tiny.ts'), code);
    writeFileSync(
      join(tree, 'tests/tiny/tiny.test.ts'),
      "import { expect, it } from 'vitest';\nimport { seen, unseen } from '../../src-main/tiny/tiny.ts';\nit('looks', () => {\n  unseen([1]);\n  expect(seen(1, 1)).toBe(false);\n});\n",
    );
    writeFileSync(
      join(tree, 'vitest.config.ts'),
      "export default { test: { projects: [{ test: { name: 'unit', include: ['tests/**/*.test.ts'] } }, { test: { name: 'alone', include: ['none'] } }] } };\n",
    );
    const lines: string[] = [];
    const { drawn } = draw(tree, 'src-main/tiny', 60, 1);
    const found = await judgeMutants(tree, 'src-main/tiny', drawn, 1, (line) => lines.push(line));
    expect([...found].sort()).toEqual(['failed', 'failed', 'passed']);
    const said = lines.join('\n');
    expect(said).toMatch(/killed +src-main\/tiny\/tiny\.ts:1 .*a < b; {2}→ .*a <= b;/);
    expect(said).toMatch(/SURVIVED +src-main\/tiny\/tiny\.ts:3 /);
    expect(said).toContain('src-main/tiny: 2 of 3 killed (0 by running too long), 66.7 %, 95 % interval 20.8 % to 93.9 %');
    expect(readFileSync(join(tree, 'src-main/tiny/tiny.ts'), 'utf8')).toBe(code);
    expect(readdirSync(tree).sort()).toEqual(['node_modules', 'src-main', 'tests', 'vitest.config.ts']);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
});
