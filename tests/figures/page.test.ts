import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { STATE_LABEL } from '../../shared/format.ts';
import { AttackSummary, CheckMeasure, CheckResult, Checks, CurvePoint, Drawn, ImageResult } from '../../shared/results.ts';
import type { Results } from '../../shared/results.ts';
import { goalKinds } from '../../src-main/goals/index.ts';
import { summaryLines } from '../../src-main/cli/summary.ts';
import { toCsv } from '../../src-main/report/index.ts';
import { figuresAudit } from './audit.ts';
import { labelsOf } from './page.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('docs/figures.md', () => {
  let results: Results;
  beforeAll(async () => void ({ results } = await figuresAudit()));

  it('lists every column of the terminal’s tables, and nothing that is not there', () => {
    const lines = summaryLines(results);
    const heads = lines.flatMap((line, i) => (/^─/.test(lines[i + 1] ?? '') ? [line.split(/ {2,}/)] : []));
    expect(heads.map((head) => head.length)).toEqual([5, 8]);
    for (const head of heads.flat()) expect(labelsOf('Terminal'), head).toContain(head);
    const said = [...lines, ...Object.values(STATE_LABEL)].join('\n') + readFileSync(join(ROOT, 'src-main/cli/summary.ts'), 'utf8');
    for (const label of labelsOf('Terminal')) expect(said, label).toContain(label);
  });

  it('lists every column of the PDF’s tables, and nothing that is not there', () => {
    const source =
      ['summary', 'subject', 'outputs', 'curves', 'checks']
        .map((name) => readFileSync(join(ROOT, `src-main/report/sections/${name}.ts`), 'utf8'))
        .join('') + readFileSync(join(ROOT, 'src-main/report/words.ts'), 'utf8');
    // Those of outputs are called by the goals.
    const ofGoals = goalKinds().flatMap(({ figures, words }) =>
      figures.flatMap(({ name }, at) => {
        const title = words.en.figures![name]!;
        return at === 0 ? [`Clean ${title}`, `Its ${title}`] : [title];
      }),
    );
    const titles = [...[...source.matchAll(/\{ title: '([^']+)'/g)].map((match) => match[1]!), ...ofGoals];
    expect(titles.length).toBeGreaterThan(15);
    for (const title of titles) expect(labelsOf('PDF'), title).toContain(title);
    for (const label of labelsOf('PDF')) expect(ofGoals.includes(label) || source.includes(`'${label}'`), label).toBe(true);
  });

  it('lists every column of the CSV, and nothing that is not there', () => {
    const columns = toCsv(results).split('\r\n')[0]!.split(',');
    expect(labelsOf('CSV').toSorted()).toEqual(columns.toSorted());
  });

  it('lists every figure of results.json', () => {
    const keys = [CurvePoint, AttackSummary, Drawn, ImageResult.shape.outcomes.element, Checks, CheckResult, CheckMeasure].flatMap(
      (schema) => Object.keys(schema.shape),
    );
    const own = ['cleanAccuracy', 'points', 'curve', 'line', 'attackSummaries', 'outcomes', 'drawn', 'unseen'];
    // `of` and `byClass` stand in the text of their row.
    const page = readFileSync(join(ROOT, 'docs/figures.md'), 'utf8').split('## JSON')[1]!;
    for (const key of [...keys, ...own]) expect(page, key).toContain(`\`${key}\``);
    for (const label of labelsOf('JSON')) expect([...keys, ...own], label).toContain(label);
    expect(results.threats[0]).toMatchObject({ line: expect.any(Array) as unknown, curve: expect.any(Array) as unknown });
  });
});
