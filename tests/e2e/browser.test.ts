import type { Browser } from 'playwright-core';
import { afterEach, expect, it, vi } from 'vitest';
import { launchBrowser, packagedBrowser, systemBrowsers } from './browser.ts';

let browser: Browser | null = null;
afterEach(async () => {
  vi.unstubAllEnvs();
  await browser?.close();
  browser = null;
});

/** A page that runs a script and a modern style rule: that is what the window needs of a browser. */
async function works(one: Browser): Promise<void> {
  const page = await one.newPage();
  await page.setContent('<p id="x">a</p><script>document.getElementById("x").textContent = [3, 1, 2].toSorted().join("")</script>');
  expect(await page.textContent('#x')).toBe('123');
}

it('starts whatever browser there is', async (context) => {
  browser = await launchBrowser();
  if (!browser) return context.skip('no browser on this machine');
  await works(browser);
});

it("starts the npm registry's browser on Linux", async (context) => {
  if (process.platform !== 'linux' || process.arch !== 'x64') return context.skip('the package holds a binary for Linux x64 only');
  browser = await packagedBrowser();
  await works(browser);
});

it('takes the one that is named before all others', () => {
  vi.stubEnv('CHROME_PATH', process.execPath);
  expect(systemBrowsers()[0]).toBe(process.execPath);
  vi.stubEnv('CHROME_PATH', '/nowhere/chrome');
  expect(systemBrowsers()).not.toContain('/nowhere/chrome');
});
