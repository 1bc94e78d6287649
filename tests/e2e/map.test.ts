import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Results } from '../../shared/results.ts';
import { browser, checked, poll, session, step } from './session.ts';

/** Where a picture is vulnerable, in the window: the bundled samples, the real program and its engine. */
const SIDE = 32;
type Shot = { width: number; height: number; data: number[] };

const table = (page: Page) => page.getByRole('region', { name: 'Table of the map' });
const view = (page: Page) => page.getByRole('group', { name: /map over the picture$/ });
const attack = (page: Page) => page.getByRole('region', { name: /^Attack on/ });
const maps = (page: Page, name: string) => page.getByRole('group', { name: 'Map', exact: true }).getByText(name, { exact: true });
/** The cells of a row. */
const row = async (page: Page, at: number) =>
  (await table(page).locator('tbody tr:not([aria-hidden])').nth(at).locator('td').allInnerTexts()).map((text) => text.trim());
const placeOf = (text: string) => (/x (\d+), y (\d+)/.exec(text) ?? []).slice(1).map(Number) as [number, number];

/** The middle of a pixel of the map on the screen, at zoom 1. */
async function spot(page: Page, x: number, y: number): Promise<{ x: number; y: number }> {
  const box = (await view(page).locator('canvas').boundingBox())!;
  const scale = Math.min(box.width, box.height) / SIDE;
  return { x: box.x + (box.width - SIDE * scale) / 2 + (x + 0.5) * scale, y: box.y + (box.height - SIDE * scale) / 2 + (y + 0.5) * scale };
}
/** The pixels of a small picture view, one for each of the picture's. */
async function pixels(page: Page, name: string): Promise<number[][]> {
  const { width, height, data } = (await page
    .getByRole('group', { name, exact: true })
    .locator('canvas')
    .evaluate((element) => {
      const canvas = element as unknown as {
        width: number;
        height: number;
        getContext(kind: '2d'): { getImageData(x: number, y: number, w: number, h: number): { data: ArrayLike<number> } };
      };
      return {
        width: canvas.width,
        height: canvas.height,
        data: Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data),
      };
    })) as Shot;
  const scale = Math.min(width, height) / SIDE;
  return Array.from({ length: SIDE * SIDE }, (_, p) => {
    const [x, y] = [
      (width - SIDE * scale) / 2 + ((p % SIDE) + 0.5) * scale,
      (height - SIDE * scale) / 2 + (Math.floor(p / SIDE) + 0.5) * scale,
    ];
    return data.slice(4 * (Math.floor(y) * width + Math.floor(x))).slice(0, 3);
  });
}

describe.skipIf(!browser)('the map of a classifier', () => {
  const here = session('map', 'light');
  const { good } = here;
  let page: Page;
  beforeAll(() => ({ page } = here));

  it('is reached from a chosen picture, and its table says what its pixels say', async () => {
    await page.getByRole('button', { name: 'Try the sample' }).click();
    await checked(page);
    await step(page, 'Images').click();
    await page.locator('[data-at="1"]').waitFor();
    await page.locator('button[data-at="1"]').click();
    await page.keyboard.press('m');
    await table(page).waitFor();
    expect(await page.getByRole('main').getByText('arrow/02.png').isVisible()).toBe(true);
    // A single pixel may go all the way at first.
    expect(await page.getByLabel('Budget ε in [0,1]').inputValue()).toBe('1');
    for (const at of [0, 7]) {
      const [, place, value] = await row(page, at);
      const { x, y } = await spot(page, ...placeOf(place!));
      await page.mouse.move(x, y);
      await page.getByText(`${place}: ${value}`, { exact: true }).waitFor();
    }
    expect(Number((await row(page, 0))[2])).toBeGreaterThan(Number((await row(page, 7))[2]));
  });

  it('attacks the pixel that is clicked, and changes no other', async () => {
    const [, place] = await row(page, 2);
    const [x, y] = placeOf(place!);
    const at = await spot(page, x, y);
    await page.mouse.click(at.x, at.y);
    await page.getByRole('heading', { name: `Attack on ${place}` }).waitFor();
    await page.getByText('1 pixel differs; judged by the original model').waitFor();
    const facts = await attack(page).innerText();
    expect(facts).toMatch(/Prediction\s+0 arrow\s+→ \d/);
    expect(facts).toMatch(/Margin \(logits\)\s+[\d.]+\s+→ −?[\d.]+/);
    expect(facts).toMatch(new RegExp(`x ${x}, y ${y}\\s+\\d+, \\d+, \\d+\\s+→ (0|255), (0|255), (0|255)`));
    // What was tried by hand stands in the table from then on.
    expect((await row(page, 2)).at(-1)).toMatch(/\d/);
    await page.mouse.move(5, 5);
    const [before, after] = [await pixels(page, 'Before'), await pixels(page, 'After')];
    expect(before.flatMap((value, p) => (value.join() === after[p]!.join() ? [] : [p]))).toEqual([y * SIDE + x]);
    await good('attacked');
  });

  it('tries subsets while the true map is looked at, and sorts by any of them', async () => {
    await page.getByLabel('try at most').waitFor({ state: 'detached' });
    await maps(page, 'True').click();
    await page.getByLabel('try at most').fill('120');
    await page.getByLabel('try at most').press('Enter');
    await page.getByText('Tried: 120 / 120').waitFor();
    const best = Number((await row(page, 0)).at(-1));
    await table(page).getByRole('button', { name: 'First order' }).click();
    expect(await table(page).getByRole('columnheader', { name: 'First order' }).getAttribute('aria-sort')).toBe('descending');
    expect(Number((await row(page, 0)).at(-1)!)).toBeLessThanOrEqual(best);
    expect(await table(page).getByRole('table').getAttribute('aria-rowcount')).toBe('1025');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save map (CSV)' }).click();
    const lines = readFileSync(await (await download).path(), 'utf8')
      .trim()
      .split('\n');
    expect([lines.length, lines.filter((line) => !line.endsWith(',')).length]).toEqual([1025, 121]);
    await good('true');
  });

  it('can be worked by keyboard alone', async () => {
    await table(page).locator('[data-row="0"]').focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('PageDown');
    await poll(() => page.evaluate('document.activeElement.dataset.row')).toBe('30');
    const [, place] = (await page.evaluate(
      '[...document.activeElement.closest("tr").cells].map((cell) => cell.innerText.trim())',
    )) as string[];
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `Attack on ${place}` }).waitFor();
    await view(page).focus();
    await page.keyboard.press('ArrowRight');
    const [x, y] = placeOf(place!);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `Attack on x ${Math.min(SIDE - 1, x + 1)}, y ${y}` }).waitFor();
    for (let i = 0; i < 2; i++) await page.keyboard.press(x > 15 ? 'Shift+ArrowLeft' : 'Shift+ArrowRight');
    for (let i = 0; i < 2; i++) await page.keyboard.press(y > 15 ? 'Shift+ArrowUp' : 'Shift+ArrowDown');
    await page.locator('p', { hasText: '9 pixels selected' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('p', { hasText: 'to select a region' }).waitFor();
  });

  it('limits the next audit to a region of it', async () => {
    const [from, to] = [await spot(page, 8, 8), await spot(page, 23, 19)];
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x + 20, from.y + 20);
    await page.mouse.move(to.x, to.y);
    await page.mouse.up();
    await page.locator('p', { hasText: '192 pixels selected' }).waitFor();
    await good('selected');
    await page.keyboard.press('r');
    await page.getByText(/limited to 192 pixels of 1,024/).waitFor();
    await step(page, 'Images').click();
    await page.getByLabel('Use at most').fill('6');
    await page.getByLabel('Use at most').press('Enter');
    await poll(() => page.locator('[data-at]').count()).toBe(6);
    await step(page, 'Threat model').click();
    await page.getByRole('button', { name: 'Start audit' }).click();
    await page.getByRole('button', { name: 'See results' }).click({ timeout: 120_000 });
    await step(page, 'Export').click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save: Results' }).click();
    const results = Results.parse(JSON.parse(readFileSync(await (await download).path(), 'utf8')));
    const found = results.findings.filter((finding) => finding.eightBit !== null);
    expect(found.length).toBeGreaterThan(0);
    for (const { eightBit } of found) expect(eightBit!.l0Pixels).toBeLessThanOrEqual(192);
    expect(results.threats.flatMap(({ attacks }) => attacks).every(({ options }) => options['partition'] === 'mask')).toBe(true);
  });

  it('is drawn of an image of the results, too, as the audit saw it', async () => {
    await step(page, 'Results').click();
    await page.locator('button[data-at="1"]').click();
    await page.locator('main canvas').first().waitFor();
    const name = /\w+\/\d+\.png/.exec(await page.getByRole('main').innerText())![0];
    await page.keyboard.press('m');
    await table(page).waitFor();
    expect(await page.getByRole('main').innerText()).toContain(name);
    await page
      .getByRole('button', { name: 'Next image' })
      .or(page.getByRole('button', { name: 'Previous image' }))
      .first()
      .click();
    await poll(() => page.getByRole('main').innerText()).not.toContain(name);
    // Now there is a mask of the pictures' size.
    await page.getByLabel('Changed together').selectOption('mask');
    await poll(() => table(page).getByRole('table').getAttribute('aria-rowcount')).toBe('2');
    expect((await row(page, 0))[1]).toBe('x 8–23, y 8–19');
  });
});

describe.skipIf(!browser)('the map of an autoencoder, dark', () => {
  const here = session('map-output', 'dark');
  const { good } = here;
  let page: Page;
  beforeAll(() => ({ page } = here));

  it('goes by the columns of the Jacobian, and shows outputs instead of classes', async () => {
    await page.getByRole('button', { name: 'Try the autoencoder' }).waitFor();
    await page.keyboard.press('Control+8');
    await page.getByText('Nothing to map yet.').waitFor();
    await good('none');
    await step(page, 'Model').click();
    await page.getByRole('button', { name: 'Try the autoencoder' }).click();
    await checked(page);
    await page.keyboard.press('Control+8');
    await table(page).waitFor();
    await poll(async () => (await row(page, 0))[3]).toMatch(/^0\.0/);
    await page.getByLabel('Changed together').selectOption('block');
    await poll(() => table(page).getByRole('table').getAttribute('aria-rowcount')).toBe('65');
    // Many pixels at once are bounded as in an audit.
    expect(await page.getByLabel('Budget ε in /255').inputValue()).toBe('8');
    await poll(async () => (await row(page, 0))[3]).toMatch(/^0\.0/);
    const [, place] = await row(page, 0);
    await table(page).locator('[data-row="0"]').click();
    await page.getByRole('heading', { name: `Attack on ${place}` }).waitFor();
    expect(await attack(page).innerText()).toMatch(/PSNR\s+∞.dB\s+→ \d+\.\d+.dB/);
    expect(await attack(page).locator('canvas').count()).toBe(4);
    expect(await page.getByRole('main').innerText()).not.toMatch(/class/i);
    await page.mouse.move(5, 5);
    await good('quadratic');
  });

  it('can be stopped, and keeps what it has', async () => {
    await page.getByLabel('Changed together').selectOption('pixel');
    await maps(page, 'True').click();
    await page.getByText(/Subsets tried [1-9]\d* \/ 1,024/).waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    const told = page.getByText(/^Stopped: \d+ \/ 1,024/);
    await told.waitFor();
    const before = await told.innerText();
    await table(page).locator('[data-row="0"]').click();
    await page.getByText('1 pixel differs').waitFor();
    expect(await told.innerText()).toBe(before);
    expect((await row(page, 0)).at(-1)).toMatch(/^0\.0/);
    await good('stopped');
  });
});
