/**
 * `npm start`: the window under Electron where that is possible, else the same window in a browser.
 *
 *   npm start -- --browser   always the browser
 *   ELECTRON_SKIP_BINARY_DOWNLOAD=1 npm start   Electron where its binary is here, and no download
 *
 * The package `electron` is never imported here: outside Electron its index.js downloads the binary,
 * without a limit, before it returns. This file looks for the binary itself and bounds the download.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { reachable, run } from './world.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const RELEASES = 'https://github.com/electron/electron/releases/';

/**
 * The machine as this file sees it; tests hand in another one.
 * @typedef {{ platform: string, env: NodeJS.ProcessEnv, uid: number | null, package: string }} World
 */

/** Why no window can be opened here at all, as half a sentence; null when one can. */
export function noWindow(/** @type {World} */ { platform, env, uid }) {
  if (platform !== 'linux') return null;
  if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return 'there is no display';
  // Chromium will not start its sandbox for root, and Hairline will not run without it.
  if (uid === 0) return 'Electron does not run as root';
  return null;
}

/** Electron's executable, or null when it has not been downloaded. */
export function electronBinary(/** @type {World} */ { platform, env, package: folder }) {
  const name = platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : platform === 'win32' ? 'electron.exe' : 'electron';
  const override = env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (override) return existsSync(join(override, name)) ? join(override, name) : null;
  // path.txt is written last, so a download that broke off does not count.
  const note = join(folder, 'path.txt');
  if (!existsSync(note)) return null;
  const file = join(folder, 'dist', readFileSync(note, 'utf8').trim());
  return existsSync(file) ? file : null;
}

/** Gets the binary, downloading it when needed; a string says why there is none. */
async function obtain(/** @type {World} */ world) {
  const there = electronBinary(world);
  if (there) return { file: there };
  // Electron's own installer does not know this word any more.
  if (world.env['ELECTRON_SKIP_BINARY_DOWNLOAD'])
    return { reason: "Electron's binary is not here and ELECTRON_SKIP_BINARY_DOWNLOAD is set" };
  const script = join(world.package, 'install.js');
  if (!existsSync(script)) return { reason: 'the package electron is not installed' };
  const mirror = world.env['ELECTRON_MIRROR'] ?? world.env['npm_config_electron_mirror'] ?? RELEASES;
  if (!(await reachable(mirror, 8000, world.env)))
    return { reason: `Electron's binary is not here and ${new URL(mirror).host} cannot be reached` };
  console.log('Fetching Electron once (about 120 MB) …');
  const end = await run(process.execPath, [script], { limit: 10 * 60_000, quiet: true });
  const file = electronBinary(world);
  if (file) return { file };
  return { reason: end.timedOut ? "the download of Electron's binary took too long" : "Electron's binary could not be downloaded" };
}

/** Runs a program in the foreground; gives back how it ended and after how many milliseconds. */
function foreground(/** @type {string} */ command, /** @type {string[]} */ args, /** @type {NodeJS.ProcessEnv} */ env = {}) {
  return new Promise((/** @type {(end: { code: number, after: number }) => void} */ done) => {
    const began = performance.now();
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
    // Ctrl+C reaches the whole group of a terminal by itself; a service manager signals only this process.
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
    child.on('error', () => done({ code: 127, after: performance.now() - began }));
    child.on('exit', (code, signal) => done({ code: code ?? (signal === 'SIGINT' ? 130 : 1), after: performance.now() - began }));
  });
}

async function main() {
  const args = process.argv.slice(2).filter((arg) => arg !== '--browser');
  const world = {
    platform: process.platform,
    env: process.env,
    uid: process.getuid?.() ?? null,
    package: join(ROOT, 'node_modules', 'electron'),
  };
  let reason = process.argv.includes('--browser') ? 'you asked for the browser' : noWindow(world);
  if (!reason) {
    const electron = await obtain(world);
    if (electron.file) {
      // Electron is no Node that could run the engine, so it is told of one.
      const { code, after } = await foreground(electron.file, ['.', ...args], { HAIRLINE_NODE: process.execPath });
      // An Electron that falls over at once lacks a system library or its sandbox; a later end is the user's.
      if (code === 0 || code === 130 || after > 5000) return code;
      reason = `Electron ended at once with code ${code}`;
    } else reason = electron.reason ?? 'Electron is not here';
  }
  console.log(`The window opens in your browser, because ${reason}.`);
  return (await foreground(process.execPath, [join(ROOT, 'bin', 'hairline.js'), 'serve', ...args])).code;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = await main();
