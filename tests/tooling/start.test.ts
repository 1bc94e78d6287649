import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { electronBinary, noWindow } from '../../scripts/start.mjs';

const root = resolve(import.meta.dirname, '../..');
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'hairline-start-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('where a window can be opened', () => {
  const on = (platform: string, env: NodeJS.ProcessEnv = {}, uid: number | null = 1000) =>
    noWindow({ platform, env, uid, package: folder });
  it('asks Linux for a display and an ordinary user', () => {
    expect(on('linux')).toBe('there is no display');
    expect(on('linux', { DISPLAY: ':0' })).toBeNull();
    expect(on('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBeNull();
    expect(on('linux', { DISPLAY: ':0' }, 0)).toContain('root');
  });
  it('takes Windows and macOS as they are', () => {
    expect(on('win32', {}, null)).toBeNull();
    expect(on('darwin')).toBeNull();
  });
});

describe("Electron's binary", () => {
  const find = (env: NodeJS.ProcessEnv = {}, platform = 'linux') => electronBinary({ platform, env, uid: 1000, package: folder });
  it('is there only when the download was finished', () => {
    expect(find()).toBeNull();
    mkdirSync(join(folder, 'dist'));
    writeFileSync(join(folder, 'dist/electron'), '');
    expect(find()).toBeNull();
    writeFileSync(join(folder, 'path.txt'), 'electron');
    expect(find()).toBe(join(folder, 'dist/electron'));
    rmSync(join(folder, 'dist/electron'));
    expect(find()).toBeNull();
  });
  it('may lie elsewhere', () => {
    expect(find({ ELECTRON_OVERRIDE_DIST_PATH: folder }, 'win32')).toBeNull();
    writeFileSync(join(folder, 'electron.exe'), '');
    expect(find({ ELECTRON_OVERRIDE_DIST_PATH: folder }, 'win32')).toBe(join(folder, 'electron.exe'));
  });
});

/** The script itself, in a copy of the repository's skeleton whose Electron and command line only say that they ran. */
describe('npm start', () => {
  beforeEach(() => {
    chmodSync(folder, 0o755);
    cpSync(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true });
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'node_modules/electron'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'bin/hairline.js'), "console.log('served', process.argv.slice(2).join(' '));");
  });
  const electron = (script: string): string => {
    mkdirSync(join(folder, 'dist'), { recursive: true });
    const file = join(folder, 'dist/electron');
    writeFileSync(file, `#!${process.execPath}\n${script}`);
    chmodSync(file, 0o755);
    return join(folder, 'dist');
  };
  const start = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    new Promise<{ code: number | null; out: string }>((done) => {
      const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/DISPLAY|ELECTRON|PROXY/i.test(name)));
      // Root may not open Electron, so a test that runs as root lets nobody do it.
      const who = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
      const child = spawn(process.execPath, [join(folder, 'scripts/start.mjs'), ...args], { env: { ...plain, ...env }, ...who });
      let out = '';
      child.stdout.on('data', (text: Buffer) => void (out += text));
      child.stderr.on('data', (text: Buffer) => void (out += text));
      child.on('close', (code) => done({ code, out }));
    });
  // The stand-in for Electron is a script with a first line that names its interpreter.
  const scripts = process.platform !== 'win32';

  it.runIf(process.platform === 'linux')('serves the window to a browser without a display, and says so', async () => {
    const { code, out } = await start({}, '--port', '0');
    expect(out).toBe('The window opens in your browser, because there is no display.\nserved serve --port 0\n');
    expect(code).toBe(0);
  });

  it('does as it is told', async () => {
    const { out } = await start({ DISPLAY: ':7', ELECTRON_OVERRIDE_DIST_PATH: electron('') }, '--browser');
    expect(out).toContain('because you asked for the browser');
    expect(out).toContain('served serve\n');
  });

  it.runIf(scripts)('opens Electron on the folder', async () => {
    const { code, out } = await start(
      {
        DISPLAY: ':7',
        ELECTRON_OVERRIDE_DIST_PATH: electron("console.log('electron', process.argv.slice(2).join(' '), process.env.HAIRLINE_NODE);"),
      },
      'model.onnx',
    );
    // The engine runs under the Node that ran this.
    expect(out).toBe(`electron . model.onnx ${process.execPath}\n`);
    expect(code).toBe(0);
  });

  it.runIf(scripts)('falls back when Electron falls over', async () => {
    const { out } = await start({ DISPLAY: ':7', ELECTRON_OVERRIDE_DIST_PATH: electron('process.exit(127)') });
    expect(out).toContain('Electron ended at once with code 127');
    expect(out).toContain('served serve');
  });

  it.runIf(scripts)('asks no server for Electron where it is told not to', async () => {
    let asked = 0;
    const mirror = createServer((_, answer) => (asked++, answer.end()));
    await new Promise<void>((ready) => void mirror.listen(0, '127.0.0.1', ready));
    writeFileSync(join(folder, 'node_modules/electron/install.js'), '');
    const env = { DISPLAY: ':7', ELECTRON_MIRROR: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/` };
    const { out } = await start({ ...env, ELECTRON_SKIP_BINARY_DOWNLOAD: '1' });
    expect(out).toContain('ELECTRON_SKIP_BINARY_DOWNLOAD is set.\nserved serve');
    expect(asked).toBe(0);
    // Without that word the same server is asked.
    await start(env);
    expect(asked).toBe(1);
    mirror.close();
  });

  it.runIf(scripts)('does not wait for a server that cannot be reached', async () => {
    writeFileSync(join(folder, 'node_modules/electron/install.js'), 'setInterval(() => {}, 1000)');
    const { out } = await start({ DISPLAY: ':7', ELECTRON_MIRROR: 'http://127.0.0.1:1/' });
    expect(out).toContain("Electron's binary is not here and 127.0.0.1:1 cannot be reached");
    expect(out).toContain('served serve');
  });
});

it('never names the package electron in plain Node, where importing it downloads without a limit', async () => {
  const { readFile } = await import('node:fs/promises');
  for (const file of readdirSync(join(root, 'scripts')).filter((name) => name.endsWith('.mjs'))) {
    expect(await readFile(join(root, 'scripts', file), 'utf8'), file).not.toMatch(/(from|import\(|require\()\s*'electron'/);
  }
});

it.runIf(process.platform !== 'win32')('the command says in one sentence that it is not built', async () => {
  mkdirSync(join(folder, 'bin'));
  cpSync(join(root, 'bin/hairline.js'), join(folder, 'bin/hairline.js'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  // Through a link, as npm installs commands.
  symlinkSync(join(folder, 'bin/hairline.js'), join(folder, 'hairline'));
  const child = spawn(process.execPath, [join(folder, 'hairline')]);
  let out = '';
  child.stderr.on('data', (text: Buffer) => void (out += text));
  const code = await new Promise((done) => void child.on('close', done));
  expect(out).toBe('Hairline is not built yet: run `npm run build` once in its folder.\n');
  expect(code).toBe(2);
});
