/**
 * node scripts/screens.mjs [folder] [signs|autoencoder]: pictures of every screen of the built window, light and dark, in two
 * sizes, by the real program on the bundled samples, or on one of them. Needs `npm run build` and Chromium, Chrome or Edge (CHROME_PATH names one).
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

const root = resolve(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(root, 'docs/screens'));
const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const only = process.argv[3];
const executablePath = process.env['CHROME_PATH'] ?? places.find((place) => existsSync(place));
const SIZES = [
  { name: '', width: 1280, height: 800 },
  { name: '-large', width: 1920, height: 1200 },
];

const data = mkdtempSync(join(tmpdir(), 'hairline-screens-'));
const served = spawn(process.execPath, [join(root, 'bin/hairline.js'), 'serve', '--json', '--data', data], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await new Promise((/** @type {(url: string) => void} */ done) => {
  served.stdout.on('data', (/** @type {Buffer} */ chunk) => done(JSON.parse(String(chunk).split('\n')[0] ?? '').url));
});
const browser = await chromium.launch({
  ...(executablePath ? { executablePath } : {}),
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: SIZES[0] ?? null, colorScheme: 'light' });
page.setDefaultTimeout(240_000);
mkdirSync(out, { recursive: true });

/** One screen, four pictures: the window follows the system's colours and size at once. */
async function shoot(/** @type {string} */ name) {
  for (const { name: size, width, height } of SIZES) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(400);
      // 256 colours are what a flat window needs; photographs lose nothing that matters here.
      await sharp(await page.screenshot())
        .png({ palette: true, quality: 90, effort: 8, compressionLevel: 9 })
        .toFile(join(out, `${name}-${colorScheme}${size}.png`));
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
  console.log(name);
}

/** Names an audit of so many pictures of the sample. */
async function start(/** @type {string} */ name, /** @type {string} */ images) {
  await page.keyboard.press('Control+2');
  await page.getByLabel('Use at most').fill(images);
  await page.getByLabel('Use at most').press('Enter');
  await page
    .getByText(`${images} ${images === '60' ? 'images' : 'of 60 images'}`)
    .first()
    .waitFor();
  await page.keyboard.press('Control+3');
  await page.getByLabel('Name of the audit').fill(name);
}

/** Tries budgets by hand, in levels, one after another. */
async function explore(/** @type {number[]} */ budgets) {
  for (const levels of budgets) {
    await page.getByLabel('Budget ε in /255').fill(String(levels));
    await page.getByLabel('Budget ε in /255').press('Enter');
    await page.getByText(new RegExp(`at ε = ${levels}/255`)).waitFor();
    await page.getByText('Computing', { exact: true }).waitFor({ state: 'detached' });
  }
  await page.getByLabel('Budget ε, slider').focus();
  await page.mouse.move(5, 5);
}

/** The classifier: every screen. */
async function signs() {
  await shoot('start');
  await page.getByRole('button', { name: 'Try the sample' }).click();
  await page.getByText('Passed', { exact: true }).waitFor();
  await shoot('model');
  await page.keyboard.press('Control+2');
  await page.locator('[data-at="40"]').waitFor();
  await page.getByText('labelled pictures checked are right').waitFor();
  await page.waitForTimeout(1500);
  await shoot('images');
  await page.locator('button[data-at="1"]').click();
  await page.keyboard.press('l');
  await page.getByRole('dialog').waitFor();
  await shoot('label');
  await page.keyboard.press('Escape');
  await start('Signs', '60');
  await page.getByRole('tab', { name: '∞' }).click();
  await page.getByText('Passes, at most').waitFor();
  await shoot('threat-model');
  await page.getByRole('button', { name: 'DE', exact: true }).click();
  await shoot('threat-model-german');
  await page.getByRole('button', { name: 'EN', exact: true }).click();
  await page.getByRole('tab', { name: 'Subsets' }).click();
  await page.getByRole('combobox', { name: 'Subsets' }).selectOption('superpixel');
  await page.getByText(/subsets, 1,024 pixels/).waitFor();
  await shoot('threat-superpixels');
  await page.getByRole('combobox', { name: 'Subsets' }).selectOption('mask');
  await page.getByRole('button', { name: 'Rectangle' }).click();
  const view = await page.getByRole('group', { name: 'Picture with its subsets' }).boundingBox();
  if (view === null) throw new Error('no picture to paint on');
  const [x, y] = [view.x + view.width / 2, view.y + view.height / 2];
  await page.mouse.move(x - 130, y - 70);
  await page.mouse.down();
  await page.mouse.move(x + 80, y + 60, { steps: 4 });
  await page.mouse.up();
  await page.getByRole('button', { name: 'New area' }).click();
  await page.getByRole('button', { name: 'Brush' }).click();
  await page.mouse.move(x + 120, y - 150);
  await page.mouse.down();
  await page.mouse.move(x + 150, y + 120, { steps: 8 });
  await page.mouse.up();
  await shoot('threat-mask');
  await page.getByRole('combobox', { name: 'Subsets' }).selectOption('pixel');
  await page.getByRole('tab', { name: '∞' }).click();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await shoot('palette');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await shoot('shortcuts');
  await page.keyboard.press('Escape');

  await page.keyboard.press('Control+Enter');
  await page.locator('figure', { hasText: 'broken' }).nth(24).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Paused', { exact: true }).first().waitFor();
  await shoot('run');
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('Finished', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'See results' }).click();
  await page.locator('[data-at="8"] img').waitFor();
  await shoot('results');
  await page.keyboard.press('t');
  await shoot('results-table');
  await page.keyboard.press('g');
  await page.getByRole('group', { name: 'Threat models' }).getByRole('button').nth(1).click();
  await page.locator('button[data-at="3"]').click();
  await page.locator('canvas').nth(2).waitFor();
  await shoot('image');
  await page.keyboard.press('w');
  await page.getByRole('slider').waitFor();
  await shoot('image-swipe');
  await page.keyboard.press('s');
  await page.keyboard.press('m');
  await page.getByRole('region', { name: 'Table of the map' }).waitFor();
  await page.getByRole('group', { name: 'Map', exact: true }).getByText('True', { exact: true }).click();
  await page.getByText(/^Tried: /).waitFor();
  await page.locator('[data-row="0"]').click();
  await page.getByText('differs; judged').waitFor();
  await page.mouse.move(5, 5);
  await shoot('map');
  await page.keyboard.press('Control+9');
  await explore([1, 2, 3, 4, 5, 6, 8, 10, 12]);
  await shoot('explore');
  await page.keyboard.press('Control+6');
  await shoot('export');

  await start('Signs, 40 queries', '60');
  await page.getByLabel('Queries per image, at most').fill('40');
  await page.getByLabel('Queries per image, at most').press('Enter');
  await page.keyboard.press('Control+Enter');
  await page.getByText('Finished', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'See results' }).click();
  await page.keyboard.press('Control+7');
  await page
    .getByRole('img', { name: /first audit/ })
    .first()
    .waitFor();
  await shoot('compare');
}

/** The autoencoder: what differs where a network puts out pictures. */
async function autoencoder() {
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('Try the autoencoder');
  await page.keyboard.press('Enter');
  await page.getByText('Picture to picture').waitFor();
  await page.getByText('Passed', { exact: true }).waitFor();
  await shoot('outputs-model');
  await start('Autoencoder', '12');
  await page.getByLabel('Threshold in dB').fill('20');
  await page.getByLabel('Threshold in dB').press('Enter');
  await page.getByRole('combobox', { name: 'Reference' }).selectOption('input');
  for (const norm of ['0', '∞']) {
    await page.getByRole('tab', { name: norm }).first().click();
    await page.getByRole('switch', { name: /^Audit under/ }).click();
  }
  await page.getByRole('tab', { name: '2' }).click();
  await shoot('outputs-threat-model');
  await page.keyboard.press('Control+Enter');
  await page.getByText('Finished', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'See results' }).click();
  await page.locator('[data-at="3"] img').waitFor();
  await shoot('outputs-results');
  await page.locator('button[data-at="3"]').click();
  await page.getByText('Gaussian').waitFor();
  await page.locator('canvas').nth(5).waitFor();
  await shoot('outputs-image');
  await page.keyboard.press('m');
  await page.getByRole('region', { name: 'Table of the map' }).waitFor();
  await page.getByLabel('Changed together').selectOption('superpixel');
  // The map of pixels stands until the new one is there.
  await page.waitForTimeout(2000);
  await page.locator('[data-row="0"]').click();
  await page.getByText('differ; judged').waitFor();
  await page.mouse.move(5, 5);
  await shoot('outputs-map');
  await page.keyboard.press('Control+9');
  await explore([4, 8, 16, 24]);
  await shoot('outputs-explore');
}

try {
  await page.goto(url);
  await page.getByRole('button', { name: 'Try the sample' }).waitFor();
  if (only !== 'autoencoder') await signs();
  if (only !== 'signs') await autoencoder();
} finally {
  await browser.close();
  served.kill();
  rmSync(data, { recursive: true, force: true });
}
const total = readdirSync(out).reduce((sum, file) => sum + statSync(join(out, file)).size, 0);
console.log(`${out}: ${(total / 1e6).toFixed(1)} MB`);
