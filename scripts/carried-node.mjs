/**
 * The Node.js that a packaged Hairline carries. The folder carried-node pins one version of it, as npm packages with their
 * checksums, for every system that Hairline is packaged for; it is installed apart from everything else, since its packages
 * put a program named `node` on npm's path. Fetched once, when a package is made or tested.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { run } from './world.mjs';

const FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), 'carried-node');

/** The npm package of a system's Node; the makers of these packages name the Mac's otherwise. */
function packageOf(/** @type {string} */ platform, /** @type {string} */ arch) {
  return platform === 'darwin' ? `node-bin-darwin-${arch}` : `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

/** Versions by package, as they are pinned. */
export function pinnedNodes() {
  /** @type {Record<string, string>} */
  const pinned = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')).optionalDependencies;
  return pinned;
}

/**
 * The executable for a system, which need not be this one.
 * @throws Error when Hairline carries no Node for it, or when it is not here and cannot be fetched.
 */
export async function carriedNode(platform = process.platform, arch = process.arch) {
  const name = packageOf(platform, arch);
  const version = pinnedNodes()[name];
  if (!version) throw new Error(`Hairline is not packaged for ${platform} on ${arch}: carried-node/package.json names no Node for it.`);
  const installed = join(FOLDER, 'node_modules', name);
  const file = join(installed, 'bin', platform === 'win32' ? 'node.exe' : 'node');
  if (versionIn(installed) === version && existsSync(file)) return { file, version };

  // `ci` takes what the lock file says and checks its checksums.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', `--os=${platform}`, `--cpu=${arch}`];
  const { code } = await npm(args);
  if (versionIn(installed) !== version || !existsSync(file))
    throw new Error(
      `The Node that Hairline carries (${name} ${version}) could not be fetched from npm's registry (npm ended with ${code}).`,
    );
  return { file, version };
}

function versionIn(/** @type {string} */ folder) {
  const note = join(folder, 'package.json');
  return existsSync(note) ? JSON.parse(readFileSync(note, 'utf8')).version : null;
}

/** npm itself by its file where npm runs this; on Windows its name is a script, which only a shell starts. */
function npm(/** @type {string[]} */ args) {
  const options = { cwd: FOLDER, limit: 10 * 60_000, quiet: true };
  const self = process.env['npm_execpath'];
  if (self && /\.c?js$/.test(self)) return run(process.execPath, [self, ...args], options);
  return run('npm', args, { ...options, shell: process.platform === 'win32' });
}
