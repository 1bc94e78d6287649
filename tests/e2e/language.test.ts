import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { browser, checked, poll, session, step } from './session.ts';

/** The window in German: switched while everything is open, and back. */
describe.skipIf(!browser)('the window in German', () => {
  const here = session('german');
  const { good } = here;
  let page: Page;
  beforeAll(() => ({ page } = here));

  const text = (): Promise<string> => page.locator('body').innerText();
  const speak = (name: 'EN' | 'DE') => page.getByRole('button', { name, exact: true }).click();

  it('is chosen in the side bar, and said to readers', async () => {
    await page.getByRole('button', { name: 'Try the sample' }).click();
    await checked(page);
    await speak('DE');
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    await page.getByText('Bestanden', { exact: true }).waitFor();
    await good('model');
  });

  it('follows on every screen at once, and keeps what was set', async () => {
    await step(page, 'Bilder').click();
    await page.getByLabel('Höchstens').fill('2');
    await page.getByLabel('Höchstens').press('Enter');
    await poll(() => page.locator('[data-at]').count()).toBe(2);
    for (const name of ['Modell', 'Bilder', 'Bedrohung', 'Lauf', 'Ergebnisse', 'Export']) {
      await step(page, name).click();
      if (name !== 'Modell') await good(name);
      // What a screen says when it was there already is what it says when it is opened in that language: once it has said all.
      await poll(async () => [await text(), await page.waitForTimeout(400), await text()]).toSatisfy(
        ([before, , after]: [string, void, string]) => before === after,
      );
      const opened = await text();
      await speak('EN');
      expect(await text(), name).not.toBe(opened);
      await speak('DE');
      await poll(text).toBe(opened);
    }
    await step(page, 'Bilder').click();
    expect(await page.getByLabel('Höchstens').inputValue()).toBe('2');
  });

  it('finds its actions by German words, and by keyboard', async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').fill('Kürzel');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Tastenkürzel' }).waitFor();
    await good('keys');
    await page.keyboard.press('Escape');
  });

  it('audits, shows the results, and stays German after a reload', async () => {
    await step(page, 'Bedrohung').click();
    await page.getByLabel('Anfragen je Bild, höchstens').fill('200');
    await page.getByLabel('Anfragen je Bild, höchstens').press('Enter');
    await page.getByRole('button', { name: 'Audit starten' }).click();
    await page.getByRole('button', { name: 'Ergebnisse ansehen' }).click({ timeout: 120_000 });
    await page.getByRole('heading', { name: 'Robuste Genauigkeit' }).waitFor();
    await good('results');
    await page.locator('button[data-at="0"]').click();
    await page.locator('canvas').nth(2).waitFor();
    const opened = await text();
    await speak('EN');
    await speak('DE');
    expect(await text()).toBe(opened);
    await good('image');
    await page.reload();
    await step(page, 'Bilder').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').fill('englisch');
    await page.keyboard.press('Enter');
    await step(page, 'Threat model').waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
  });
});
