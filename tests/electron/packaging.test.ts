import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, readdirSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix, relative, resolve } from 'node:path';
import { FuseState, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineClient } from '../../src-main/engine/client.ts';
import { nodeFork } from '../../src-main/engine/fork.ts';
import { engineArguments } from '../../src-main/engine/options.ts';

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
  writeFileSync(join(dist, 'electron'), Buffer.concat([Buffer.alloc(4096), marker, Buffer.from([1, 9]), Buffer.from('101100101'), Buffer.alloc(64)]));
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

function node(args: string[], cwd = ROOT): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 120_000 });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

const reason = process.platform === 'linux' ? '' : ' (skipped: the stand-in for Electron is made for Linux)';

describe.skipIf(reason !== '')(`the packaged program${reason}`, () => {
  let folder: string;
  let program: string;
  let asar: Map<string, Buffer>;
  let real: string;

  beforeAll(() => {
    if (!existsSync(join(ROOT, 'out/main/electron.js'))) node(['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn']);
    folder = mkdtempSync(join(tmpdir(), 'hairline-package-'));
    const options = [`-c.electronDist=${standInElectron(folder)}`, `-c.directories.output=${join(folder, 'packed')}`];
    node(['node_modules/electron-builder/cli.js', '--linux', `--${process.arch}`, '--dir', '--publish', 'never', ...options]);
    program = join(folder, 'packed', process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`);
    asar = readAsar(join(program, 'resources/app.asar'));
    real = join(program, 'resources/app.asar.unpacked');
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
      const text = (asar.get(name) ?? readFileSync(join(real, name))).toString();
      for (const [, to] of text.matchAll(/^(?:import|export)\b[^'"]*['"]([^'"]+)['"]/gm)) {
        if (to!.startsWith('.')) follow(posix.join(posix.dirname(name), to!));
        else if (!to!.startsWith('node:')) packages.add(to!);
      }
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

  // No asar support here: what plain Node can run from the unpacked tree, an engine process can too.
  it('loads its native packages from the unpacked tree alone', () => {
    const script = join(real, 'probe.mjs');
    writeFileSync(
      script,
      `import ort from 'onnxruntime-node'; import sharp from 'sharp';
       const png = await sharp({ create: { width: 2, height: 3, channels: 3, background: '#fff' } }).png().toBuffer();
       console.log(typeof ort.InferenceSession.create, png.readUInt32BE(16), png.readUInt32BE(20));`,
    );
    expect(node([script], folder).trim()).toBe('function 2 3');
    rmSync(script);
  });

  it('runs its engine from the unpacked tree alone', async () => {
    const options = { host: 'test', audits: join(folder, 'audits'), assets: join(real, 'assets') } as const;
    const engine = new EngineClient(nodeFork(join(real, 'out/main/engine.js'), engineArguments(options)));
    try {
      const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
      expect(await engine.call('about', {})).toMatchObject({ hairline: version, host: 'test' });
      const { model, images, labels } = await engine.call('sample', {});
      expect(model.startsWith(real)).toBe(true);
      const card = await engine.call('inspect', { model });
      const list = await engine.call('images', { paths: images, labels, offset: 0, limit: 2 });
      const png = await engine.picture({ kind: 'image', image: list.images[0]!.id });
      expect(Buffer.from(png.subarray(1, 4)).toString()).toBe('PNG');
      // The derived graph and the original file, both run by onnxruntime in a worker thread.
      const check = await engine.call('gradcheck', { model, preprocessing: card.preprocessing, images: images.slice(0, 1) });
      expect(check.forwardError).toBeLessThan(1e-4);
      expect(check.directions).toBeGreaterThan(0);
    } finally {
      await engine.close();
    }
  });
});
