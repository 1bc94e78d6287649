import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { browser, checked, poll, session, step } from './session.ts';
import { titleOf } from './tiles.ts';

/** Labels and class names by hand, on the bundled sample, by keyboard. */
describe.skipIf(!browser)('labels by hand', () => {
  const here = session('labels');
  const { goodInBoth: good } = here;
  let page: Page;
  beforeAll(() => ({ page } = here));
  const title = (at: number) => titleOf(page, at);

  it('corrects the label of one image, by name', async () => {
    await page.getByRole('button', { name: 'Try the sample' }).click();
    await checked(page);
    await step(page, 'Images').click();
    await page.locator('button[data-at="1"]').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('l');
    const dialog = page.getByRole('dialog', { name: 'Label of the image' });
    await dialog.getByLabel('Class').fill('no such sign');
    await dialog.getByText('There is no such class.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Set label' }).isDisabled()).toBe(true);
    await good('bad-label');
    await dialog.getByLabel('Class').fill('star');
    await page.keyboard.press('Enter');
    await poll(() => title(1)).toMatch(/ \d star$/);
    expect(await title(0)).toMatch(/ 0 arrow$/);
    expect(await dialog.count()).toBe(0);
    await page.getByText('1 of 60 labels were set by hand.').waitFor();
    expect(readdirSync(join(here.folder, 'data/audits/labels'))).toHaveLength(1);
    await good('corrected');
  });

  it('takes a label away, and all that was set by hand', async () => {
    await page.locator('button[data-at="1"]').focus();
    await page.keyboard.press('l');
    await page.getByRole('button', { name: 'No label' }).click();
    await poll(() => title(1)).toMatch(/no label$/);
    await page.getByTitle('Remove label file').click();
    await poll(() => title(1)).toMatch(/ 0 arrow$/);
  });

  it('takes pasted class names, as many as the model has', async () => {
    await page.getByRole('button', { name: 'Class names…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Class names' });
    const names = dialog.getByRole('textbox');
    const before = (await names.inputValue()).split('\n');
    await names.fill('one\ntwo');
    await dialog.getByRole('button', { name: 'Use these names' }).click();
    await dialog.getByText('The list holds 2 class names, but the model has 10 classes.').waitFor();
    await good('names');
    await names.fill(before.with(0, 'Pfeil').join('\n'));
    await dialog.getByRole('button', { name: 'Use these names' }).click();
    await poll(() => dialog.count()).toBe(0);
    await page.getByRole('alert').getByText('The class folder "arrow"').or(page.getByText('The class folder "arrow"')).first().waitFor();
    await good('named');
  });
});
