import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { bytes } from '../../shared/format.ts';
import { browser, poll, session, step } from './session.ts';

const SAMPLES = join(import.meta.dirname, '../../assets/samples');
const MODEL = join(SAMPLES, 'signs.onnx');
const HEARTS = readdirSync(join(SAMPLES, 'images/heart'))
  .slice(0, 3)
  .map((name) => join(SAMPLES, 'images/heart', name));
const sizeOf = (files: readonly string[]): number => files.reduce((sum, file) => sum + statSync(file).size, 0);

/** The real window and the real engine; the disk is looked at from beside. */
describe.skipIf(!browser)('copies of dropped files', () => {
  const here = session('uploads');
  let page: Page;
  let imports: string;
  beforeAll(() => {
    ({ page } = here);
    imports = join(here.folder, 'data/imports');
  });
  const batches = (): string[] => readdirSync(imports).filter((name) => !name.startsWith('.'));
  const entry = () => page.getByRole('button', { name: /^Copied files/ });
  const row = (name: string) =>
    page
      .getByRole('dialog')
      .locator('div', { has: page.locator('dt', { hasText: name }) })
      .last()
      .locator('dd');

  it('are shown with their size, and go when others take their place', async () => {
    await page.locator('input[type=file]').first().setInputFiles(MODEL);
    await page.getByText('signs.onnx').first().waitFor();
    await step(page, 'Images').click();
    await page.locator('input[type=file][multiple]:not([webkitdirectory])').setInputFiles(HEARTS);
    await page.locator('[data-at="2"]').waitFor();
    const all = bytes(sizeOf([MODEL, ...HEARTS]));
    await poll(() => entry().textContent()).toContain(all);
    expect(batches()).toHaveLength(2);

    await entry().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await poll(() => row('This window').textContent()).toBe(all);
    await here.good('copies');
    expect(await page.getByRole('button', { name: 'Remove what neither needs' }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Remove all' }).click();
    await poll(batches).toHaveLength(1);
    await poll(() => entry().textContent()).toContain(bytes(sizeOf([MODEL])));
    expect(readdirSync(join(imports, batches()[0]!))).toEqual(['signs.onnx']);
  });

  it('go when they could not be used', async () => {
    await page
      .locator('input[type=file][multiple]:not([webkitdirectory])')
      .setInputFiles({ name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) });
    await poll(() => page.getByRole('alert').innerText()).toMatch(/empty\.png/);
    await page.getByRole('alert').getByRole('button').click();
    await poll(batches).toHaveLength(1);
    expect(readdirSync(join(imports, batches()[0]!))).toEqual(['signs.onnx']);
  });

  it('stay as long as an audit needs them, whatever the window drops', async () => {
    await page.locator('input[type=file][multiple]:not([webkitdirectory])').setInputFiles(HEARTS);
    await page.locator('[data-at="2"]').waitFor();
    await step(page, 'Threat model').click();
    await page.getByLabel('Queries per image, at most').fill('20');
    await page.getByLabel('Queries per image, at most').press('Enter');
    await page.getByRole('button', { name: 'Start audit' }).click();
    await page.getByRole('button', { name: 'See results' }).click();
    await step(page, 'Images').click();
    await page.getByRole('button', { name: 'Remove all' }).click();
    await entry().click();
    await poll(() => row('Audits').textContent()).toBe(bytes(sizeOf([MODEL, ...HEARTS])));
    await poll(() => row('This window').textContent()).toBe(bytes(sizeOf([MODEL])));
    expect(batches()).toHaveLength(2);
    await page.keyboard.press('Escape');
  });

  it('are removed by hand at once, where a window that is gone has left them, and an audit was deleted', async () => {
    const audits = join(here.folder, 'data/audits');
    // Another window than this one, which would set itself up again. Before its first script: the old one may write until it is gone.
    await page.addInitScript('sessionStorage.clear()');
    await page.reload();
    await entry().waitFor();
    for (const audit of readdirSync(audits)) rmSync(join(audits, audit), { recursive: true });
    await entry().focus();
    await page.keyboard.press('Enter');
    // The model is of the window that was reloaded, which may come back; the pictures were the audit's.
    await poll(batches).toHaveLength(1);
    await poll(() => row('Neither').textContent()).toBe(bytes(sizeOf([MODEL])));
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Remove what neither needs' }).press('Enter');
    await page.getByText(`Removed: ${bytes(sizeOf([MODEL]))}`).waitFor();
    expect(batches()).toEqual([]);
    await here.good('removed');
  });

  it('are gone with the server', async () => {
    await page.keyboard.press('Escape');
    await page.locator('input[type=file]').first().setInputFiles(MODEL);
    await page.getByText('signs.onnx').first().waitFor();
    await poll(batches).toHaveLength(1);
    await here.served.stop();
    expect(batches()).toEqual([]);
  });
});
