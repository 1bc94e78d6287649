/**
 * `node scripts/connections.mjs`: what in Hairline and in each package that ships with it could open a connection. It lists files
 * that name a module or a function of the network, and native libraries that import the system's resolver or hold the names of
 * collectors. A hit is a place to look at, no proof; docs/offline.md says what was found there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CODE = /\.[cm]?js$/;
const NATIVE = /\.(node|dll|dylib)$|\.so(\.[\d.]+)?$/;
const NODE = /(?:require\(|from\s*|import\(?\s*)['"`](?:node:)?(https?|http2|net|tls|dns|dgram)(?:\/promises)?['"`]/g;
const PAGE = /(?<![\w.#])(fetch(?=\()|XMLHttpRequest|WebSocket(?=\()|sendBeacon|EventSource(?=\()|RTCPeerConnection)/g;
const BYTES = [
  'getaddrinfo',
  'WinHttpOpen',
  'curl_easy_perform',
  'events.data.microsoft.com',
  '/etc/machine-id',
  'IOPlatformUUID',
  'EventRegister',
  'ORT_DISABLE_TELEMETRY',
];

/** Packages that ship: what package.json depends on and all below it, as far as it is installed here. @returns {string[]} folders relative to the repository */
export function shipped(root = ROOT) {
  /** @type {Record<string, { dev?: boolean }>} */
  const packages = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.keys(packages).filter((path) => path !== '' && !packages[path]?.dev);
}

/** @returns {string[]} one line for each kind of hit: `what: files` */
function look(/** @type {string} */ folder) {
  /** @type {Map<string, string[]>} */
  const found = new Map();
  const hit = (/** @type {string} */ what, /** @type {string} */ file) =>
    found.set(what, [...new Set([...(found.get(what) ?? []), relative(folder, file)])]);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    // Packages inside a package have a line of their own.
    if (!entry.isFile() || relative(folder, file).includes('node_modules')) continue;
    if (CODE.test(entry.name)) {
      const text = readFileSync(file, 'utf8');
      for (const [, what] of [...text.matchAll(NODE), ...text.matchAll(PAGE)]) hit(/** @type {string} */ (what), file);
    } else if (NATIVE.test(entry.name)) {
      const bytes = readFileSync(file);
      for (const what of BYTES) if (bytes.includes(what)) hit(what, file);
    }
  }
  return [...found].map(
    ([what, files]) => `  ${what}: ${files.slice(0, 4).join(', ')}${files.length > 4 ? `, and ${files.length - 4} more` : ''}`,
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  // What the build has put together, the window's packages (vue, pinia, reka-ui) included; then the packages beside it.
  for (const path of ['out/main', 'out/renderer', ...shipped()]) {
    const folder = join(ROOT, path);
    if (!existsSync(folder)) continue;
    const lines = look(folder);
    console.log(`${path.replace(/^node_modules\//, '')}${lines.length === 0 ? ': nothing' : `\n${lines.join('\n')}`}`);
  }
}
