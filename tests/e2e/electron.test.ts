import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { _electron } from 'playwright-core';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { electronBinary, noWindow } from '../../scripts/start.mjs';
import type { ElectronHost } from '../../src-main/electron/preload.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const world = {
  platform: process.platform,
  env: process.env,
  uid: process.getuid?.() ?? null,
  package: join(ROOT, 'node_modules/electron'),
};

// The package `electron` is not imported: in plain Node that downloads the binary.
const binary = electronBinary(world);
const why = noWindow(world) ?? (binary ? null : "Electron's binary is not here; `npx install-electron --no` fetches it");
// Where Electron must be there, as on the build servers, its absence is a failure and not a skip.
const required = process.env['HAIRLINE_REQUIRE_ELECTRON'] === '1';

/** As `npm start` hands it on: of what the tests themselves run under, Electron needs nothing. */
function plainEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !/^(NODE_|VITEST)/.test(entry[0])),
  );
}

describe.skipIf(why !== null && !required)(`the real Electron${why ? ` (skipped: ${why})` : ''}`, () => {
  let folder: string;
  let program: ElectronApplication;
  let page: Page;

  beforeAll(async () => {
    if (why) throw new Error(why);
    folder = mkdtempSync(join(tmpdir(), 'hairline-electron-'));
    program = await _electron.launch({
      executablePath: binary!,
      args: [ROOT, `--user-data-dir=${folder}`],
      env: { ...plainEnv(), HAIRLINE_NODE: process.execPath },
      timeout: 60_000,
    });
    page = await program.firstWindow();
    await page.waitForLoadState('domcontentloaded');
  });
  afterAll(async () => {
    await program?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Runs in the page; `hairline` is what the preload script put there. */
  const inPage = <T, A>(work: (hairline: ElectronHost, arg: A) => Promise<T> | T, arg: A): Promise<T> =>
    page.evaluate(`(${work.toString()})(globalThis.hairline, ${JSON.stringify(arg ?? null)})`) as Promise<T>;

  it('shows the window from its own scheme, without violations of the content policy', async () => {
    const violations: string[] = [];
    page.on('console', (message) => /Content Security Policy/i.test(message.text()) && violations.push(message.text()));
    await page.reload();
    await page.waitForSelector('#app > *');
    expect(page.url()).toBe('app://bundle/index.html');
    expect(await page.title()).toContain('Hairline');
    expect(violations).toEqual([]);
  });

  it('gives the page the contract and no Node', async () => {
    expect(await page.evaluate('[typeof require, typeof process, typeof module, typeof globalThis.hairline.call]')).toEqual([
      'undefined',
      'undefined',
      'undefined',
      'function',
    ]);
  });

  it('reaches no other machine and opens no other window', async () => {
    const reached = await page.evaluate(
      `Promise.all(['https://example.org/', 'http://127.0.0.1/', 'file:///etc/hosts'].map((url) => fetch(url).then(() => url, () => 'refused')))`,
    );
    expect(reached).toEqual(['refused', 'refused', 'refused']);
    await page.evaluate(`void globalThis.open('https://example.org/'), void (location.href = 'https://example.org/')`);
    await page.waitForTimeout(300);
    expect(page.url()).toBe('app://bundle/index.html');
    expect(program.windows()).toHaveLength(1);
    expect(await page.evaluate(`fetch('app://bundle/..%2fmain%2felectron.js').then((answer) => answer.status)`)).toBe(403);
  });

  it('loads the sample, checks its gradient and shows its pictures through the engine process', async () => {
    const seen = await inPage(async (hairline) => {
      const about = await hairline.call('about', {});
      const sample = await hairline.call('sample', {});
      const card = await hairline.call('inspect', { model: sample.model });
      const list = await hairline.call('images', { paths: sample.images, labels: sample.labels, offset: 0, limit: 1 });
      const check = await hairline.call('gradcheck', {
        model: sample.model,
        preprocessing: card.preprocessing,
        images: sample.images.slice(0, 1),
      });
      const url = hairline.pictureUrl({ kind: 'image', image: list.images[0]!.id });
      const answer = await fetch(url);
      return { host: about.host, ok: check?.ok, status: answer.status, type: answer.headers.get('content-type') };
    }, null);
    expect(seen).toEqual({ host: 'electron', ok: true, status: 200, type: 'image/png' });
  });

  it('holds no native library of the engine in its own process, though the engine has them', async () => {
    // Of every operating system's loader, by Node's own report.
    const libraries = await program.evaluate(() => (process.report.getReport() as unknown as { sharedObjects: string[] }).sharedObjects);
    expect(libraries.length).toBeGreaterThan(5);
    expect(libraries.filter((file) => /onnxruntime|vips|sharp/i.test(file))).toEqual([]);
  });

  it('refuses wrong input with one sentence', async () => {
    const message = await inPage(
      (hairline) =>
        hairline.call('inspect', { model: 3 } as never).then(
          () => '',
          (error: unknown) => (error as Error).message,
        ),
      null,
    );
    expect(message).toMatch(/^The call "inspect" was given something wrong: model: [^\n]*\.$/);
  });
});
