import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderWithBadFiles } from '../images/badFiles.ts';
import { browser, poll, session, step, steps } from './session.ts';

const SAMPLES = join(import.meta.dirname, '../../assets/samples');
const MODEL = join(SAMPLES, 'signs.onnx');
const HEARTS = readdirSync(join(SAMPLES, 'images/heart'))
  .slice(0, 3)
  .map((name) => join(SAMPLES, 'images/heart', name));
const pictures = (page: Page) => page.locator('input[type=file][multiple]:not([webkitdirectory])');
const taken = (page: Page) => page.getByRole('region', { name: 'Taken' });

/** The real window and the real engine: what is taken of what was dropped, and what is not. */
describe.skipIf(!browser)('files that cannot be taken', () => {
  const here = session('left-out');
  const { goodInBoth: good } = here;
  let page: Page;
  let bad: Record<string, RegExp>;
  let photos: string;
  beforeAll(() => {
    ({ page } = here);
    photos = join(here.folder, 'photos');
    bad = folderWithBadFiles(photos, 190, false);
  });

  it('are ten of 200 files of a folder, each named with its reason', async () => {
    expect(Object.keys(bad)).toHaveLength(10);
    await page.locator('input[type=file]').first().setInputFiles(MODEL);
    await page.getByText('signs.onnx').first().waitFor();
    await step(page, 'Images').click();
    await page.locator('input[webkitdirectory]').setInputFiles(photos);
    await page.locator('[data-at="0"]').waitFor();
    await page.getByLabel('Use at most').fill('');
    await page.getByLabel('Use at most').press('Enter');
    await page.getByText('190 taken, 10 left out').waitFor();
    const listed = await page.getByRole('list', { name: 'Left out' }).getByRole('listitem').allInnerTexts();
    expect(listed).toHaveLength(10);
    for (const [name, why] of Object.entries(bad))
      expect(
        listed.find((line) => line.startsWith(`photos/${name} `)),
        name,
      ).toMatch(why);
    await good('left-out');
  });

  it('are told again with the results', async () => {
    await step(page, 'Threat model').click();
    for (const norm of ['0', '2']) {
      await page.getByRole('tab', { name: norm }).first().click();
      await page.getByRole('switch', { name: /^Audit under/ }).click();
    }
    await page.getByLabel('Queries per image, at most').fill('2');
    await page.getByLabel('Queries per image, at most').press('Enter');
    await page.getByRole('button', { name: 'Start audit' }).click();
    await page.getByRole('button', { name: 'See results' }).click();
    await page.getByText('190 taken, 10 left out').waitFor();
    await good('results');
  });
});

describe.skipIf(!browser)('a set-up', () => {
  const here = session('taken');
  const { good } = here;
  let page: Page;
  beforeAll(() => ({ page } = here));
  const start = () => page.getByRole('button', { name: 'Start audit' });
  /** What a screen reader says of a button beside its name. */
  const described = async (): Promise<string> => {
    const id = await start().getAttribute('aria-describedby');
    return id === null ? '' : page.locator(`#${id}`).innerText();
  };

  it('is no trap when a text was dropped first: it says what the text was taken as, and lets go of it', async () => {
    const notes = join(here.folder, 'notes.txt');
    writeFileSync(notes, 'Pictures of signs\ntaken in May\n');
    await page.locator('input[type=file]').first().setInputFiles(notes);
    await page.getByText('notes.txt was taken as: Class names').waitFor();
    await taken(page).getByText('notes.txt').waitFor();
    await good('text-first');
    await page.locator('input[type=file]').first().setInputFiles(MODEL);
    await step(page, 'Images').click();
    await pictures(page).setInputFiles(HEARTS);
    await page.locator('[data-at="2"]').waitFor();
    await taken(page)
      .getByText(/holds 2 class names, but the model has 10 classes/)
      .waitFor();
    await good('unfit');
    await step(page, 'Threat model').click();
    expect(await start().isDisabled()).toBe(true);
    await poll(described).toMatch(/do not fit the pictures or the model: remove them/);
    await good('greyed');
    await page.getByRole('button', { name: 'Remove: Class names, notes.txt' }).click();
    await poll(() => start().isDisabled()).toBe(false);
    expect(await described()).toBe('');
  });

  it('says in German, too, why no audit can be started', async () => {
    await page.getByRole('button', { name: 'Remove: Pictures' }).click();
    await page
      .getByRole('radio', { name: 'DE' })
      .or(page.getByRole('button', { name: 'DE', exact: true }))
      .first()
      .click();
    await page.getByText('Zuerst Bilder hinzufügen.').first().waitFor();
    await good('greyed-german');
    await page
      .getByRole('radio', { name: 'EN' })
      .or(page.getByRole('button', { name: 'EN', exact: true }))
      .first()
      .click();
    await step(page, 'Images').click();
    await pictures(page).setInputFiles(HEARTS);
    await page.locator('[data-at="2"]').waitFor();
  });

  it('is there again when the page is loaded anew, and says so when it is gone', async () => {
    await step(page, 'Threat model').click();
    await page.getByLabel('Name of the audit').fill('Kept');
    await page.getByLabel('Name of the audit').press('Enter');
    await steps(page, 'PGD', 7);
    // The window keeps what has come to rest.
    await poll(() => page.evaluate(`sessionStorage.getItem('hairline.setup')`)).toContain('"steps":7');
    await page.reload();
    await page.getByRole('heading', { name: 'Threat model' }).first().waitFor();
    expect(await page.getByLabel('Name of the audit').inputValue()).toBe('Kept');
    await taken(page).getByText('signs.onnx').waitFor();
    await poll(() => start().isDisabled()).toBe(false);
    await step(page, 'Images').click();
    await page.locator('[data-at="2"]').waitFor();
    await good('reloaded');
    // As after a restart of the server, whose copies are gone.
    await page.evaluate(
      `sessionStorage.setItem('hairline.setup', sessionStorage.getItem('hairline.setup').replaceAll(/imports.[0-9a-f]+/g, 'imports/000000000000000000000000'))`,
    );
    await page.reload();
    await page
      .getByRole('alert')
      .getByText(/is not there any more/)
      .first()
      .waitFor();
    expect(await taken(page).count()).toBe(0);
    expect(here.faults).toEqual([]);
  });
});
