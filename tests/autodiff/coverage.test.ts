import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { operatorsPage } from '../../bench/coverage/operators.ts';
import { supportedOperators } from '../../src-main/autodiff/index.ts';
import { decomposedOperators } from '../../src-main/graph/upgrade/index.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');

describe('docs/operators.md', () => {
  it('is current; else run: npm run bench -- coverage --operators', () => {
    expect(readFileSync(join(DOCS, 'operators.md'), 'utf8')).toBe(operatorsPage());
  });
  it('names every operator with a rule, and every one that is taken apart', () => {
    const page = operatorsPage();
    expect([...supportedOperators(), ...decomposedOperators()].filter((op) => !page.includes(`| ${op} |`))).toEqual([]);
  });
});
