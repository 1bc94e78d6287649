import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { chromium, type Browser } from 'playwright-core';

/** No sandbox, since a container often forbids one, and no word to the network of Chromium's own accord. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** Where systems keep a browser of Chromium's family. */
const PLACES: Partial<Record<NodeJS.Platform, string[]>> = {
  linux: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']
    .map((name) => `/usr/bin/${name}`)
    .concat('/snap/bin/chromium'),
  darwin: ['Google Chrome', 'Chromium', 'Microsoft Edge'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => {
    const folder = process.env[name];
    return folder ? [`${folder}\\Google\\Chrome\\Application\\chrome.exe`, `${folder}\\Microsoft\\Edge\\Application\\msedge.exe`] : [];
  }),
};

/** Browsers to try, best first: the one that was named, the system's, and the one that npm installed. */
export function systemBrowsers(): string[] {
  const named = process.env['CHROME_PATH'];
  return [...(named ? [named] : []), ...(PLACES[process.platform] ?? [])].filter((file) => existsSync(file));
}

/**
 * Chromium out of the npm package @sparticuz/chromium, Linux x64 only. It is unpacked once per version, into a
 * folder of our own that appears only when it is complete: the package's own way lets a second test
 * process start the half-written file of the first. Its flags are left out too, as they switch web security off.
 */
export async function packagedBrowser(): Promise<Browser> {
  const bin = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '../bin');
  const size = (await stat(join(bin, 'chromium.br'))).size;
  const folder = join(tmpdir(), `hairline-chromium-${size}`);
  if (!existsSync(folder)) await unpack(bin, folder);
  const options = { executablePath: join(folder, 'chromium'), args: [...FLAGS, '--no-zygote'], headless: true };
  try {
    return await chromium.launch(options);
  } catch {
    // A bare system lacks NSS; the package brings it, built for an older system, hence only as the second try.
    return chromium.launch({
      ...options,
      env: { ...process.env, LD_LIBRARY_PATH: join(folder, 'al2023/lib'), FONTCONFIG_PATH: join(folder, 'fonts') } as Record<
        string,
        string
      >,
    });
  }
}

async function unpack(bin: string, folder: string): Promise<void> {
  const { inflate } = await import('@sparticuz/chromium');
  const before = process.env['TMPDIR'];
  const own = await mkdtemp(`${folder}-`);
  // The package unpacks into the temporary folder and takes no other word for it.
  process.env['TMPDIR'] = own;
  try {
    await Promise.all(['chromium.br', 'al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br'].map((name) => inflate(join(bin, name))));
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  // When another process was faster, its copy is as good.
  await rename(own, folder).catch(() => rm(own, { recursive: true, force: true }));
}

/**
 * Starts a browser for the end-to-end tests. Null when there is none that starts, after one line that says
 * how to get one; with CI=true that is an error, so that nobody believes tests that never ran.
 */
export async function launchBrowser(): Promise<Browser | null> {
  const tried: string[] = [];
  for (const file of systemBrowsers()) {
    try {
      return await chromium.launch({ executablePath: file, args: FLAGS, headless: true });
    } catch (error) {
      tried.push(`${file}: ${firstLine(error)}`);
    }
  }
  if (process.platform === 'linux' && process.arch === 'x64') {
    try {
      return await packagedBrowser();
    } catch (error) {
      tried.push(`@sparticuz/chromium: ${firstLine(error)}`);
    }
  }
  const advice = `No browser starts here; install Chromium, Chrome or Edge, or set CHROME_PATH to one.${tried.map((line) => ` (${line})`).join('')}`;
  if (process.env['CI'] === 'true') throw new Error(advice);
  console.warn(advice);
  return null;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]!;
}
