import { beforeAll, describe, expect, it } from 'vitest';
import { parseTable } from '../../shared/table.ts';
import type { Results } from '../../shared/results.ts';
import { judge } from '../../src-main/cli/judge.ts';
import { summaryLines } from '../../src-main/cli/summary.ts';
import { renderPdf, toCsv } from '../../src-main/report/index.ts';
import { open } from '../report/reader.ts';
import { BY_ATTACK, COUNTS, figuresAudit, POINTS } from './audit.ts';

const SAID = '2 wrong already, 3 broken within 8/255, 4 broken only beyond 8/255, 5 held, 6 failed, 7 not finished';

describe('one audit, told in every place', () => {
  let results: Results;
  let terminal: string;
  let pdf: string;
  let figures: string;
  beforeAll(async () => {
    const audit = await figuresAudit();
    ({ results } = audit);
    terminal = summaryLines(results).join('\n').replaceAll('\u00a0', ' ');
    const read = await open(await renderPdf(results, async (file) => audit.files.get(file)!));
    pdf = read.pages.join(' ');
    figures = read.figures.join(' ').replaceAll('\u00a0', ' ');
  });

  it('tells the states at the largest budget, with those that were not looked at', () => {
    expect(Object.values(COUNTS).reduce((sum, n) => sum + n, 0)).toBe(27);
    expect(terminal).toContain(`ℓ∞  ${SAID}`);
    expect(pdf).toContain(`Images ${SAID}`);
  });

  it('tells how far that carries: what was found is firm, what was not is tentative', () => {
    const claims = '3 broken: firm; 5 held and 4 broken only beyond: tentative, page of checks not made';
    expect(terminal).toContain(`ℓ∞  confidence  ${claims}`);
    expect(pdf).toContain(`Confidence ${claims} Firm: the exported picture was checked again.`);
  });

  it('tells robust accuracy of the images that count, and what it is of all of them', () => {
    for (const { eps, right, total, accuracy, bounds } of POINTS) {
      expect(terminal).toMatch(new RegExp(`ℓ∞ +${eps} +${accuracy} .*${bounds}`));
      expect(pdf).toMatch(new RegExp(`${eps} [\\d.]+ ${right} of ${total} ${accuracy} [\\d.]+–[\\d.]+ % ${bounds}`));
      // The picture of the curve says it in words.
      expect(figures).toContain(`${accuracy} at ${eps}, over all images ${bounds}`);
    }
    // And of the clean images, three of which were not looked at: 22 of 24 are right, 22 to 25 of 27.
    for (const text of [terminal, pdf]) expect(text).toContain('between 81.5 and 92.6 %: 3 images not finished');
  });

  it('tells what each attack broke within the budget apart from what it only broke beyond', () => {
    for (const [attack, { attacked, within, beyond, failed }] of Object.entries(BY_ATTACK)) {
      expect(terminal).toMatch(new RegExp(`ℓ∞ ≤ 8/255 +${attack} +${attacked} +${within} +${beyond} +${failed} `));
      expect(pdf).toContain(`${attack} ${attacked} ${within} ${beyond} ${failed} `);
    }
    // Nowhere are seven said to be broken.
    for (const text of [terminal, pdf]) expect(text).not.toMatch(/\b7 broken/);
  });

  it('draws no line where nothing was tried, and says whose line it is', () => {
    expect(pdf).toContain('ℓ∞, untargeted; line: fmn alone, rings: all attacks');
    expect(pdf).toContain('ℓ₂, untargeted; no line: fixed-budget attacks tried these budgets alone');
  });

  it('has the counts in results.json and, row by row, in the CSV', () => {
    expect(
      results.threats[0]!.points.map(({ right, total, least, most, failed, unfinished }) => [
        right,
        total,
        least,
        most,
        failed,
        unfinished,
      ]),
    ).toEqual([
      [11, 14, 9 / 27, 24 / 27, 8, 7],
      [9, 14, 7 / 27, 22 / 27, 8, 7],
    ]);
    expect([results.unseen, results.images.length]).toEqual([3, 24]);
    const [head, ...rows] = parseTable(toCsv(results), 'results.csv');
    const of = (row: string[], name: string): string => row[head!.indexOf(name)]!;
    const fmn = rows.filter((row) => of(row, 'norm') === 'linf' && of(row, 'attack') === 'fmn');
    const states = (state: string) => fmn.filter((row) => of(row, 'state') === state);
    // The CSV tells each attack's own state, at any distance, with the distance beside it.
    expect(['wrong-already', 'broken', 'held', 'failed', 'unfinished'].map((state) => states(state).length)).toEqual([2, 7, 5, 6, 4]);
    expect(states('broken').filter((row) => Number(of(row, 'eightbit_linf_255')) <= 8.001)).toHaveLength(3);
  });

  it('lets no gate pass on images that nobody knows of', () => {
    // 64.3 % of those that count, 25.9 % for certain.
    expect(judge(results, 0.25)).toEqual([]);
    expect(judge(results, 0.5).map((text) => text.replaceAll('\u00a0', ' '))).toEqual([
      `Below 50.0 % under ℓ∞ ≤ 4/255: ${POINTS[0].bounds}.`,
      `Below 50.0 % under ℓ∞ ≤ 8/255: ${POINTS[1].bounds}.`,
    ]);
    expect(judge(results, null)).toEqual([]);
  });
});

describe('an audit that proves nothing', () => {
  const only = async (eps: number): Promise<Results> => {
    const { results } = await figuresAudit();
    const [threat] = results.threats;
    return { ...results, threats: [{ ...threat!, eps: [eps], points: [{ ...threat!.points[0]!, eps, accuracy: 1 }] }] };
  };

  it('passes no gate, shows no accuracy and no mark at a budget that no 8-bit picture can use', async () => {
    const results = await only(0.5 / 255);
    expect(judge(results, 0.1)).toEqual([expect.stringMatching(/no budget reaches 1\/255/)]);
    expect(summaryLines(results).join('\n')).toMatch(/0\.5\/255 +by construction +–/);
    const { files } = await figuresAudit();
    const { pages } = await open(await renderPdf(results, async (file) => files.get(file)!));
    expect(pages.join(' ')).toContain('no budget reaches 1/255: every image holds by construction, and nothing was found out');
    expect(pages[0]).not.toContain('100.0 %');
  });

  it('of no image that was attacked to its end, has null for an accuracy and fails every gate', async () => {
    const { results } = await figuresAudit();
    const [threat] = results.threats;
    const none = {
      ...results,
      threats: [
        {
          ...threat!,
          points: threat!.points.map(({ eps }) => ({
            eps,
            accuracy: null,
            low: 0,
            high: 1,
            right: 0,
            total: 0,
            least: 0,
            most: 1,
            unfinished: 27,
          })),
        },
      ],
    };
    expect(judge(none, 0.01)).toHaveLength(2);
    const text = summaryLines(none).join('\n').replaceAll('\u00a0', ' ');
    expect(text).toMatch(/4\/255 +– +– +between 0\.0 and 100\.0 %: 27 images not finished/);
    expect(text.split('norm')[1]!.split('!')[0]).not.toMatch(/NaN|undefined|Infinity/);
  });
});
