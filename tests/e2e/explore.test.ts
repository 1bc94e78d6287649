import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatDistance, probability, significant } from '../../shared/format.ts';
import { decibels } from '../../shared/outputs.ts';
import { Probe } from '../../shared/probe.ts';
import { part } from '../part.ts';
import { browser, checked, poll, session } from './session.ts';

/** An image, an attack and a slider in the window, by keyboard alone; what is shown is what the engine answered. */
const CASES = [
  { sample: 'sample', theme: 'light' },
  { sample: 'autoencoder', theme: 'dark' },
] as const;

describe.skipIf(!browser).each(part(CASES, 2))('exploring the $sample, $theme', ({ sample, theme }) => {
  const here = session(`explore-${sample}`, theme);
  const { good } = here;
  let page: Page;
  /** Answers as they came over the socket. */
  const answers: Probe[] = [];

  beforeAll(async () => {
    page = here.page;
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        const answer = Probe.safeParse((JSON.parse(String(payload)) as { out?: unknown }).out);
        if (answer.success) answers.push(answer.data);
      }),
    );
    await page.getByRole('button', { name: `Try the ${sample}` }).waitFor();
    await page.reload();
  });

  const status = () => page.locator('#main').getByRole('status').first().innerText();
  const idle = () => poll(() => page.getByText('Computing', { exact: true }).count()).toBe(0);
  /** Tab after Tab, as somebody without a mouse gets there. */
  async function tabTo(name: string): Promise<void> {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.getAttribute("aria-label")')) === name) return;
    }
    throw new Error(`${name} is not reached by Tab.`);
  }

  it('opens from the grid with the image chosen there', async () => {
    await page.getByRole('button', { name: `Try the ${sample}` }).click();
    await checked(page);
    await page.keyboard.press('Control+9');
    await poll(status).toMatch(/^(held|unbroken|broken)\s+(Holds|Breaks) at ε = 4\/255/);
    await page.keyboard.press('Control+2');
    await page.getByRole('group', { name: 'Pictures' }).getByRole('button').first().focus();
    await page.keyboard.press('ArrowRight');
    await poll(() => page.evaluate('document.activeElement.dataset.at')).toBe('1');
    await page.keyboard.press('Enter');
    await page.keyboard.press('e');
    await poll(() => page.getByRole('heading', { level: 1 }).innerText()).toBe('Explore');
    expect(await page.locator('[aria-current=true]').getAttribute('aria-label')).toBe('arrow/02.png');
    await idle();
    await good('start');
  });

  it('holds at a tiny budget and breaks at a large one, by keys on the slider', async () => {
    await tabTo('Budget ε, slider');
    await page.keyboard.press('Home');
    await poll(status).toMatch(/Holds by construction on 8-bit pictures at ε = 0\.2\/255/);
    await page.keyboard.press('End');
    await poll(status).toMatch(/Breaks at ε = 64\/255/);
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowLeft');
    await poll(status).toMatch(/Breaks at ε = 56\/255/);
    await idle();
    expect(await page.getByText('Nearest miss').count()).toBe(0);
    const answer = answers.at(-1)!;
    expect(answer.state).toBe('broken');
    if (sample === 'sample') {
      expect(await status()).toMatch(new RegExp(`${answer.label} \\w+ → ${answer.changed!.prediction} \\w+$`));
      expect(answer.changed!.prediction).not.toBe(answer.label);
    } else expect(await status()).toContain(`→ ${decibels(answer.changed!.figures!['psnr']!)}`);
  });

  it('shows the numbers that the engine answered', async () => {
    const answer = answers.at(-1)!;
    const main = page.locator('#main');
    expect(await main.innerText()).toContain(`${answer.forwards} forward, ${answer.backwards} backward`);
    const distances = main.getByRole('region', { name: 'Distances' }).or(main.locator('section', { hasText: 'Distances' }).last());
    const row = (name: string) => distances.getByRole('row').filter({ hasText: name }).innerText();
    expect(await row('ℓ₀ pixels')).toContain(formatDistance('l0Pixels', answer.changed!.eightBit.l0Pixels));
    expect(await row('ℓ₂')).toContain(significant(answer.changed!.eightBit.l2, 5));
    if (sample === 'sample') {
      for (const [name, seen] of [
        ['Clean', answer.clean],
        ['Adversarial', answer.changed!],
      ] as const) {
        const part = main.getByRole('region', { name: new RegExp(`^${name}`) });
        expect(await part.getByRole('heading').innerText()).toContain(`margin ${significant(seen.margin!, 3).replace('-', '−')}`);
        const bars = await part.getByRole('listitem').allInnerTexts();
        expect(bars.map((text) => text.split(/\s/)[0])).toEqual(seen.top.map((score) => String(score.class)));
        expect(bars[0]).toContain(probability(seen.top[0]!.probability));
      }
      expect(await main.innerText()).toContain(`Random noise of the same size: ${answer.noise!.prediction} `);
    } else {
      for (const [name, seen] of [
        ['Output, adversarial', answer.changed!],
        ['Output, random noise', answer.noise!],
      ] as const) {
        expect(await main.getByRole('region', { name }).innerText()).toContain(decibels(seen.figures!['psnr']!));
      }
    }
    // The pictures: the difference on show is as large as the answer says.
    expect(await main.getByRole('img', { name: /^Scale of the difference/ }).getAttribute('aria-label')).toContain(
      `minus ${Math.round(255 * answer.changed!.eightBit.linf)} of 255`,
    );
    await good('broken');
  });

  it('lists what was tried, as a chart and as a table', async () => {
    await page.getByLabel('Budget ε in /255').fill('1');
    await page.getByLabel('Budget ε in /255').press('Enter');
    await poll(status).toMatch(/Holds at ε = 1\/255/);
    const tried = page.getByRole('region', { name: 'Tried so far' });
    await poll(() => tried.innerText()).toMatch(/tips between|breaks from/);
    await tried.getByText('Table', { exact: true }).click();
    await poll(() => tried.getByRole('row').count()).toBeGreaterThan(3);
    const budgets = (await tried.getByRole('row').allInnerTexts()).slice(1);
    // What held by construction was no try.
    expect(budgets[0]).toMatch(/^1\/255.*(held|unbroken)/s);
    expect(budgets.at(-1)).toMatch(/^64\/255.*broken/s);
    await good('tried');
  });

  it('marks what a minimum-norm attack found, and does not run it again for another budget', async () => {
    await page.getByRole('combobox', { name: 'Attack' }).selectOption('fmn');
    const found = page.getByText(/^smallest change found: [\d.]+\/255$/).first();
    await found.waitFor({ state: 'attached' });
    await idle();
    const known = answers.length;
    await page.getByLabel('Budget ε in /255').fill('0.5');
    await page.getByLabel('Budget ε in /255').press('Enter');
    await poll(status).toMatch(/Holds by construction on 8-bit pictures at ε = 0\.5\/255\s+the smallest change found is/);
    await page.getByLabel('Budget ε in /255').fill('60');
    await page.getByLabel('Budget ε in /255').press('Enter');
    await poll(status).toMatch(/Breaks at ε = 60\/255/);
    await page.waitForTimeout(200);
    expect(answers.length).toBe(known);
    await good('minimum');
  });

  it('follows another norm, where the budget is a count', async () => {
    await page.getByText('ℓ₀ px', { exact: true }).click();
    await page.getByLabel(/^Budget ε pixels$/).fill('3');
    await page.getByLabel(/^Budget ε pixels$/).press('Enter');
    await poll(status).toMatch(/at ε = 3/);
    await good('pixels');
  });

  it('goes on to the next image, and puts what was tried into the threat model', async () => {
    await page.locator('[aria-current=true]').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('[aria-current=true]').getAttribute('aria-label')).toMatch(/^arrow\/\d+\.png$/);
    await poll(status).toMatch(/at ε = 3/);
    await page.getByRole('button', { name: 'Use this in the threat model' }).press('Enter');
    await page.keyboard.press('Control+3');
    const tab = page.getByRole('tab', { name: 'px' });
    expect(await tab.innerText()).toMatch(/on$/);
    await tab.click();
    await poll(() => page.locator('table').first().getByRole('textbox').first().inputValue()).toBe('1');
    expect(await page.getByLabel('Budget 3 pixels').inputValue()).toBe('5');
    expect(await page.getByLabel('Budget 2 pixels').inputValue()).toBe('3');
    expect(here.faults).toEqual([]);
  });
});
