import { ESLint } from 'eslint';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LAYERS, fault } from '../../lint/layers.js';

const root = resolve(import.meta.dirname, '../..');
const why = (file: string, specifier: string): string | null => {
  const [top, layer] = file.split('/');
  return fault(top === 'src-main' ? layer! : top === 'src-renderer' ? 'renderer' : 'shared', specifier, join(root, file), root);
};

describe('the layer table', () => {
  it('is the one of the design, in order', () => {
    const chain = [
      'shared',
      'files',
      'graph',
      'autodiff',
      'model',
      'runtime',
      'goals',
      'attacks',
      'sensitivity',
      'audit',
      'report',
      'workers',
      'engine',
      'electron',
    ];
    chain.forEach((upper, i) => {
      for (const lower of chain.slice(0, i)) {
        expect(LAYERS[upper], `${upper} over ${lower}`).toContain(lower);
        expect(LAYERS[lower], `${lower} under ${upper}`).not.toContain(upper);
      }
    });
    expect(LAYERS['images']).toEqual(['shared', 'files']);
    expect(LAYERS['simd']).toEqual([]);
    expect(LAYERS['norms']).toEqual(['shared', 'simd']);
    expect(LAYERS['renderer']).toEqual(['shared']);
    // What a hand asks and what a plan costs know the audit, and neither the other.
    for (const beside of ['explore', 'estimate']) {
      expect(LAYERS[beside]).toContain('audit');
      for (const other of ['explore', 'estimate', 'report']) expect(LAYERS[beside]).not.toContain(other);
      expect(LAYERS['workers']).toContain(beside);
      expect(LAYERS['audit']).not.toContain(beside);
    }
    for (const blind of ['graph', 'autodiff', 'model', 'runtime']) expect(LAYERS[blind]).not.toContain('images');
    for (const seeing of ['goals', 'audit', 'report', 'engine', 'electron', 'web', 'cli']) expect(LAYERS[seeing]).toContain('images');
  });

  it('has a place for every folder there is', () => {
    const folders = readdirSync(join(root, 'src-main'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) expect(Object.keys(LAYERS)).toContain(name);
  });
});

describe('one import', () => {
  it.each([
    ['src-main/graph/a.ts', '../../shared/errors.ts'],
    ['src-main/graph/a.ts', './b.ts'],
    ['src-main/autodiff/rules/a.ts', '../../graph/ir.ts'],
    ['src-main/attacks/a.ts', '../norms/project.ts'],
    ['src-main/runtime/a.ts', 'onnxruntime-node'],
    ['src-main/images/a.ts', 'sharp'],
    ['src-main/electron/a.ts', 'electron'],
    ['src-main/cli/a.ts', '../web/server.ts'],
    ['src-main/cli/a.ts', '../../package.json'],
    ['src-main/engine/a.ts', 'node:fs/promises'],
    ['src-renderer/views/a.vue', '../../shared/plan.ts'],
    ['src-renderer/views/a.vue', '@fontsource/inter/400.css'],
    ['src-renderer/main.ts', './app.css'],
    ['shared/a.ts', 'zod'],
  ])('%s may import %s', (file, specifier) => expect(why(file, specifier)).toBeNull());

  it.each([
    ['src-main/graph/a.ts', '../autodiff/index.ts', 'arrows go one way'],
    ['src-main/runtime/a.ts', '../images/decode.ts', 'arrows go one way'],
    ['src-main/norms/a.ts', '../graph/ir.ts', 'arrows go one way'],
    ['src-main/engine/a.ts', '../electron/main.ts', 'arrows go one way'],
    ['src-main/electron/a.ts', '../web/server.ts', 'arrows go one way'],
    ['src-main/graph/a.ts', '../../tests/helper.ts', 'outside the layers'],
    ['src-main/attacks/a.ts', 'onnxruntime-node', 'Only runtime'],
    ['src-main/report/a.ts', 'sharp', 'Only images'],
    ['src-main/engine/a.ts', 'electron', 'Only electron'],
    ['src-main/engine/a.ts', 'electron/main', 'Only electron'],
    ['src-main/novelty/a.ts', './b.ts', 'has no place'],
    ['src-renderer/main.ts', '../src-main/graph/ir.ts', 'arrows go one way'],
    ['src-renderer/main.ts', 'node:fs', 'may only import'],
    ['src-renderer/main.ts', 'fs', 'may only import'],
    ['shared/a.ts', 'node:path', 'may only import'],
    ['shared/a.ts', 'vue', 'Only renderer'],
    ['shared/a.ts', 'electron', 'Only electron'],
    ['shared/a.ts', '../src-main/graph/ir.ts', 'arrows go one way'],
  ])('%s may not import %s', (file, specifier, words) => expect(why(file, specifier)).toContain(words));
});

/** Through the real configuration, so that a rule that is switched off, or applied to no file, fails here. */
describe('npm run lint', () => {
  const linter = new ESLint({
    cwd: root,
    // The program with types is left out: these files exist only as text.
    overrideConfig: {
      languageOptions: { parserOptions: { project: null } },
      rules: {
        '@typescript-eslint/await-thenable': 'off',
        '@typescript-eslint/no-floating-promises': 'off',
        '@typescript-eslint/no-misused-promises': 'off',
      },
    },
  });
  const faults = async (file: string, code: string): Promise<string[]> => {
    const [result] = await linter.lintText(code, { filePath: join(root, file) });
    return result!.messages.map((message) => `${message.ruleId}: ${message.message}`);
  };

  it.each([
    ['an import', "import { x } from '../attacks/fgsm.ts';\nexport default x;"],
    ['a type import', "import type { X } from '../attacks/fgsm.ts';\nexport type Y = X;"],
    ['a re-export', "export * from '../attacks/fgsm.ts';"],
    ['a named re-export', "export { x } from '../attacks/fgsm.ts';"],
    ['a dynamic import', "export const x = await import('../attacks/fgsm.ts');"],
    ['an import in a type', "export type X = import('../attacks/fgsm.ts').X;"],
    ['a require', "export const x = require('../attacks/fgsm.ts');"],
  ])('stops %s against the arrows', async (_kind, code) => {
    expect(await faults('src-main/graph/probe.ts', code)).toContainEqual(
      expect.stringContaining('hairline/layers: graph may not import attacks'),
    );
  });

  it('stops a window that reaches into the engine', async () => {
    const code =
      '<script setup lang="ts">\nimport { x } from \'../src-main/engine/api.ts\';\nconsole.log(x);\n</script>\n<template><p>x</p></template>\n';
    expect(await faults('src-renderer/Probe.vue', code)).toContainEqual(expect.stringContaining('renderer may not import engine'));
  });

  it('lets a picture without a text alternative not pass', async () => {
    const code = '<script setup lang="ts"></script>\n<template><img src="x.png" /></template>\n';
    expect(await faults('src-renderer/Probe.vue', code)).toContainEqual(expect.stringContaining('vuejs-accessibility/alt-text'));
  });

  it('passes clean code', async () => {
    expect(
      await faults(
        'src-main/graph/probe.ts',
        "import { UserError } from '../../shared/errors.ts';\nexport const x = new UserError('x');\n",
      ),
    ).toEqual([]);
  });
});
