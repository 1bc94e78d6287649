import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';

const ROOT = join(import.meta.dirname, '../..');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The real program: `hairline serve` with the real engine, its data in a folder of the test. */
export interface Served {
  url: string;
  process: ChildProcess;
  stop(): Promise<void>;
}

export async function serve(data: string): Promise<Served> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/hairline.js'), 'serve', '--json', '--data', data], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => (errors += chunk));
  const url = await new Promise<string>((done, fail) => {
    let out = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      out += chunk;
      if (out.includes('\n')) done((JSON.parse(out) as { url: string }).url);
    });
    child.on('exit', (code) => fail(new Error(`hairline serve ended with ${code}: ${errors}`)));
  });
  const stop = (): Promise<void> =>
    new Promise((done) => {
      if (child.exitCode !== null) return done();
      child.on('exit', () => done());
      child.kill('SIGTERM');
    });
  return { url, process: child, stop };
}

/** A page that remembers everything that must not happen: script errors, policy violations, foreign requests. */
export async function openWindow(
  browser: Browser,
  url: string,
  theme: 'light' | 'dark' = 'light',
): Promise<{ context: BrowserContext; page: Page; faults: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: theme, acceptDownloads: true });
  const page = await context.newPage();
  const faults: string[] = [];
  const { origin } = new URL(url);
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  // Chromium reports violations of the content policy on the console.
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content.Security.Policy/i.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const to = request.url();
    if (!to.startsWith(`${origin}/`) && !/^(data|blob):/.test(to)) faults.push(`request: ${to}`);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== new URL(url).host) faults.push(`socket: ${socket.url()}`);
  });
  await page.goto(url);
  return { context, page, faults };
}

/** What axe finds wrong on the page as it is, WCAG 2.2 AA and its best practices; `colours`: of contrast alone, which is all that another theme changes. */
export async function violations(page: Page, colours = false): Promise<string[]> {
  // By the debugger, which the content policy does not bind; once a page.
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(AXE);
  // Colours that are on their way to others have no contrast: none sets out from here on, and those that did arrive.
  const still = await page.evaluate(`matchMedia('(prefers-reduced-motion: reduce)').matches`);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.evaluate(
    `Promise.allSettled(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished))`,
  );
  const found = await page.evaluate(async (only) => {
    const axe = (
      globalThis as unknown as {
        axe: { run(context: unknown, options: unknown): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      }
    ).axe;
    const tags = only ? ['color-contrast'] : ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations: wrong } = await axe.run((globalThis as unknown as { document: unknown }).document, {
      runOnly: tags,
      resultTypes: ['violations'],
    });
    return wrong.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
  }, colours);
  if (!still) await page.emulateMedia({ reducedMotion: null });
  return found;
}
