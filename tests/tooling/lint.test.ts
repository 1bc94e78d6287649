import { ESLint, Linter } from 'eslint';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import typescript from 'typescript-eslint';
import { afterAll, describe, expect, it } from 'vitest';
import { circles } from '../../lint/circles.js';
import { goalKinds } from '../../lint/goalKinds.js';

const root = resolve(import.meta.dirname, '../..');
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** What a rule says of files, each linted as `eslint .` would, in order. */
function linted(files: Record<string, string>, rule: Linter.Config['rules'], only = Object.keys(files)): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'hairline-lint-'));
  folders.push(folder);
  for (const [name, text] of Object.entries({ 'package.json': '{}', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const linter = new Linter({ cwd: folder });
  const config: Linter.Config = {
    files: ['**/*.ts'],
    plugins: { hairline: { rules: { circles, goalKinds } } },
    languageOptions: { parser: typescript.parser as Linter.Parser },
    rules: rule,
  };
  return only.flatMap((name) => linter.verify(files[name]!, [config], join(folder, name)).map(({ message }) => message));
}

describe('the rule against import circles', () => {
  const found = (files: Record<string, string>, only?: string[]) => linted(files, { 'hairline/circles': 'error' }, only);

  it('finds a circle of three at each of its files, and shows the whole of it', () => {
    const said = found({
      'a.ts': "import { b } from './b.ts';\nexport const a = b;",
      'b.ts': "export { c as b } from './c.ts';",
      'c.ts': "export const c = async () => (await import('./a.ts')).a;",
    });
    expect(said).toEqual(
      ['a.ts → b.ts → c.ts → a.ts', 'b.ts → c.ts → a.ts → b.ts', 'c.ts → a.ts → b.ts → c.ts'].map((way) => expect.stringContaining(way)),
    );
  });

  it.each([
    ['a type import', "import type { B } from './b.ts';\nexport type A = B;"],
    ['a type in place', "export type A = import('./b.ts').B;"],
    ['a re-exported type', "export type { B } from './b.ts';"],
    ['an import for its effect', "import './b.ts';"],
  ])('counts %s, on either side of the circle', (_kind, text) => {
    const files = { 'a.ts': text, 'b.ts': text.replaceAll('b.ts', 'a.ts') };
    expect(found(files)).toHaveLength(2);
  });

  it('goes through components and their scripts', () => {
    const files = {
      'part/Leaf.vue': `<script lang="ts">export type T = 1;</script>\n<script setup lang="ts">\nimport { go } from '../store.ts';\n</script>\n<template><p>{{ go }}</p></template>`,
      'store.ts': "import Leaf from './part/Leaf.vue';\nexport const go = Leaf;",
    };
    expect(found(files, ['store.ts'])).toEqual([expect.stringContaining('store.ts → part/Leaf.vue → store.ts')]);
  });

  it('says nothing of a diamond, nor of what only leads to a circle', () => {
    const files = {
      'top.ts': "import './left.ts';\nimport './right.ts';\nimport './one.ts';",
      'left.ts': "import './base.ts';",
      'right.ts': "import './base.ts';",
      'base.ts': 'export {};',
      'one.ts': "import './other.ts';",
      'other.ts': "import './one.ts';",
    };
    expect(found(files, ['top.ts', 'left.ts', 'right.ts', 'base.ts'])).toEqual([]);
    expect(found(files, ['one.ts', 'other.ts'])).toHaveLength(2);
  });

  it('goes by what is linted where that is newer than the disk, as in an editor', () => {
    const before = found({ 'a.ts': "import './b.ts';", 'b.ts': "import './a.ts';" });
    expect(before).toHaveLength(2);
    const linter = new Linter({ cwd: folders.at(-1)! });
    const config: Linter.Config = { plugins: { hairline: { rules: { circles } } }, rules: { 'hairline/circles': 'error' } };
    const say = (name: string, text: string) =>
      linter.verify(text, [{ files: ['**/*.ts'], ...config }], join(folders.at(-1)!, name)).map(({ message }) => message);
    expect(say('b.ts', 'export {};')).toEqual([]);
    expect(say('a.ts', "import './b.ts';")).toEqual([]);
    expect(say('b.ts', "import './a.ts';")).toHaveLength(1);
  });
});

/** Through the real configuration: a rule that is switched off, or applied to no file, fails here. */
describe('npm run lint', () => {
  // The program with types, which this rule has no use for, takes most of the time.
  const overrideConfig = { languageOptions: { parserOptions: { project: null } } };
  const linter = new ESLint({ cwd: root, overrideConfig, ruleFilter: ({ ruleId }) => ruleId === 'hairline/circles' });

  it.each([
    ['shared/norms.ts', "import type { AuditPlan } from './plan.ts';\nexport type X = AuditPlan;", 'shared/plan.ts'],
    ['src-main/graph/ir.ts', "export * from './index.ts';", 'src-main/graph/index.ts'],
    ['src-renderer/stores/app.ts', "import '../App.vue';", 'src-renderer/App.vue'],
  ])('stops a circle planted in %s', async (file, text, by) => {
    const [result] = await linter.lintText(text, { filePath: join(root, file) });
    expect(result!.messages.map(({ message }) => message)).toContainEqual(expect.stringContaining(`An import circle: ${file} → ${by} → `));
  });
});

describe('the rule against telling goals apart by their kind', () => {
  const KINDS = ['untargeted', 'targeted', 'deviation', 'match'];
  const found = (text: string, file = 'src-main/audit/a.ts', kinds = KINDS) =>
    linted({ [file]: text }, { 'hairline/goalKinds': ['error', { kinds }] }).length;

  it.each([
    ["if (goal.kind === 'targeted') go();"],
    ["if (plan.threats[0]!.goal.kind !== 'untargeted') go();"],
    ["const x = threat.goal?.kind == 'match';"],
    ["const x = 'match' === goal.value.kind;"],
    ["switch (goal.kind) { case 'a': go(); }"],
    ["switch (kind) { case 'deviation': go(); }"],
    ["const { kind } = threat.goal; if (kind === 'new') go();"],
    ["const f = ({ goal: { kind } }: T) => kind === 'new';"],
    ['const words = WORDS[threat.goal.kind];'],
    ["const x = ['new', 'newer'].includes(goal.kind);"],
    ["const x = ['deviation', 'match'].includes(kind);"],
    ['const x = OUTPUTS.has(goalOf(plan).kind);'],
    ["const x = goal.kind.startsWith('target');"],
    ["const x = classGoal.value === 'untargeted';"],
    ["const x = goalKind === 'new';"],
  ])('finds %s', (text) => expect(found(text)).toBe(1));

  it('finds a goal that nobody listed, by what it is called', () =>
    expect(found("const x = goal.kind === 'segmentation';", 'shared/a.ts', [])).toBe(1));

  it.each([
    ["const x = attack.kind === 'minimum-norm';"],
    ['const plan = { goal: { kind: goal.kind } };'],
    ["const goal = { kind: 'untargeted' };"],
    ["const x = knowledge.kind === 'transfer';"],
    ['const x = goals.get(id);'],
    ["const x = typeof goal === 'string';"],
    ["const { kind } = attack; const x = kind === 'minimum-norm';"],
    ['const x = goal === null || goal.eps === 3;'],
  ])('passes %s', (text) => expect(found(text)).toBe(0));

  it('lets the goals themselves ask', () => {
    expect(found("const x = goal.kind === 'targeted';", 'src-main/goals/registry.ts')).toBe(0);
    expect(found("const x = goal.kind === 'targeted';", 'src-main/goalsBeside/a.ts')).toBe(1);
  });
});
