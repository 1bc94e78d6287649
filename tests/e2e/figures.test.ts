import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BY_ATTACK, COUNTS, POINTS, writeFiguresAudit } from '../figures/audit.ts';
import { labelsOf } from '../figures/page.ts';
import { browser, poll, session } from './session.ts';

/** The real window on an audit whose every count is another number, as the report and the terminal tell it in tests/figures. */
describe.skipIf(!browser)('the figures of an audit that was stopped', () => {
  const here = session('figures');
  const { goodInBoth: good } = here;
  let page: Page;
  const plain = (text: string): string => text.replaceAll('\u00a0', ' ').replaceAll(/\s+/g, ' ');
  const aside = async (): Promise<string> => plain(await page.getByRole('complementary').innerText());
  beforeAll(async () => {
    ({ page } = here);
    const folder = join(here.folder, 'data/audits/2026-03-01-figures');
    mkdirSync(folder, { recursive: true });
    await writeFiguresAudit(folder);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: /Figures Cancelled/ }).click();
  });

  it('has bounds instead of an estimate where it stopped, and waits for nothing', async () => {
    await poll(() => page.getByRole('heading', { level: 1 }).innerText()).toBe('Run');
    const charts = page.getByRole('img', { name: /^Robust accuracy against the budget/ });
    await poll(async () => plain((await charts.first().getAttribute('aria-label'))!)).toContain('between 25.9 % and 81.5 % at 8/255');
    expect(await page.getByText('Waiting for the first image').count()).toBe(0);
    // 3 + 4 broken, 5 held and 6 failed ones under both threat models; 2 are wrong.
    await page.getByText(/All attacks are through with 18 of 25 images to be attacked/).waitFor();
    const legend = plain(await page.getByRole('list', { name: 'Legend' }).innerText());
    expect(legend).toContain('3 broken within ε 4 broken only beyond ε 5 held');
    expect(legend).toContain('2 wrong already 6 failed');
    await good('run');
    await page.getByRole('button', { name: 'See results' }).click();
  });

  it('tells states at the budget that is chosen, the largest at first', async () => {
    const options = async (): Promise<string[]> => page.getByRole('combobox', { name: 'State' }).locator('option').allInnerTexts();
    await poll(options).toEqual([
      'All (24)',
      'wrong already (2)',
      'broken within 8/255 (3)',
      'broken only beyond 8/255 (4)',
      'held (5)',
      'failed (6)',
      `not finished (${COUNTS.unfinished - 3})`,
    ]);
    await page.getByRole('button', { name: 'ℓ∞ ≤ 4/255' }).click();
    await poll(options).toEqual([
      'All (24)',
      'wrong already (2)',
      'broken within 4/255 (1)',
      'broken only beyond 4/255 (6)',
      'held (5)',
      'failed (6)',
      `not finished (${COUNTS.unfinished - 3})`,
    ]);
    // The chart chooses the budget that is nearest to a click.
    const chart = page.getByRole('img', { name: /^Robust accuracy/ });
    const box = (await chart.boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.72, box.y + box.height / 2);
    await poll(async () => (await options())[2]).toBe('broken within 8/255 (3)');
    await page.mouse.move(0, 0);
  });

  it('tells accuracies with their bounds, attacks within the budget and beyond, and whose line is drawn', async () => {
    const text = await aside();
    for (const { accuracy, right, total, bounds } of POINTS) {
      expect(text).toContain(`${right} of ${total}`);
      expect(text).toContain(accuracy);
      expect(text).toContain(`over all images ${bounds}`);
    }
    expect(text).toContain('Drawn at random from 270, class by class.');
    expect(text).toContain('Line: FMN alone');
    expect(text).toContain('Confidence: 3 broken: firm; 5 held and 4 broken only beyond: tentative, page of checks not made');
    const rows = await page
      .getByRole('complementary')
      .locator('table')
      .nth(1)
      .locator('tbody tr')
      .evaluateAll((all) =>
        all.map((row) => [...(row as unknown as { cells: { innerText: string }[] }).cells].map((cell) => cell.innerText)),
      );
    for (const [i, { attacked, within, beyond, failed }] of Object.values(BY_ATTACK).entries())
      expect(rows[i]!.slice(1, 3)).toEqual([`${within} of ${attacked}\n${failed} failed`, String(beyond)]);
    await good('results');
    await page.getByRole('group', { name: 'Threat models' }).getByRole('button').nth(1).click();
    // Dots alone: a path for the interval at the one budget, and none for a curve.
    await page.getByText('No line: fixed-budget attacks tried these budgets alone.').waitFor();
    expect(
      await page
        .getByRole('img', { name: /^Robust accuracy/ })
        .locator('path[stroke-linejoin]')
        .count(),
    ).toBe(0);
    await good('dots');
  });

  it('shows no figure that docs/figures.md does not list', async () => {
    // A label with dots stands for one with a budget in it.
    const listed = labelsOf('Window').map((label) => new RegExp(`^${label.replaceAll(/[/%]/g, '\\$&').replace('…', '.+')}$`, 'i'));
    const shown = async (): Promise<string[]> =>
      (await page.locator('main th, main dt').allInnerTexts()).map(plain).filter((text) => text !== '');
    await page.getByRole('group', { name: 'Threat models' }).getByRole('button').first().click();
    await page.getByRole('button', { name: 'Table' }).click();
    const texts = new Set(await shown());
    await page
      .getByRole('button', { name: 'pictures/00002-picture.png' })
      .or(page.getByRole('button', { name: '00002-picture' }))
      .first()
      .click();
    await page.locator('canvas').nth(2).waitFor();
    for (const text of await shown()) texts.add(text);
    expect(texts.size).toBeGreaterThan(15);
    for (const text of texts)
      expect(
        listed.some((label) => label.test(text)),
        text,
      ).toBe(true);
    await good('image');
    await page.keyboard.press('Escape');
  });

  it('says the same in German', async () => {
    await page.getByRole('group', { name: 'Threat models' }).getByRole('button').first().click();
    await page.getByRole('button', { name: 'DE', exact: true }).click();
    await poll(async () => (await page.getByRole('combobox', { name: 'Zustand' }).locator('option').allInnerTexts()).slice(1, 4)).toEqual([
      'schon ungestört falsch (2)',
      'innerhalb 8/255 gebrochen (3)',
      'erst jenseits 8/255 gebrochen (4)',
    ]);
    expect(await aside()).toContain(
      'über alle Bilder zwischen 25.9 % und 81.5 %: ein Angriff schlug bei 8 Bildern fehl, 7 Bilder nicht fertig',
    );
    await good('german');
    await page.getByRole('button', { name: 'EN', exact: true }).click();
  });
});
