import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { AuditPlan } from '../../shared/plan.ts';
import { Results } from '../../shared/results.ts';
import { readPng } from '../images/files.ts';
import { browser, checked, poll, session, step } from './session.ts';

/** A threat model as an auditor sets it up: a mask painted on a picture, what the audit will take, and the way back. */
describe.skipIf(!browser)('the threat model in the window', () => {
  const here = session('threat');
  const { good } = here;
  let page: Page;
  let view: Locator;
  beforeAll(() => {
    ({ page } = here);
    view = page.getByRole('group', { name: 'Picture with its subsets' });
  });

  const numbers = (text: string): Promise<void> => page.getByText(text, { exact: true }).waitFor();
  /** Middle of a pixel of the picture, which is 32 pixels wide and lies in the middle of its view. */
  async function at(x: number, y: number): Promise<[number, number]> {
    const box = (await view.boundingBox())!;
    const scale = Math.min(box.width, box.height) / 32;
    return [box.x + box.width / 2 + (x - 15.5) * scale, box.y + box.height / 2 + (y - 15.5) * scale];
  }
  async function drag(from: [number, number], to: [number, number]): Promise<void> {
    await page.mouse.move(...(await at(...from)));
    await page.mouse.down();
    await page.mouse.move(...(await at(...to)), { steps: 4 });
    await page.mouse.up();
  }

  it('says what the audit takes at most, and follows the attacks that are on', async () => {
    await page.getByRole('button', { name: 'Try the sample' }).click();
    await checked(page);
    await step(page, 'Images').click();
    await page.getByLabel('Use at most').fill('4');
    await page.getByLabel('Use at most').press('Enter');
    await poll(() => page.locator('[data-at]').count()).toBe(4);
    await step(page, 'Threat model').click();
    const passes = page.locator('dt', { hasText: 'Passes, at most' }).locator('+ dd');
    const amount = async (): Promise<number> => Number((await passes.innerText()).replaceAll(',', ''));
    await passes.waitFor();
    const before = await amount();
    // 40 steps at five budgets, for each of four images, are some thousand passes.
    expect(before).toBeGreaterThan(4 * 5 * 2 * 40);
    expect(await page.locator('dt', { hasText: 'Time, at most' }).locator('+ dd').innerText()).toMatch(/^about .*\d/);
    await page.getByRole('switch', { name: 'PGD', exact: true }).click();
    await poll(amount).toBeLessThan(before);
    await good('estimate');
  });

  it('takes back what was set and does it again, by keyboard', async () => {
    const pgd = page.getByRole('switch', { name: 'PGD', exact: true });
    expect(await pgd.getAttribute('aria-checked')).toBe('false');
    await page.getByRole('switch', { name: 'DeepFool' }).click();
    await page.keyboard.press('Control+z');
    await page.getByText('Undone: attacks for ℓ∞.').waitFor();
    expect(await page.getByRole('switch', { name: 'DeepFool' }).getAttribute('aria-checked')).toBe('false');
    expect(await pgd.getAttribute('aria-checked')).toBe('false');
    await page.keyboard.press('Control+z');
    await poll(() => pgd.getAttribute('aria-checked')).toBe('true');
    await page.keyboard.press('Control+Shift+Z');
    await poll(() => pgd.getAttribute('aria-checked')).toBe('false');
    // Text that is being typed has an undo of its own.
    await page.getByLabel('Name of the audit').focus();
    await page.keyboard.type('Left half');
    await page.keyboard.press('Control+z');
    await poll(() => page.getByLabel('Name of the audit').inputValue()).not.toBe('Left half');
    expect(await pgd.getAttribute('aria-checked')).toBe('false');
  });

  it('shows how pictures are cut, and lets a mask be painted by pointer', async () => {
    await page.getByRole('tab', { name: 'Subsets' }).click();
    await page.getByRole('combobox', { name: 'Subsets' }).selectOption('block');
    await page.getByLabel('Side in pixels').fill('8');
    await page.getByLabel('Side in pixels').press('Enter');
    await numbers('16 subsets, 1,024 pixels');
    await page.getByRole('combobox', { name: 'Subsets' }).selectOption('superpixel');
    await page.getByText(/^\d\d+ subsets, 1,024 pixels$/).waitFor();
    await good('superpixels');
    await page.getByRole('combobox', { name: 'Subsets' }).selectOption('mask');
    await numbers('0 areas, 0 of 1,024 pixels may change');
    await page.getByRole('button', { name: 'Rectangle' }).click();
    await drag([2, 4], [21, 27]);
    await numbers('1 area, 480 of 1,024 pixels may change');
    await page.getByRole('button', { name: 'Eraser' }).click();
    await page.getByLabel('Width of the brush').fill('1');
    await page.getByLabel('Width of the brush').press('Enter');
    await drag([5, 10], [14, 10]);
    await numbers('1 area, 470 of 1,024 pixels may change');
    // A stroke is one step.
    await view.focus();
    await page.keyboard.press('Control+z');
    await numbers('1 area, 480 of 1,024 pixels may change');
    await page.keyboard.press('Control+Shift+Z');
    await numbers('1 area, 470 of 1,024 pixels may change');
  });

  it('paints by keyboard as well, another area beside the first', async () => {
    await page.getByRole('button', { name: 'New area' }).click();
    await page.getByRole('button', { name: 'Brush' }).click();
    await page.mouse.move(5, 5);
    await view.focus();
    // The first press shows the cursor where it is, in the middle.
    for (let i = 0; i < 13; i++) await page.keyboard.press('ArrowRight');
    for (let i = 0; i < 2; i++) await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Space');
    await numbers('2 areas, 473 of 1,024 pixels may change');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await numbers('2 areas, 474 of 1,024 pixels may change');
    await good('mask');
    // Without motion colours change at once.
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await good('mask, dark');
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
  });

  it('changes nothing outside the mask in an audit by the subset attack', { timeout: 120_000 }, async () => {
    await page.getByRole('switch', { name: 'Pixel and subset attack, ℓ∞' }).click();
    for (const norm of ['0', '2']) {
      await page.getByRole('tab', { name: norm }).first().click();
      await page.getByRole('switch', { name: /^Audit under/ }).click();
    }
    await page.getByRole('tab', { name: '∞' }).click();
    await page.getByRole('switch', { name: 'FMN' }).click();
    await page.getByLabel('Budget 5 in /255').fill('140');
    await page.getByLabel('Budget 5 in /255').press('Enter');
    await page.getByRole('button', { name: 'Start audit' }).click();
    await page.getByText('Finished', { exact: true }).first().waitFor();
    const [audit] = readdirSync(join(here.folder, 'data/audits'));
    const folder = join(here.folder, 'data/audits', audit!);
    const results = Results.parse(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')));
    const plan = AuditPlan.parse(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')));
    expect(plan.threats.map(({ norm, attacks }) => [norm, attacks.map(({ id }) => id)])).toEqual([['linf', ['subset']]]);
    const mask = plan.threats[0]!.attacks[0]!.options['mask'] as number[];
    expect(mask.filter((area) => area !== 0)).toHaveLength(474);
    expect(mask[10 * 32 + 5]).toBe(0);
    const broken = results.findings.filter(({ state }) => state === 'broken');
    expect(broken.length).toBeGreaterThan(0);
    for (const { image, file } of broken) {
      const [clean, changed] = [results.images.find(({ id }) => id === image)!.file, file!].map(
        (name) => readPng(readFileSync(join(folder, name))).data,
      ) as [Uint8Array, Uint8Array];
      const moved = new Set([...clean.keys()].filter((i) => clean[i] !== changed[i]).map((i) => Math.floor(i / 3)));
      expect(moved.size).toBeGreaterThan(0);
      expect([...moved].filter((pixel) => mask[pixel] === 0)).toEqual([]);
    }
  });
});
