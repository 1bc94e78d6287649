import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { decibels } from '../../shared/outputs.ts';
import { Results } from '../../shared/results.ts';
import { part } from '../part.ts';
import { browser, checked, poll, session, step, steps } from './session.ts';

/** Networks that put out pictures in the window: the bundled samples, the real program and its engine. */
const CASES = [
  { sample: 'autoencoder', theme: 'light', puts: 'a picture of 32 × 32, RGB (reconstruction)', goal: 'input' },
  { sample: 'colorizer', theme: 'dark', puts: 'a picture of 64 × 64, RGB (picture)', goal: 'clean-output' },
] as const;

describe.skipIf(!browser).each(part(CASES, 2))('the $sample in the window, $theme', ({ sample, theme, puts, goal }) => {
  const here = session(sample, theme);
  const { good } = here;
  let page: Page;
  let results: Results;
  beforeAll(() => ({ page } = here));

  it('opens with one click and says what it puts out, without classes', async () => {
    await page.getByRole('button', { name: `Try the ${sample}` }).click();
    await checked(page);
    expect(await page.getByText(puts).isVisible()).toBe(true);
    expect(await page.getByText('Jv, relative error').isVisible()).toBe(true);
    expect(await page.getByText('Classes', { exact: true }).count()).toBe(0);
    const audited = page.getByLabel('Audited output');
    await audited.fill('no such value');
    await audited.press('Enter');
    await page.getByText('The model has no output or inner value called no such value').waitFor();
    // Outputs first, then every value inside, each with its shape.
    await poll(() => page.locator('#model-values option').count()).toBeGreaterThan(3);
    const name = (await page.locator('#model-values option').first().getAttribute('value'))!;
    await audited.fill(name);
    await audited.press('Enter');
    await poll(() => page.getByText('no such value').count()).toBe(0);
    await checked(page);
    await good('model');
    await step(page, 'Images').click();
    await page.getByLabel('Use at most').fill('2');
    await page.getByLabel('Use at most').press('Enter');
    await poll(() => page.locator('[data-at]').count()).toBe(2);
  });

  it('offers goals on the output alone, by exact entry and by slider', async () => {
    await step(page, 'Threat model').click();
    const kind = page.getByRole('combobox', { name: 'Goal', exact: true });
    expect((await kind.locator('option').allInnerTexts()).slice(0, 2)).toEqual([
      'Output leaves its reference',
      'Output matches another picture’s',
    ]);
    await kind.selectOption('match');
    expect(await page.getByRole('button', { name: 'Start audit' }).isDisabled()).toBe(true);
    await good('match');
    await kind.selectOption('deviation');
    await page.getByLabel('Threshold in dB', { exact: true }).fill('25.25');
    await page.getByLabel('Threshold in dB', { exact: true }).press('Enter');
    await page.getByLabel('Threshold in dB, slider').focus();
    await page.keyboard.press('ArrowLeft');
    // The slider has half decibels, the field whatever is typed.
    expect(Number(await page.getByLabel('Threshold in dB', { exact: true }).inputValue())).toBeLessThan(25.25);
    await page.getByLabel('Threshold in dB', { exact: true }).fill('22');
    await page.getByLabel('Threshold in dB', { exact: true }).press('Enter');
    await page.getByLabel('Reference').selectOption(goal);
    for (const norm of ['0', '∞']) {
      await page.getByRole('tab', { name: norm }).first().click();
      await page.getByRole('switch', { name: /^Audit under/ }).click();
    }
    await page.getByRole('tab', { name: '2' }).click();
    await page.getByRole('switch', { name: 'FMN' }).click();
    await steps(page, 'DDN', 60);
    await good('threat');
  });

  it('runs, and shows shares of unbroken images and decibels', async () => {
    await page.getByRole('button', { name: 'Start audit' }).click();
    await page.getByRole('button', { name: 'See results' }).waitFor({ timeout: 120_000 });
    expect(await page.getByRole('main').innerText()).not.toMatch(/accuracy|right|class/i);
    await page.getByRole('button', { name: 'See results' }).click();
    await page.getByRole('heading', { name: 'Unbroken images' }).waitFor();
    await step(page, 'Export').click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save: Results' }).click();
    results = Results.parse(JSON.parse(readFileSync(await (await download).path(), 'utf8')));
    expect(results.threats.map(({ goal: g }) => g)).toEqual([{ kind: 'deviation', reference: goal, psnr: 22, peak: 1 }]);
    expect(results.findings.map((f) => f.state)).toEqual(['broken', 'broken']);
    await step(page, 'Results').click();
    await good('results');
    await page
      .getByRole('radio', { name: 'Table' })
      .or(page.getByRole('button', { name: 'Table' }))
      .first()
      .click();
    const table = page.getByRole('region', { name: 'Table' });
    for (const finding of results.findings) expect(await table.innerText()).toContain(decibels(finding.output!.figures['psnr']!));
    expect(await page.getByLabel('Class', { exact: true }).count()).toBe(0);
    await good('table');
  });

  it('shows the outputs of the clean, the adversarial and the noisy image', async () => {
    await page.getByRole('region', { name: 'Table' }).getByRole('button').last().click();
    await page.getByRole('heading', { name: 'Output, clean' }).waitFor();
    const noise = page.getByRole('region', { name: 'Output, random noise' });
    await poll(() => noise.innerText()).toMatch(/Gaussian, Euclidean length/);
    const dB = async (name: string) => Number(/(-?[\d.]+).dB/.exec(await page.getByRole('region', { name }).innerText())?.[1]);
    const broken = await dB('Output, adversarial');
    expect(broken).toBeLessThan(22);
    // The attack does more than chance, or there would be no attack.
    expect(await dB('Output, random noise')).toBeGreaterThan(broken + 1);
    expect(await page.locator('main canvas').count()).toBe(6);
    await good('image');
  });

  it('lets them swipe and blink like inputs', async () => {
    await page.keyboard.press('w');
    await page.getByLabel('First picture').selectOption({ label: 'Output, clean' });
    await page.getByLabel('Second picture').selectOption({ label: 'Output, adversarial' });
    expect(await page.getByRole('slider', { name: 'Divider' }).isVisible()).toBe(true);
    expect(await page.getByRole('region', { name: 'Outputs' }).innerText()).toMatch(/Output, random noise/);
    await good('swipe');
    await page.keyboard.press('b');
    // Flipping stops the blinking, wherever it stood; once more shows the other one.
    await page.keyboard.press('f');
    const stage = page.getByRole('heading', { level: 2, name: /^Output, (clean|adversarial)$/ });
    const before = await stage.innerText();
    await page.keyboard.press('f');
    await poll(() => stage.innerText()).toBe(before === 'Output, clean' ? 'Output, adversarial' : 'Output, clean');
  });
});
