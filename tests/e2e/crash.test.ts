import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { family } from '../fuzz/memory.ts';
import { differences } from '../kills/killed.ts';
import { ALL } from '../part.ts';
import { openWindow, serve } from './hairline.ts';
import { browser, checked, poll, session, step, steps } from './session.ts';

/** The engine's process is really killed, and so is the server; Windows has no such signals, and other systems no /proc to find it by. */
describe.skipIf(!browser || process.platform !== 'linux')('a window whose engine dies', () => {
  const here = session('crash');
  const { good } = here;
  let page: Page;
  beforeAll(() => ({ page } = here));

  const audit = (name: string): string => join(here.folder, 'data/audits', name);
  const today = new Date().toISOString().slice(0, 10);
  const status = () => page.locator('main [role=status]').first().innerText();
  const button = (name: string) => page.getByRole('button', { name, exact: true });

  /** Starts the audit that the window has, and waits until it has found something and has more to do. */
  async function begin(): Promise<void> {
    await step(page, 'Threat model').click();
    await button('Start audit').click();
    await page.locator('main figure', { hasText: 'broken' }).first().waitFor({ timeout: 120_000 });
  }

  it('has an undisturbed audit to compare with', { timeout: 240_000 }, async () => {
    await button('Try the sample').click();
    await checked(page);
    await step(page, 'Images').click();
    await page.getByLabel('Use at most').fill('4');
    await page.getByLabel('Use at most').press('Enter');
    await poll(() => page.locator('[data-at]').count()).toBe(4);
    await step(page, 'Threat model').click();
    await page.getByLabel('Name of the audit').fill('Killed');
    for (const [norm, attack, count] of [
      ['0', 'σ-zero', 100],
      ['0', 'FMN', 50],
      ['2', 'DDN', 50],
      ['2', 'FMN', 50],
      ['∞', 'FMN', 50],
    ] as const) {
      await page.getByRole('tab', { name: norm }).first().click();
      await steps(page, attack, count);
    }
    await begin();
    await button('See results').click({ timeout: 180_000 });
  });

  it('says within the page that the engine crashed, and offers to go on and nothing else', { timeout: 120_000 }, async () => {
    await begin();
    const [, engine] = family([here.served.process.pid!]);
    process.kill(engine!, 'SIGKILL');
    await poll(status).toBe('Stopped: the engine crashed');
    expect((await button('Pause').count()) + (await button('Cancel').count())).toBe(0);
    expect(await page.locator('main').innerText()).not.toMatch(/cancel|running/i);
    await good('stopped');
    await page.emulateMedia({ colorScheme: 'dark' });
    await good('stopped-in-the-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await button('DE').click();
    expect(await status()).toBe('Gestoppt: Die Engine ist abgestürzt');
    await button('EN').click();
  });

  it('goes on at one click, to the bytes of the undisturbed audit, and leaves nothing over', { timeout: 240_000 }, async () => {
    await button('Resume').click();
    await button('See results').waitFor({ timeout: 180_000 });
    expect(await status()).toBe('Finished');
    const lines = readFileSync(join(audit(`${today}-killed-2`), 'journal.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => /"type":"(session|resumed|setup)"/.test(line));
    // Killed in its first session: the journal tells of one that ended, and the model was not settled again.
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['setup', 'session']);
    expect(differences(audit(`${today}-killed`), audit(`${today}-killed-2`))).toEqual([]);
  });

  it('still knows its pictures, which the new engine has to be told of', async () => {
    await step(page, 'Images').click();
    await page.locator('[data-at="3"]').click();
    await page.getByRole('navigation').getByRole('button', { name: 'Explore' }).click();
    // An attack on the picture that is chosen, in the engine that has never been given it by hand.
    await page.locator('main canvas').first().waitFor();
    await poll(() => page.locator('main').innerText()).toMatch(/\d+\.\d/);
    expect(await page.locator('body').innerText()).not.toMatch(/not loaded/);
    expect(here.faults).toEqual([]);
  });

  it.runIf(ALL)(
    'finds an audit again that was interrupted with the server, says so, and goes on with it',
    { timeout: 240_000 },
    async () => {
      await begin();
      await here.served.stop();
      const served = await serve(join(here.folder, 'data'));
      const { page: next, context, faults } = await openWindow(browser!, served.url);
      try {
        const row = next.getByRole('listitem').filter({ hasText: 'Interrupted' });
        await row.getByRole('button').first().click();
        await poll(() => next.locator('main [role=status]').first().innerText()).toBe('Interrupted');
        await next.getByRole('button', { name: 'Resume', exact: true }).click();
        // Its results so far were there before.
        await expect.poll(() => next.locator('main [role=status]').first().innerText(), { timeout: 180_000 }).toBe('Finished');
        expect(differences(audit(`${today}-killed`), audit(`${today}-killed-3`))).toEqual([]);
        expect(faults).toEqual([]);
      } finally {
        await context.close();
        await served.stop();
      }
    },
  );
});
