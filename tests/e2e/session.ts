import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { launchBrowser } from './browser.ts';
import { openWindow, serve, violations, type Served } from './hairline.ts';

/** The browser of this file's tests, null where none starts: `describe.skipIf(!browser)`. */
export const browser = await launchBrowser();
afterAll(() => browser?.close());

/** With HAIRLINE_SHOTS=folder every screen that `good` looks at is kept as a picture. */
const SHOTS = process.env['HAIRLINE_SHOTS'];

/** Polls with room for other tests on the same cores. */
export const poll = <T>(value: () => T | Promise<T>) => expect.poll(value, { timeout: 60_000 });

/** The gradient check's word. It is of lower rank than everything else: beside other tests it may end with some of its directions. */
export const checked = (page: Page): Promise<void> =>
  page
    .getByText(/^Passed/)
    .first()
    .waitFor({ timeout: 90_000 });

/** The entry of a step in the side bar. */
export const step = (page: Page, name: string): Locator =>
  page.getByRole('navigation').getByRole('button', { name: new RegExp(`^\\d ${name}`) });

/** Sets how many steps an attack of the norm on show makes: far fewer than for its best, where the window is what is tested. */
export async function steps(page: Page, attack: string, count: number): Promise<void> {
  const options = page.getByRole('button', { name: `Options: ${attack}`, exact: true });
  await options.click();
  await page.getByLabel('Steps', { exact: true }).fill(String(count));
  await page.getByLabel('Steps', { exact: true }).press('Enter');
  await options.click();
}

/** A window on an engine of its own. Its fields are there once the tests run. */
export interface Session {
  /** Of the test: the engine's data lies in `data` beneath it. */
  folder: string;
  served: Served;
  page: Page;
  /** Script errors, policy violations, requests elsewhere: see `openWindow`. */
  faults: string[];
  /** A screen is good when axe has nothing to say and nothing went wrong behind it. */
  good(name: string, colours?: boolean): Promise<void>;
  /** The same in the dark, and then in the light. */
  goodInBoth(name: string): Promise<void>;
}

/**
 * Serves and opens one window for the tests of the surrounding `describe`. They stand on each other: after a failure the
 * rest would only wait, and is skipped.
 */
export function session(name: string, theme: 'light' | 'dark' = 'light'): Session {
  let context: BrowserContext | undefined;
  let failed = false;
  const here = {
    async good(screen: string, colours = false): Promise<void> {
      if (SHOTS) {
        mkdirSync(SHOTS, { recursive: true });
        await here.page.waitForTimeout(300);
        await here.page.screenshot({ path: join(SHOTS, `${name}-${screen}-${theme}.png`) });
      }
      expect(await violations(here.page, colours), screen).toEqual([]);
      expect(here.faults, screen).toEqual([]);
    },
    async goodInBoth(screen: string): Promise<void> {
      for (const colorScheme of ['dark', 'light'] as const) {
        await here.page.emulateMedia({ colorScheme });
        await here.good(`${screen}-${colorScheme}`, colorScheme === 'dark');
      }
    },
  } as Session;

  beforeAll(async () => {
    here.folder = mkdtempSync(join(tmpdir(), `hairline-${name}-`));
    here.served = await serve(join(here.folder, 'data'));
    const opened = await openWindow(browser!, here.served.url, theme);
    context = opened.context;
    Object.assign(here, { page: opened.page, faults: opened.faults });
    here.page.setDefaultTimeout(60_000);
  });
  beforeEach(({ skip, onTestFailed }) => {
    if (failed) skip();
    onTestFailed(() => {
      failed = true;
    });
  });
  afterAll(async () => {
    await context?.close();
    await here.served?.stop();
    if (here.folder) rmSync(here.folder, { recursive: true, force: true });
  });
  return here;
}
