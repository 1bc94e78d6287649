/**
 * Adds the CUDA libraries of onnxruntime-node, which are too large for the npm registry.
 *
 *   npm run setup:cuda                         from the NuGet feed; exit code 1 when that fails
 *   npm run setup:cuda -- --from FILE.nupkg    from a package fetched elsewhere, for machines without network
 *   node scripts/setup-cuda.mjs --best-effort  what `npm install` runs: never fails, tries only with an NVIDIA driver,
 *                                              and not at all with HAIRLINE_SKIP_CUDA=1 in the environment
 *
 * The package's own install script is denied in package.json ("allowScripts"): it fails the whole
 * `npm ci` where the feed cannot be reached, although the CPU provider needs nothing from it.
 */
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { reachable, run } from './world.mjs';

const LIBRARIES = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so', 'libonnxruntime_providers_tensorrt.so'];
const HOW = '`npm run setup:cuda` adds CUDA (with `-- --from FILE.nupkg` on a machine without network)';

/**
 * The machine as the script sees it; tests hand in another one.
 * @typedef {{ platform: string, arch: string, drivers: string[], package: string, feed: string, env: NodeJS.ProcessEnv }} World
 */

/** @returns {World} */
export function thisMachine() {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  return {
    platform: process.platform,
    arch: process.arch,
    // The second is how Windows lends its driver to Linux under WSL.
    drivers: ['/proc/driver/nvidia/version', '/usr/lib/wsl/lib/libcuda.so.1'],
    package: join(root, 'node_modules', 'onnxruntime-node'),
    feed: 'https://api.nuget.org/v3/index.json',
    env: process.env,
  };
}

/**
 * Does what the arguments ask for.
 * @param {string[]} argv
 * @param {World} world
 * @returns {Promise<{ ok: boolean, say: string | null }>} ok: CUDA's libraries are in place, or nothing was to do; say: one sentence.
 */
export async function setupCuda(argv, world) {
  const bestEffort = argv.includes('--best-effort');
  const at = argv.indexOf('--from');
  const target = join(world.package, 'bin', 'napi-v6', 'linux', 'x64');
  const complete = () => LIBRARIES.every((name) => existsSync(join(target, name)));

  if (world.platform !== 'linux' || world.arch !== 'x64') {
    if (bestEffort) return { ok: true, say: null };
    return { ok: false, say: 'CUDA is available on Linux x64 only; on Windows use the provider `dml`, on a Mac `coreml`.' };
  }
  if (!existsSync(world.package)) {
    if (bestEffort) return { ok: true, say: null };
    return { ok: false, say: 'onnxruntime-node is not installed: run `npm ci` first.' };
  }
  if (at >= 0) return fromFile(argv[at + 1], world.package, target, complete);
  if (complete()) return { ok: true, say: bestEffort ? null : `CUDA's libraries are already in ${target}.` };
  if (bestEffort && !world.drivers.some((file) => existsSync(file))) {
    return { ok: true, say: `Hairline will run on the CPU, as no NVIDIA driver was found; ${HOW}.` };
  }

  if (bestEffort && world.env['HAIRLINE_SKIP_CUDA'])
    return { ok: true, say: `CUDA's libraries are not fetched, as HAIRLINE_SKIP_CUDA is set; ${HOW}.` };

  if (!(await reachable(world.feed, 10_000))) {
    return { ok: false, say: `CUDA's libraries were not fetched, because ${world.feed} cannot be reached; ${HOW}.` };
  }
  // `true` and not `cuda12`: the package's flag parser answers the latter with a silent nothing under npm.
  const end = await run(process.execPath, [join(world.package, 'script', 'install.js')], {
    env: { ONNXRUNTIME_NODE_INSTALL: 'true' },
    limit: (bestEffort ? 10 : 60) * 60_000,
    quiet: bestEffort,
  });
  if (complete()) return { ok: true, say: `CUDA's libraries are in place; they need CUDA 12 and cuDNN 9 on this machine.` };
  const why = end.timedOut ? 'the download took too long' : `its install script ended with code ${end.code}`;
  return { ok: false, say: `CUDA's libraries were not fetched, because ${why}; ${HOW}.` };
}

/** Takes the three libraries out of a NuGet package, which is a zip file. */
function fromFile(
  /** @type {string | undefined} */ file,
  /** @type {string} */ folder,
  /** @type {string} */ target,
  /** @type {() => boolean} */ complete,
) {
  const bad = (/** @type {string} */ say) => ({ ok: false, say });
  if (!file || !existsSync(file)) return bad(`--from needs a file that exists: ${file ?? '(none given)'}.`);
  // The package brings its own unzipper; its place in node_modules is npm's affair.
  const load = createRequire(join(realpathSync(folder), 'package.json'));
  /** @type {string} */
  const version = load('./package.json').version;
  const wanted = `Microsoft.ML.OnnxRuntime.Gpu.Linux ${version}`;
  let zip;
  try {
    zip = new (load('adm-zip'))(file);
  } catch {
    return bad(`${file} is not a NuGet package; get ${wanted} from nuget.org.`);
  }
  const nuspec = zip.getEntries().find((/** @type {{ entryName: string }} */ entry) => /^[^/]+\.nuspec$/.test(entry.entryName));
  const found = nuspec && /<version>([^<]+)<\/version>/.exec(zip.readAsText(nuspec))?.[1];
  if (found !== version) return bad(`${file} holds version ${found ?? 'unknown'}; this program needs ${wanted}.`);
  mkdirSync(target, { recursive: true });
  for (const name of LIBRARIES) {
    const entry = zip.getEntry(`runtimes/linux-x64/native/${name}`);
    if (!entry) return bad(`${file} does not hold ${name}; get ${wanted} from nuget.org.`);
    zip.extractEntryTo(entry, target, false, true);
  }
  if (!complete()) return bad(`The libraries could not be written to ${target}.`);
  return { ok: true, say: `CUDA's libraries are in place; they need CUDA 12 and cuDNN 9 on this machine.` };
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const argv = process.argv.slice(2);
  const bestEffort = argv.includes('--best-effort');
  /** @type {{ ok: boolean, say: string | null }} */
  let end;
  try {
    end = await setupCuda(argv, thisMachine());
  } catch (error) {
    end = { ok: false, say: `CUDA's libraries were not added: ${error instanceof Error ? error.message : error}; ${HOW}.` };
  }
  if (end.say) console.log(end.say);
  process.exitCode = end.ok || bestEffort ? 0 : 1;
}
