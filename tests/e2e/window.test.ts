import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { accuracyText } from '../../shared/format.ts';
import { Results } from '../../shared/results.ts';
import type { Served } from './hairline.ts';
import { browser, checked, poll, session, step, steps } from './session.ts';
import { coloursOf, titleOf } from './tiles.ts';

/** The window in a real browser, on the real program and its real engine, with the bundled sample. */
const SAMPLE = join(import.meta.dirname, '../../assets/samples/images');
const CLASSES = readdirSync(SAMPLE).sort();

describe.skipIf(!browser)('the window', () => {
  const here = session('window');
  const { goodInBoth: good } = here;
  let folder: string;
  let served: Served;
  let page: Page;
  let faults: string[];
  let results: Results;
  beforeAll(() => ({ folder, served, page, faults } = here));

  /** Drops a file onto the middle of nowhere. As text: the code runs in the page, whose types this test does not have. */
  async function drop(name: string, content: Buffer): Promise<void> {
    await page.evaluate(`{
      const transfer = new DataTransfer();
      const bytes = Uint8Array.from(atob('${content.toString('base64')}'), (c) => c.charCodeAt(0));
      transfer.items.add(new File([bytes], '${name}'));
      for (const type of ['dragenter', 'dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
      }
    }`);
  }

  it('starts empty, with the token gone from the address', async () => {
    await page.getByRole('button', { name: 'Try the sample' }).waitFor();
    expect(page.url()).toBe(`${new URL(served.url).origin}/`);
    await good('start');
  });

  it('says in a sentence what is wrong with bad files, and goes on', async () => {
    const model = page.locator('input[type=file]').first();
    await model.setInputFiles({ name: 'notes.onnx', mimeType: 'application/octet-stream', buffer: Buffer.from('not a model at all') });
    const alert = page.getByRole('alert');
    await poll(() => alert.innerText()).toMatch(/notes\.onnx/);
    expect((await alert.innerText()).trim().split('\n')).toHaveLength(1);
    await good('bad-model');
    await alert.getByRole('button').click();

    await step(page, 'Images').click();
    const pictures = page.locator('input[type=file][multiple]:not([webkitdirectory])');
    await pictures.setInputFiles({ name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) });
    await poll(() => alert.innerText()).toMatch(/empty\.png/);
    await alert.getByRole('button').click();
    await step(page, 'Model').click();
    expect(await page.getByRole('button', { name: 'Try the sample' }).isVisible()).toBe(true);
  });

  it('takes a dropped file anywhere, and a folder with its class folders as labels', async () => {
    await drop('dropped.png', readFileSync(join(SAMPLE, 'heart', readdirSync(join(SAMPLE, 'heart'))[0]!)));
    await poll(() => page.locator('[data-at]').count()).toBe(1);
    await page.locator('input[webkitdirectory]').setInputFiles(SAMPLE);
    await poll(() => page.getByRole('heading', { level: 1 }).locator('..').innerText()).toMatch(/61 images/);
    await good('labels');
    // Names in another order: the class folders are looked up in them, so the numbers turn round.
    expect(await titleOf(page, 1)).toMatch(/ 0 arrow$/);
    await drop('class-names.txt', Buffer.from(`${CLASSES.toReversed().join('\n')}\n`));
    await poll(() => titleOf(page, 1)).toMatch(new RegExp(` ${CLASSES.length - 1} arrow$`));
    await page.getByRole('button', { name: 'Remove all' }).click();
    await step(page, 'Model').click();
  });

  it('loads the sample, checks its gradient and shows what it is', async () => {
    await page.getByRole('button', { name: 'Try the sample' }).click();
    await checked(page);
    expect(await page.getByRole('heading', { name: 'Identity' }).isVisible()).toBe(true);
    expect(await page.locator('code').first().innerText()).toMatch(/^[0-9a-f]{64}$/);
    await good('model');
  });

  it('shows the pictures with their labels, and the guess with its reason', async () => {
    await step(page, 'Images').click();
    await poll(() => coloursOf(page, 0)).toBeGreaterThan(2);
    expect(await page.getByText('Labels given').isVisible()).toBe(true);
    expect(await page.getByText('Guessed from the model').isVisible()).toBe(true);
    await page.getByLabel('Value range').selectOption('-1..1');
    expect(await page.getByText('values from -1 to 1').isVisible()).toBe(true);
    await page.getByRole('button', { name: 'Back to the guess' }).click();
    await page.getByLabel('Use at most').fill('6');
    await page.getByLabel('Use at most').press('Enter');
    await poll(() => page.locator('[data-at]').count()).toBe(6);
    await good('images');
  });

  it('finds every action by keyboard: palette, shortcuts and their sheet', async () => {
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Command palette' });
    await palette.getByRole('combobox').fill('threat');
    await good('palette');
    await page.keyboard.press('Enter');
    await poll(() => page.getByRole('heading', { level: 1 }).innerText()).toBe('Threat model');
    expect(await palette.count()).toBe(0);

    await page.keyboard.press('?');
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await sheet.waitFor();
    await good('keys');
    // Single characters can be switched off, as WCAG 2.1.4 wants it.
    await sheet.getByRole('switch').click();
    await page.keyboard.press('Escape');
    await poll(() => sheet.count()).toBe(0);
    await page.keyboard.press('?');
    expect(await sheet.count()).toBe(0);
    await page.keyboard.press('Control+k');
    await palette.getByRole('combobox').fill('shortcuts');
    await page.keyboard.press('Enter');
    await sheet.getByRole('switch').click();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+2');
    await poll(() => page.getByRole('heading', { level: 1 }).innerText()).toBe('Images');
  });

  it('takes a threat model, with budgets in both units', async () => {
    await step(page, 'Threat model').click();
    for (const [norm, attack, count] of [
      ['0', 'σ-zero', 200],
      ['0', 'FMN', 50],
      ['2', 'DDN', 50],
      ['2', 'FMN', 50],
      ['∞', 'FMN', 50],
    ] as const) {
      await page.getByRole('tab', { name: norm }).first().click();
      await steps(page, attack, count);
    }
    await page.getByLabel('Budget 1 in /255').fill('3');
    await page.getByLabel('Budget 1 in /255').press('Enter');
    // Kept in order: 2 is the first now, 3 the second.
    expect(await page.getByLabel('Budget 2 in /255').inputValue()).toBe('3');
    expect(await page.getByLabel('Budget 2 in [0,1]').inputValue()).toBe('0.011765');
    await page.getByRole('button', { name: 'Options: PGD' }).click();
    await page.getByLabel('Steps', { exact: true }).fill('6');
    await page.getByLabel('Steps', { exact: true }).press('Enter');
    await good('threat');
    await page.getByLabel('Name of the audit').fill('Signs, once more');
  });

  it('runs, pauses, goes on and finishes', async () => {
    await page.getByRole('button', { name: 'Start audit' }).click();
    const status = page.getByRole('main').getByRole('status').first();
    await poll(() => status.innerText()).toBe('Running');
    await page.getByRole('button', { name: 'Pause' }).click();
    await poll(() => status.innerText()).toBe('Paused');
    await good('run');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'See results' }).waitFor({ timeout: 120_000 });
    expect(await page.getByRole('main').getByRole('status').first().innerText()).toBe('Finished');
    await good('finished');
  });

  it('shows the numbers of results.json', async () => {
    await page.getByRole('button', { name: 'See results' }).click();
    await page.getByRole('heading', { name: 'Robust accuracy' }).waitFor();
    await step(page, 'Export').click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save: Results' }).click();
    results = Results.parse(JSON.parse(readFileSync(await (await download).path(), 'utf8')));
    expect(results.name).toBe('Signs, once more');
    expect(results.images).toHaveLength(6);

    await step(page, 'Results').click();
    for (const [index, threat] of results.threats.entries()) {
      await page.getByRole('group', { name: 'Threat models' }).getByRole('button').nth(index).click();
      const cells = await page.getByRole('complementary').locator('table').first().locator('tbody tr td:nth-child(2)').allInnerTexts();
      expect(cells).toEqual(threat.points.map(accuracyText));
    }
    await page.getByRole('group', { name: 'Threat models' }).getByRole('button').first().click();
    await good('results');
    await page.getByRole('button', { name: 'Table' }).click();
    // Worst first: the distances only grow.
    const outcomes = results.images.flatMap((image) =>
      image.outcomes.filter((outcome) => outcome.threat === 0 && outcome.distance !== null),
    );
    const shown = await page.getByRole('region', { name: 'Table' }).locator('tbody td:nth-child(5)').allInnerTexts();
    const sorted = outcomes.map((outcome) => outcome.distance!).sort((a, b) => a - b);
    expect(shown.slice(0, sorted.length).map(Number)).toEqual(sorted);
    await good('table');
  });

  it('shows one image in detail, and moves on by keyboard alone', async () => {
    await page.getByRole('button', { name: 'Gallery' }).click();
    const tile = page.locator('button[data-at="0"]');
    await tile.focus();
    await page.keyboard.press('ArrowRight');
    await poll(() =>
      page
        .locator('button[data-at="1"]')
        .evaluate((one) => one === (one as unknown as { ownerDocument: { activeElement: unknown } }).ownerDocument.activeElement),
    ).toBe(true);
    await page.keyboard.press('Enter');
    await page.locator('canvas').nth(2).waitFor();
    await good('image');

    // The largest change in the drawn pixels is what the results say it is.
    const full = Number(
      (await page.getByRole('img', { name: /^Scale of the difference/ }).getAttribute('aria-label'))!.match(/minus (\d+)/)![1],
    );
    const title = await page.getByRole('heading', { level: 1 }).innerText();
    const image = results.images.find((one) => one.source.endsWith(title))!;
    const best = image.outcomes.find((one) => one.threat === 0)!.best;
    const finding = results.findings.find((one) => one.image === image.id && one.threat === 0 && one.attack === best)!;
    expect(full).toBe(Math.round(finding.eightBit!.linf * 255));

    // Values under the pointer are those of the pictures that were exported, in every view at once.
    const views = page.locator('[role=group]:has(> canvas)');
    await views.first().focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('dl > div', { hasText: 'adversarial' }).isVisible()).toBe(true);
    const spot = (await views.first().boundingBox())!;
    await page.mouse.move(spot.x + spot.width / 2, spot.y + spot.height / 2);
    await page.mouse.wheel(0, -700);
    await poll(() => page.getByText(/^[3-9]\d\d.%$/).count()).toBe(1);
    await good('zoomed');
    await page.keyboard.press('0');

    await page.keyboard.press('w');
    const divider = page.getByRole('slider', { name: 'Divider' });
    await divider.focus();
    await page.keyboard.press('End');
    expect(await divider.getAttribute('aria-valuenow')).toBe('100');
    await page.keyboard.press('Home');
    for (let i = 0; i < 5; i++) await page.keyboard.press('Shift+ArrowRight');
    await page.getByLabel('Second picture').selectOption('difference');
    await good('swipe');

    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('b');
    const stage = page.locator('#view-stage');
    await poll(() => stage.innerText()).toBe('Difference');
    await poll(() => stage.innerText()).toBe('Clean');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await good('blink');
    const rest = await stage.innerText();
    await page.waitForTimeout(700);
    expect(await stage.innerText()).toBe(rest);
    await page.keyboard.press('f');
    expect(await stage.innerText()).not.toBe(rest);
    await page.emulateMedia({ reducedMotion: null });
    await page.keyboard.press('s');

    await page.keyboard.press('ArrowLeft');
    await poll(() => page.getByRole('heading', { level: 1 }).innerText()).not.toBe(title);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Results');
  });

  it('exports the report and the table', async () => {
    await step(page, 'Export').click();
    for (const [name, start] of [
      ['Report', '%PDF-'],
      ['Table', 'id,source'],
    ] as const) {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: `Save: ${name}` }).click();
      expect(readFileSync(await (await download).path(), 'latin1').slice(0, start.length)).toBe(start);
    }
    await good('export');
  });

  it('cancels a run, and comes back to it after a reload', async () => {
    await step(page, 'Threat model').click();
    await page.getByLabel('Name of the audit').fill('Cancelled');
    await page.getByLabel('Queries per image, at most').fill('400');
    await page.getByLabel('Queries per image, at most').press('Enter');
    await page.getByRole('button', { name: 'Start audit' }).click();
    const status = page.getByRole('main').getByRole('status').first();
    const broken = page.locator('figure', { hasText: 'broken' });
    await poll(() => broken.count()).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Pause' }).click();
    await poll(() => status.innerText()).toBe('Paused');
    const tiles = (): Promise<string[]> => page.locator('figure').evaluateAll((all: { title: string }[]) => all.map((one) => one.title));
    const before = await tiles();
    await page.reload();
    await poll(() => status.innerText()).toBe('Paused');
    // What was done before the window was there is shown, in order, with the curves.
    await poll(tiles).toEqual(before);
    expect(await page.getByRole('img', { name: /^Robust accuracy against the budget/ }).count()).toBe(3);
    await good('reloaded');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await poll(() => status.innerText()).toBe('Cancelled');
    await page.getByRole('button', { name: 'Resume' }).click();
    // All of it: what was done before the reload, before the cancelling and after.
    await expect.poll(() => status.innerText(), { timeout: 120_000 }).toBe('Finished');
    expect(await page.getByText('36 / 36').isVisible()).toBe(true);
    expect(faults).toEqual([]);
  });

  it('compares two audits of the same pictures', async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('sample');
    await page.keyboard.press('Enter');
    await checked(page);
    await page.keyboard.press('Control+2');
    await page.getByLabel('Use at most').fill('6');
    await page.getByLabel('Use at most').press('Enter');
    await poll(() => page.locator('[data-at]').count()).toBe(6);
    // One fixed budget so small that some pictures hold, under one norm.
    await page.keyboard.press('Control+3');
    for (const norm of ['0', '2']) {
      await page.getByRole('tab', { name: new RegExp(`^ℓ${norm} (on|off)`) }).click();
      await page.getByRole('switch', { name: 'Audit under' }).click();
    }
    await page.getByRole('tab', { name: '∞' }).click();
    await page.getByRole('switch', { name: 'FMN' }).click();
    for (const n of [5, 4, 3, 2]) await page.getByRole('button', { name: `Remove: Budget ${n}` }).click();
    await page.getByLabel('Name of the audit').fill('Weaker');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'See results' }).click({ timeout: 120_000 });
    await page.getByRole('heading', { name: 'Robust accuracy' }).waitFor();
    await page.getByRole('button', { name: 'Compare', exact: true }).last().click();

    const second = page.getByLabel('Second', { exact: true });
    await poll(() => second.inputValue()).toMatch(/weaker/);
    const options = page.getByLabel('First', { exact: true });
    const name = (await options.locator('option', { hasText: 'Signs' }).getAttribute('value'))!;
    const both = page.getByRole('img', { name: /first audit: .*second audit: / });
    await both.waitFor();
    const counts = page.getByLabel('Counts as broken');
    const [anyDistance] = await counts.selectOption('any distance');
    await options.selectOption(name);
    // It is there when the screen has chosen a budget for it.
    await poll(() => counts.inputValue()).not.toBe(anyDistance);
    const weaker = Results.parse(JSON.parse(readFileSync(join(folder, 'data/audits', await second.inputValue(), 'results.json'), 'utf8')));
    const linf = results.threats.findIndex((threat) => threat.norm === 'linf');
    const stateOf = (all: Results, hash: string, threat: number) =>
      all.images.find((one) => one.hash === hash)!.outcomes.find((one) => one.threat === threat)!.state;
    const changed = results.images.filter(({ hash }) => stateOf(results, hash, linf) !== stateOf(weaker, hash, 0));
    expect(changed.length).toBeGreaterThan(0);
    await counts.selectOption('any distance');
    const rows = page.getByRole('region', { name: 'Pictures in both audits' }).locator('tbody tr');
    await poll(() => rows.count()).toBe(changed.length);
    // Only ℓ∞ is in both, in one chart.
    expect(await both.count()).toBe(1);
    const show = rows.first().getByRole('button', { name: /, Second$/ });
    await show.waitFor();
    await good('compare');
    await page.keyboard.press('Tab');
    await show.focus();
    await page.keyboard.press('Enter');
    await poll(() => page.getByRole('heading', { level: 1 }).innerText()).toMatch(/png$/);
  });

  it('says so when the program ends', async () => {
    await served.stop();
    await poll(() => page.getByText('The connection to Hairline was lost').first().isVisible()).toBe(true);
  });
});
