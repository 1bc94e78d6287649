import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { warmth } from '../audit/models.ts';
import { sortByWarmth } from '../audit/warm.ts';
import { IMAGES } from '../cli/hairline.ts';
import { browser, checked as passed, poll, session, step } from './session.ts';

/** What the network reads, beside the editor that decides it; of the sample, and of a model that sees nothing but colour. */
describe.skipIf(!browser)('the preview of the preprocessing', () => {
  const here = session('preview');
  const { goodInBoth: good } = here;
  let page: Page;
  beforeAll(() => ({ page } = here));
  const strip = () => page.getByRole('region', { name: 'What the network reads' });
  const idle = () => poll(() => strip().getAttribute('aria-busy')).toBe('false');
  const checked = () => page.getByRole('region', { name: 'Checked pictures' }).getByRole('button');

  it('shows the sample as it is read, with the answer to it', async () => {
    await page.getByRole('button', { name: 'Try the sample' }).click();
    await passed(page);
    await step(page, 'Images').click();
    await poll(() => strip().innerText()).toMatch(/0 arrow 0\.\d{4}, label 0 arrow/);
    await poll(() => strip().innerText()).toMatch(/3[12] of 32 labelled pictures checked are right\./);
    await poll(() =>
      strip()
        .getByRole('img', { name: 'As it is read' })
        .evaluate((img: unknown) => (img as { naturalWidth: number }).naturalWidth),
    ).toBe(32);
    expect(await checked().count()).toBe(32);
    await checked().nth(20).press('Enter');
    await poll(() => strip().innerText()).not.toMatch(/label 0 arrow/);
    await idle();
    await good('sample');
  });

  it('warns of a range, and follows what is typed', async () => {
    await page.getByLabel('Mean').fill('123.7');
    await page.getByLabel('Mean').press('Enter');
    await page.getByLabel('Std').fill('58.4');
    await page.getByLabel('Std').press('Enter');
    await poll(() => strip().innerText()).toMatch(/unlike normalised ones/);
    await poll(() => strip().innerText()).toMatch(/No better than chance: guessing among 10 classes/);
    await idle();
    // What an audit would try before it begins, and one press takes it.
    await poll(() => strip().innerText()).toMatch(
      /The preprocessing or the labels look wrong: with .+, \d+ of 32 labelled pictures are right instead of \d+\./,
    );
    await good('better');
    await strip().getByRole('button', { name: 'Use that' }).press('Enter');
    // Nothing of the answer before stands on.
    await poll(() => strip().innerText()).toMatch(/(2[89]|3[0-2]) of 32 labelled pictures checked are right\./);
    expect(await strip().innerText()).not.toMatch(/unlike|chance|look wrong/);
    await page.getByLabel('Value range').selectOption('unit');
    await poll(() => strip().innerText()).not.toMatch(/unlike|chance/);
  });

  it('finds swapped channels, and mends them', async () => {
    const folder = join(here.folder, 'colours');
    expect(sortByWarmth(IMAGES, folder, 16)).toBe(16);
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page.locator('input[webkitdirectory]').setInputFiles(folder);
    // Whoever adds images is taken to them.
    await page.getByText('16 images').first().waitFor();
    await step(page, 'Model').click();
    await page.getByRole('heading', { level: 1, name: 'Model' }).waitFor();
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles({ name: 'warmth.onnx', mimeType: 'application/octet-stream', buffer: Buffer.from(warmth()) });
    await page.getByText('warmth.onnx').first().waitFor();
    await step(page, 'Images').click();
    await poll(() => strip().innerText()).toMatch(/16 of 16 labelled/);
    expect(await strip().innerText()).not.toMatch(/swapped/);
    await page.getByLabel('Channels').selectOption('bgr');
    await poll(() => strip().innerText()).toMatch(/as RGB, 16 of 16 are right instead of 0\./);
    await idle();
    await good('swapped');
    await strip().getByRole('button', { name: 'Use RGB' }).press('Enter');
    await poll(() => strip().innerText()).toMatch(/16 of 16 labelled/);
    expect(await strip().innerText()).not.toMatch(/swapped/);
    expect(await page.getByLabel('Channels').inputValue()).toBe('rgb');
    expect(here.faults).toEqual([]);
  });
});
