import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { launchBrowser } from './browser.ts';
import { openWindow, serve } from './hairline.ts';
import { scrollThrough } from './frames.ts';
import { coloursOf, titleOf } from './tiles.ts';

/** MNIST's own files, where they lie beside the repository. */
const MNIST = join(import.meta.dirname, '../../../shared/data/mnist');
const there = existsSync(MNIST);
const browser: Browser | null = there ? await launchBrowser() : null;
afterAll(() => browser?.close());

it.skipIf(!browser)(`scrolls through 5,000 pictures${there ? '' : ' (MNIST is not on this machine)'}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hairline-many-'));
  const served = await serve(join(folder, 'data'));
  const { context, page, faults } = await openWindow(browser!, served.url);
  try {
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /Images/ })
      .click();
    const files = ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'].map((name) => join(MNIST, name));
    await page.locator('input[type=file][multiple]:not([webkitdirectory])').setInputFiles(files);
    await page.locator('[data-at]').first().waitFor();
    await page.getByLabel('Use at most').fill('5000');
    await page.getByLabel('Use at most').press('Enter');
    await page.getByText('5,000 of 10,000 images').waitFor();

    const grid = page.getByRole('group', { name: 'Pictures' });
    // At a speed at which pictures come in, then past all of them. How long frames take, bench/window.ts measures.
    await scrollThrough(page, grid, 2000, 6000);
    await scrollThrough(page, grid, 2000);
    // Only what is near the view is in the page.
    expect(await page.locator('[data-at]').count()).toBeLessThan(250);
    await expect.poll(() => coloursOf(page, 4999), { timeout: 30_000 }).toBeGreaterThan(2);
    // Drawn from all over the ten thousand, in their order.
    expect(await titleOf(page, 4999)).toMatch(/#99\d\d\b/);
    expect(faults).toEqual([]);
  } finally {
    await context.close();
    await served.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
