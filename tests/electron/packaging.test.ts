import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FuseState, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CallIn, CallName, CallOut } from '../../shared/contract.ts';
import { carriedNode } from '../../scripts/carried-node.mjs';

type StandIn = typeof import('./stand-in.ts');

const ROOT = resolve(import.meta.dirname, '../..');

/** By their first bytes: what kind of native code a file is. Independent of names and extensions. */
function nativeKind(start: Buffer): string | null {
  if (start.length < 20) return null;
  const magic = start.readUInt32BE(0);
  if (magic === 0x7f454c46) return { 0x3e: 'linux-x64', 0xb7: 'linux-arm64' }[start.readUInt16LE(18)] ?? 'linux-other';
  if ([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe].includes(magic)) return 'darwin';
  return start.readUInt16BE(0) === 0x4d5a ? 'win32' : null;
}

function firstBytes(file: string): Buffer {
  const handle = openSync(file, 'r');
  const buffer = Buffer.alloc(64);
  const length = readSync(handle, buffer, 0, 64, 0);
  closeSync(handle);
  return buffer.subarray(0, length);
}

/**
 * A folder with as much of an Electron as electron-builder touches: an executable with the marker that
 * the fuses are found by (fuse wire version 1, nine fuses), and two languages. The real one needs a download.
 */
function standInElectron(folder: string): string {
  const dist = join(folder, 'dist');
  mkdirSync(join(dist, 'locales'), { recursive: true });
  for (const language of ['en-US', 'de']) writeFileSync(join(dist, 'locales', `${language}.pak`), language);
  const marker = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX');
  writeFileSync(
    join(dist, 'electron'),
    Buffer.concat([Buffer.alloc(4096), marker, Buffer.from([1, 9]), Buffer.from('101100101'), Buffer.alloc(64)]),
  );
  chmodSync(join(dist, 'electron'), 0o755);
  return dist;
}

/** Files whose bytes are inside an asar: a pickled JSON header of nested folders, then all bytes in a row. */
function readAsar(file: string): Map<string, Buffer> {
  interface Entry {
    files?: Record<string, Entry>;
    offset?: string;
    size?: number;
  }
  const bytes = readFileSync(file);
  const start = 8 + bytes.readUInt32LE(4);
  const found = new Map<string, Buffer>();
  const walk = (entry: Entry, path: string[]): void => {
    for (const [name, child] of Object.entries(entry.files ?? {})) walk(child, [...path, name]);
    // Unpacked files are listed as well, but have no offset.
    if (entry.offset === undefined) return;
    const from = start + Number(entry.offset);
    found.set(path.join('/'), bytes.subarray(from, from + entry.size!));
  };
  walk(JSON.parse(bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(12))) as Entry, []);
  return found;
}

function node(args: string[], cwd = ROOT, program = process.execPath): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 120_000 });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Turns one bit of a file, in place; twice, and it is as it was. */
function flip(file: string, at = 5000): void {
  const handle = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, at);
  writeSync(handle, Buffer.of(byte[0]! ^ 1), 0, 1, at);
  closeSync(handle);
}

/** Processes that this one started, as Linux knows them. */
function children(): number[] {
  return readdirSync(`/proc/self/task`).flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

const nodeFault =
  process.platform === 'linux'
    ? await carriedNode().then(
        () => '',
        (error: Error) => error.message,
      )
    : '';
const why = process.platform === 'linux' ? nodeFault : 'the stand-in for Electron is made for Linux';
// On the build servers the registry is there, so that its absence is a fault.
if (nodeFault && process.env['CI'] === 'true') throw new Error(nodeFault);
const reason = why ? ` (skipped: ${why})` : '';

describe.skipIf(reason !== '')(`the packaged program${reason}`, () => {
  let folder: string;
  let program: string;
  let asar: Map<string, Buffer>;
  let real: string;

  beforeAll(() => {
    if (!existsSync(join(ROOT, 'out/main/electron.js')))
      node(['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn']);
    folder = mkdtempSync(join(tmpdir(), 'hairline-package-'));
    const options = [`-c.electronDist=${standInElectron(folder)}`, `-c.directories.output=${join(folder, 'packed')}`];
    node(['node_modules/electron-builder/cli.js', '--linux', `--${process.arch}`, '--dir', '--publish', 'never', ...options]);
    program = join(folder, 'packed', process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`);
    asar = readAsar(join(program, 'resources/app.asar'));
    real = join(program, 'resources/app.asar.unpacked');
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => void vi.unstubAllEnvs());
  const carried = (): string => join(real, 'out/node/node');

  const files = (): string[] =>
    readdirSync(program, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  it('has the native libraries outside the asar, for this system and no other', () => {
    const native = files().flatMap((file) => {
      const kind = nativeKind(firstBytes(file));
      return kind ? [{ file: relative(real, file), kind }] : [];
    });
    for (const { file, kind } of native) {
      expect(file, 'native code lies in the unpacked tree').not.toMatch(/^\.\./);
      expect(kind, file).toBe(`linux-${process.arch}`);
    }
    const names = native.map(({ file }) => file).join('\n');
    expect(names).toMatch(/onnxruntime_binding\.node$/m);
    expect(names).toMatch(/libonnxruntime\.so/);
    expect(names).toMatch(/sharp-linux-\w+-[\d.]+\.node$/m);
    expect(names).toMatch(/libvips-cpp\.so/);
  });

  it('has no native code inside the asar', () => {
    expect(asar.size).toBeGreaterThan(3);
    for (const [name, bytes] of asar) {
      expect(nativeKind(bytes.subarray(0, 64)), name).toBeNull();
      expect(name).not.toMatch(/\.(node|so(\.[\d.]+)?|dll|dylib|onnx)$/);
    }
  });

  it('has everything Electron starts with inside the asar', () => {
    const { main } = JSON.parse(asar.get('package.json')!.toString()) as { main: string };
    for (const entry of [main, 'out/preload/preload.cjs', 'out/renderer/index.html']) {
      expect(asar.get(entry)?.length, entry).toBeGreaterThan(0);
      expect(existsSync(join(real, entry)), `${entry} is only in the asar`).toBe(false);
    }
  });

  it('keeps native code out of the main process, and a sandboxed preload to Electron alone', () => {
    const { main } = JSON.parse(asar.get('package.json')!.toString()) as { main: string };
    const packages = new Set<string>();
    const seen = new Set<string>();
    const follow = (name: string): void => {
      if (seen.has(name)) return;
      seen.add(name);
      // Inside the archive, where Electron checks it: not a file that is unpacked, and checked later.
      const text = asar.get(name)?.toString();
      expect(text, `${name} is inside the archive`).toBeDefined();
      const named = [
        /^(?:import|export)\b[^'"`]*['"`]([^'"`]+)['"`]/gm,
        /\b(?:import|require)\w*\(\s*['"`]([^'"`]+)/g,
        /\)\(['"`]([^'"`]+)['"`]\)/g,
      ];
      for (const [, to] of named.flatMap((pattern) => [...text!.matchAll(pattern)])) {
        if (to!.startsWith('.')) follow(posix.join(posix.dirname(name), to!));
        else if (!to!.startsWith('node:')) packages.add(to!);
      }
      expect(text, name).not.toMatch(/onnxruntime-(node|common)|\bsharp\b|dlopen|\.node\b['"`]/);
    };
    follow(main);
    expect([...packages]).toEqual(['electron']);
    const preload = asar.get('out/preload/preload.cjs')!.toString();
    expect([...preload.matchAll(/\b(?:require|import)\(\s*['"]([^'"]+)/g)].map((match) => match[1])).toEqual(['electron']);
  });

  it('carries no source maps, no sources and no development packages', () => {
    const names = files().map((file) => relative(program, file));
    expect(names.filter((name) => /\.map$|(^|\/)src-(main|renderer)\/|(^|\/)tests\//.test(name))).toEqual([]);
    for (const name of ['electron', 'electron-vite', 'vitest', 'typescript', 'playwright-core'])
      expect(existsSync(join(real, 'node_modules', name)), name).toBe(false);
    expect(names.filter((name) => name.endsWith('.pak'))).toEqual(['locales/en-US.pak']);
  });

  it('has the fuses of the security checklist', async () => {
    const wire = await getCurrentFuseWire(join(program, 'hairline'));
    expect(wire.version).toBe(FuseVersion.V1);
    const on = (fuse: FuseV1Options): boolean => (wire as unknown as Record<number, FuseState>)[fuse] === FuseState.ENABLE;
    expect(on(FuseV1Options.RunAsNode)).toBe(false);
    expect(on(FuseV1Options.EnableNodeOptionsEnvironmentVariable)).toBe(false);
    expect(on(FuseV1Options.EnableNodeCliInspectArguments)).toBe(false);
    expect(on(FuseV1Options.GrantFileProtocolExtraPrivileges)).toBe(false);
    expect(on(FuseV1Options.EnableCookieEncryption)).toBe(true);
    expect(on(FuseV1Options.OnlyLoadAppFromAsar)).toBe(true);
    expect(on(FuseV1Options.EnableEmbeddedAsarIntegrityValidation)).toBe(true);
  });

  it('carries the Node that is pinned, and its licence', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'carried-node/package.json'), 'utf8')) as {
      optionalDependencies: Record<string, string>;
    };
    expect(node(['-p', 'process.version'], folder, carried()).trim()).toBe(`v${optionalDependencies[`node-linux-${process.arch}`]}`);
    expect(asar.get('licences/Node.js.txt')!.toString()).toMatch(/^Node\.js is licensed for use as follows/);
  });

  it('loads its native packages from the unpacked tree alone', () => {
    const script = `import ort from 'onnxruntime-node'; import sharp from 'sharp';
       const png = await sharp({ create: { width: 2, height: 3, channels: 3, background: '#fff' } }).png().toBuffer();
       console.log(typeof ort.InferenceSession.create, png.readUInt32BE(16), png.readUInt32BE(20));`;
    expect(node(['--input-type=module', '-e', script], join(real, 'out/engine'), carried()).trim()).toBe('function 2 3');
  });

  /** Electron's main process as it runs in the package; only the module `electron` is a stand-in. */
  const start = async (): Promise<StandIn> => {
    vi.resetModules();
    vi.doMock('electron', () => import('./stand-in.ts'));
    const electron = (await import('electron')) as unknown as StandIn;
    electron.app.isPackaged = true;
    Object.assign(process, { resourcesPath: join(program, 'resources') });
    await import('../../src-main/electron/main.ts');
    await electron.app.becomeReady();
    for (let i = 0; i < 600 && electron.record.windows.length + electron.record.errorBoxes.length === 0; i++) await sleep(50);
    return electron;
  };
  const quit = async ({ app, record }: StandIn): Promise<void> => {
    app.quit();
    for (let i = 0; i < 600 && record.exits.length === 0; i++) await sleep(50);
    expect(record.exits).toEqual([0]);
  };

  it('starts its engine with the Node that it carries and with nothing else from the environment, and the engine works', async () => {
    const mounted = '/tmp/.mount_Hairline';
    vi.stubEnv('NODE_OPTIONS', '--require /absent/evil.cjs');
    vi.stubEnv('ELECTRON_RUN_AS_NODE', '1');
    vi.stubEnv('APPDIR', mounted);
    vi.stubEnv('LD_LIBRARY_PATH', `${mounted}/usr/lib:/usr/local/cuda/lib64`);
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '0');
    const before = new Set(children());
    const electron = await start();
    expect(electron.record.errorBoxes).toEqual([]);
    const call = async <N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> => {
      const answer = (await electron.ipcRenderer.invoke('hairline:call', name, input)) as { ok: boolean; value: CallOut<N> };
      expect(answer).toMatchObject({ ok: true });
      return answer.value;
    };
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await call('about', {})).toMatchObject({ hairline: version, host: 'electron' });

    const engines = children().filter((pid) => !before.has(pid));
    expect(engines).toHaveLength(1);
    expect(readlinkSync(`/proc/${engines[0]}/exe`)).toBe(carried());
    const environment = Object.fromEntries(
      readFileSync(`/proc/${engines[0]}/environ`, 'utf8')
        .split('\0')
        .filter(Boolean)
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    expect(environment).toMatchObject({
      ORT_DISABLE_TELEMETRY: '1',
      LD_LIBRARY_PATH: '/usr/local/cuda/lib64',
      CUDA_VISIBLE_DEVICES: '0',
      PATH: process.env['PATH'],
    });
    expect(Object.keys(environment).filter((name) => /^(NODE_|ELECTRON_|VITEST|npm_|APPDIR|LD_PRELOAD)/i.test(name))).toEqual([]);

    const { model, images, labels } = await call('sample', {} as CallIn<'sample'>);
    expect(model.startsWith(real)).toBe(true);
    const card = await call('inspect', { model } as CallIn<'inspect'>);
    const list = await call('images', { paths: images, labels, offset: 0, limit: 2 } as CallIn<'images'>);
    const picture = await electron.record.protocols.get('app')!({
      url: `app://bundle/picture?${encodeURIComponent(JSON.stringify({ kind: 'image', image: list.images[0]!.id }))}`,
      method: 'GET',
    });
    expect(Buffer.from(await picture.arrayBuffer()).toString('latin1', 1, 4)).toBe('PNG');
    // The derived graph and the original file, both run by onnxruntime in a worker thread.
    const check = await call('gradcheck', { model, preprocessing: card.preprocessing, images: images.slice(0, 1) } as CallIn<'gradcheck'>);
    expect(check!.forwardError).toBeLessThan(1e-4);
    expect(check!.directions).toBeGreaterThan(0);
    await quit(electron);
  });

  const engineFile = (): string => join(real, 'out/engine/engine.js');
  const aside = (): string => join(folder, 'aside');
  const text = 'export const changed = 1;\n';
  it.each<[what: string, change: () => void, undo: () => void, sentence: RegExp]>([
    [
      'a byte of a native library',
      () => flip(join(real, 'node_modules/onnxruntime-node/bin/napi-v6/linux', process.arch, 'onnxruntime_binding.node')),
      () => flip(join(real, 'node_modules/onnxruntime-node/bin/napi-v6/linux', process.arch, 'onnxruntime_binding.node')),
      /^node_modules\/onnxruntime-node\/\S+\/onnxruntime_binding\.node was changed since it was packed/,
    ],
    ['a byte of the Node', () => flip(carried()), () => flip(carried()), /^out\/node\/node was changed since it was packed/],
    [
      'a longer script',
      () => (renameSync(engineFile(), aside()), writeFileSync(engineFile(), text)),
      () => renameSync(aside(), engineFile()),
      /^out\/engine\/engine\.js was changed since it was packed/,
    ],
    [
      'a missing script',
      () => renameSync(engineFile(), aside()),
      () => renameSync(aside(), engineFile()),
      /^out\/engine\/engine\.js is missing from Hairline/,
    ],
    [
      'a link to the same bytes',
      () => (renameSync(engineFile(), aside()), symlinkSync(aside(), engineFile())),
      () => (rmSync(engineFile()), renameSync(aside(), engineFile())),
      /^out\/engine\/engine\.js was changed since it was packed/,
    ],
    [
      'a folder in place of a script',
      () => (renameSync(engineFile(), aside()), mkdirSync(engineFile())),
      () => (rmSync(engineFile(), { recursive: true }), renameSync(aside(), engineFile())),
      /^out\/engine\/engine\.js is missing from Hairline/,
    ],
    [
      'an added package',
      () => (mkdirSync(join(real, 'node_modules/evil')), writeFileSync(join(real, 'node_modules/evil/index.js'), text)),
      () => rmSync(join(real, 'node_modules/evil'), { recursive: true }),
      /^node_modules\/evil\/index\.js was added to Hairline since it was packed/,
    ],
    [
      'an added file without an ending',
      () => writeFileSync(join(real, 'node_modules/ws/lib/sender'), text),
      () => rmSync(join(real, 'node_modules/ws/lib/sender')),
      /^node_modules\/ws\/lib\/sender was added/,
    ],
    [
      'an added link to a folder',
      () => symlinkSync('/tmp', join(real, 'out/engine/node_modules')),
      () => rmSync(join(real, 'out/engine/node_modules')),
      /^out\/engine\/node_modules was added/,
    ],
    [
      'everything taken away',
      () => renameSync(real, aside()),
      () => renameSync(aside(), real),
      /^app\.asar\.unpacked cannot be read \(ENOENT\)/,
    ],
    [
      'a list that was changed',
      () => flip(join(program, 'resources/app.asar'), 16),
      () => flip(join(program, 'resources/app.asar'), 16),
      /^app\.asar was changed since it was packed/,
    ],
  ])('refuses to start after %s, in one sentence', async (_what, change, undo, sentence) => {
    const before = new Set(children());
    change();
    try {
      const { record } = await start();
      expect(record.errorBoxes).toHaveLength(1);
      const said = record.errorBoxes[0]!.replace(/^Hairline cannot start: /, '');
      expect(said).toMatch(sentence);
      expect(said).toMatch(/^[^\n]*: install Hairline again\.$/);
      expect(record.windows).toEqual([]);
      expect(record.exits).toEqual([1]);
      expect(children().filter((pid) => !before.has(pid))).toEqual([]);
    } finally {
      undo();
    }
  });

  it('starts again once all is as it was, and with what a file manager left', async () => {
    writeFileSync(join(real, 'assets/.DS_Store'), '');
    const electron = await start();
    expect(electron.record.errorBoxes).toEqual([]);
    expect(electron.record.windows).toHaveLength(1);
    await quit(electron);
  });
});
