import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../scripts/setup-cuda.mjs';
import { setupCuda } from '../../scripts/setup-cuda.mjs';

const root = resolve(import.meta.dirname, '../..');
const LIBRARY = 'bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so';
/** Written into a pretended package: an install script that does what the real one does, without its feed. */
const WORKS = `
  const fs = require('fs'), path = require('path'), folder = path.join(__dirname, '../bin/napi-v6/linux/x64');
  if (process.env.ONNXRUNTIME_NODE_INSTALL !== 'true') process.exit(0);
  fs.mkdirSync(folder, { recursive: true });
  for (const name of ['cuda', 'shared', 'tensorrt']) fs.writeFileSync(path.join(folder, 'libonnxruntime_providers_' + name + '.so'), '');`;

let folder: string;
let feed: string;
/** Requests that reached the feed. */
let asked = 0;
let close: () => void;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-cuda-'));
  mkdirSync(join(folder, 'script'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'onnxruntime-node', version: '9.8.7' }));
  writeFileSync(join(folder, 'driver'), 'NVIDIA');
  const server = createServer((_, answer) => (asked++, answer.end()));
  asked = 0;
  await new Promise<void>((ready) => void server.listen(0, '127.0.0.1', ready));
  feed = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  close = () => server.close();
});
afterEach(() => {
  close();
  rmSync(folder, { recursive: true });
});
const installer = (code: string): void => writeFileSync(join(folder, 'script/install.js'), code);
const machine = (change: Partial<World> = {}) => ({
  platform: 'linux',
  arch: 'x64',
  drivers: [join(folder, 'no-such-driver'), join(folder, 'driver')],
  package: folder,
  feed,
  env: {},
  ...change,
});

describe('best effort, as npm install runs it', () => {
  it('says nothing where CUDA cannot be', async () => {
    expect(await setupCuda(['--best-effort'], machine({ platform: 'darwin' }))).toEqual({ ok: true, say: null });
    expect(await setupCuda(['--best-effort'], machine({ arch: 'arm64' }))).toEqual({ ok: true, say: null });
    expect(await setupCuda(['--best-effort'], machine({ package: join(folder, 'gone') }))).toEqual({ ok: true, say: null });
  });

  it('does not touch the network without a driver, and says how to get CUDA', async () => {
    installer(WORKS);
    const end = await setupCuda(['--best-effort'], machine({ drivers: [join(folder, 'no-such-driver')] }));
    expect(end.ok).toBe(true);
    expect(end.say).toContain('npm run setup:cuda');
    expect(existsSync(join(folder, LIBRARY))).toBe(false);
  });

  it('fetches the libraries with a driver, once', async () => {
    installer(WORKS);
    expect((await setupCuda(['--best-effort'], machine())).ok).toBe(true);
    expect(existsSync(join(folder, LIBRARY))).toBe(true);
    expect(await setupCuda(['--best-effort'], machine())).toEqual({ ok: true, say: null });
  });

  it('does not touch the network where it is told not to, driver or not', async () => {
    installer(WORKS);
    const end = await setupCuda(['--best-effort'], machine({ env: { HAIRLINE_SKIP_CUDA: '1' } }));
    expect([end.ok, existsSync(join(folder, LIBRARY)), asked]).toEqual([true, false, 0]);
    expect(end.say).toContain('HAIRLINE_SKIP_CUDA');
    // Whoever asks for it by hand means it.
    expect((await setupCuda([], machine({ env: { HAIRLINE_SKIP_CUDA: '1' } }))).ok).toBe(true);
    expect(asked).toBe(1);
  });

  it('reports in one line what went wrong', async () => {
    installer('process.exit(7)');
    expect((await setupCuda(['--best-effort'], machine())).say).toMatch(/ended with code 7; `npm run setup:cuda`/);
    // rc 0 and no file: what the package's own script does with a flag it does not understand.
    installer('process.exit(0)');
    expect((await setupCuda(['--best-effort'], machine())).ok).toBe(false);
    close();
    const end = await setupCuda(['--best-effort'], machine({ feed: 'http://127.0.0.1:1/' }));
    expect(end.say).toMatch(/cannot be reached/);
    expect(end.say).not.toContain('\n');
  });
});

describe('npm run setup:cuda', () => {
  it('fails where there is no CUDA, and names what there is', async () => {
    const end = await setupCuda([], machine({ platform: 'win32' }));
    expect(end.ok).toBe(false);
    expect(end.say).toContain('dml');
  });

  it('needs no driver, as libraries may be fetched for another machine', async () => {
    installer(WORKS);
    expect((await setupCuda([], machine({ drivers: [] }))).ok).toBe(true);
  });

  it('takes the libraries out of a package file of the right version', async () => {
    // adm-zip is where the real package has it: beside onnxruntime-node.
    const Zip = createRequire(join(root, 'node_modules/onnxruntime-node/package.json'))('adm-zip');
    mkdirSync(join(folder, 'node_modules'));
    cpSync(join(root, 'node_modules/adm-zip'), join(folder, 'node_modules/adm-zip'), { recursive: true });
    const file = join(folder, 'gpu.nupkg');
    const pack = (version: string, names: string[]): void => {
      const zip = new Zip();
      zip.addFile(
        'Microsoft.ML.OnnxRuntime.Gpu.Linux.nuspec',
        Buffer.from(`<package><metadata><version>${version}</version></metadata></package>`),
      );
      for (const name of names)
        zip.addFile(`runtimes/linux-x64/native/libonnxruntime_providers_${name}.so`, Buffer.from(`the ${name} library`));
      zip.writeZip(file);
    };
    const from = () => setupCuda(['--from', file], machine({ feed: 'http://127.0.0.1:1/' }));

    pack('9.8.6', ['cuda', 'shared', 'tensorrt']);
    expect((await from()).say).toContain('holds version 9.8.6; this program needs Microsoft.ML.OnnxRuntime.Gpu.Linux 9.8.7');
    pack('9.8.7', ['cuda', 'shared']);
    expect((await from()).say).toContain('does not hold libonnxruntime_providers_tensorrt.so');
    pack('9.8.7', ['cuda', 'shared', 'tensorrt']);
    expect(await from()).toMatchObject({ ok: true });
    expect(readFileSync(join(folder, LIBRARY), 'utf8')).toBe('the cuda library');
    // An independent reader agrees that this is the layout of a NuGet package.
    if (spawnSync('unzip', ['-v']).status === 0)
      expect(execFileSync('unzip', ['-l', file], { encoding: 'utf8' })).toContain('runtimes/linux-x64/native/');

    writeFileSync(file, 'no zip');
    expect((await from()).say).toContain('is not a NuGet package');
    expect((await setupCuda(['--from'], machine())).say).toContain('--from needs a file');
  });
});

it('never fails npm install, whatever the machine', () => {
  const end = spawnSync(process.execPath, ['scripts/setup-cuda.mjs', '--best-effort'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, https_proxy: '' },
  });
  expect(end.status).toBe(0);
  expect(end.stdout.trim().split('\n').length).toBeLessThanOrEqual(1);
});
