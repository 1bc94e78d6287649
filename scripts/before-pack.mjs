/**
 * Called by electron-builder before it packs for one system: lays ready what the engine consists of besides its packages.
 *
 *   out/engine   the engine's code once more. It lies outside the archive, while the window's process loads only what is inside.
 *   out/node     the Node that runs it
 */
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Arch } from 'electron-builder';
import { carriedNode } from './carried-node.mjs';

const OUT = join(dirname(dirname(fileURLToPath(import.meta.url))), 'out');

export default async function beforePack(/** @type {{ arch: number, electronPlatformName: string }} */ { arch, electronPlatformName }) {
  const engine = join(OUT, 'engine');
  rmSync(engine, { recursive: true, force: true });
  cpSync(join(OUT, 'main'), engine, {
    recursive: true,
    filter: (file) => !/\.map$/.test(file) && !['electron.js', 'cli.js'].includes(basename(file)),
  });
  // The package.json with this word stays inside the archive.
  writeFileSync(join(engine, 'package.json'), '{ "type": "module" }\n');

  const node = join(OUT, 'node');
  rmSync(node, { recursive: true, force: true });
  mkdirSync(node);
  const { file } = await carriedNode(
    /** @type {NodeJS.Platform} */ (electronPlatformName),
    /** @type {NodeJS.Architecture} */ (Arch[arch]),
  );
  copyFileSync(file, join(node, basename(file)));
  chmodSync(join(node, basename(file)), 0o755);
}
