/**
 * Writes THIRD_PARTY_NOTICES.md: everything that a packaged Hairline carries and did not write itself.
 *
 *   npm run notices              writes the file
 *   npm run notices -- --check   exit code 1 when the file is not what this script would write
 *
 * The file must not depend on the machine that writes it. What is listed comes from package-lock.json,
 * which holds every platform; the texts come from node_modules, except those of packages for one platform.
 */
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { pinnedNodes } from './carried-node.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Development dependencies that the build puts into the window, and that therefore ship too. */
export const BUNDLED = ['vue', 'pinia', 'reka-ui', 'tailwindcss', '@fontsource/inter', '@fontsource/jetbrains-mono'];

/** @typedef {{ version: string, license?: string, dev?: boolean, optional?: boolean, dependencies?: Record<string, string> }} Locked */

/** The place of a dependency in the lock file, looked up as Node does: from the innermost folder outwards. */
function find(/** @type {Record<string, Locked>} */ lock, /** @type {string} */ from, /** @type {string} */ name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const key = `${folder ? `${folder}/` : ''}node_modules/${name}`;
    if (lock[key]) return key;
    if (!folder) return null;
  }
}

/** Lock file keys of everything that ships, sorted. */
export function shipped(/** @type {Record<string, Locked>} */ lock) {
  const keys = new Set(Object.keys(lock).filter((key) => key && !lock[key]?.dev));
  const walk = (/** @type {string} */ key) => {
    if (keys.has(key)) return;
    keys.add(key);
    for (const name of Object.keys(lock[key]?.dependencies ?? {})) {
      const next = find(lock, key, name);
      if (next) walk(next);
    }
  };
  for (const name of BUNDLED) walk(`node_modules/${name}`);
  // Type declarations are gone after the build.
  return [...keys].filter((key) => !/node_modules\/(@types\/[^/]+|csstype)$/.test(key)).sort();
}

/** The licence texts and notices inside a package, in a fixed order. */
function texts(/** @type {string} */ folder) {
  const names = readdirSync(folder).filter((name) => /^(licen[cs]es?|notices?|copying|third.?party.?notices)\b/i.test(name));
  const files = names.flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? readdirSync(path).map((inner) => join(path, inner)) : [path];
  });
  return files.sort().map((file) =>
    readFileSync(file, 'utf8')
      .replace(/\r\n/g, '\n')
      .replace(/[ \t]+$/gm, '')
      .trim(),
  );
}

/** One version for every system, so that what is tested on one ships on all. */
function nodeVersion() {
  const versions = [...new Set(Object.values(pinnedNodes()))];
  if (versions.length !== 1) throw new Error(`carried-node/package.json pins several versions of Node: ${versions.join(', ')}.`);
  return versions[0];
}

/** The whole document. */
export function notices(root = ROOT) {
  /** @type {Record<string, Locked>} */
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  /** @type {Map<string, string[]>} */
  const users = new Map();
  const rows = shipped(lock).map((key) => {
    const { version, license, optional } = /** @type {Locked} */ (lock[key]);
    const name = `${key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length)} ${version}`;
    // Among what ships, npm calls optional what is there on one platform only.
    const onePlatform = optional === true;
    if (!onePlatform) {
      if (!existsSync(join(root, key))) throw new Error(`${key} is not installed: run \`npm ci\` first.`);
      for (const text of texts(join(root, key))) users.set(text, [...(users.get(text) ?? []), name]);
    }
    const own =
      existsSync(join(root, key, 'package.json')) && !onePlatform ? JSON.parse(readFileSync(join(root, key, 'package.json'), 'utf8')) : {};
    const declared = license ?? own.license ?? [...users].find(([, names]) => names.includes(name))?.[0].split('\n')[0] ?? 'not declared';
    return `| ${name} | ${declared} |${onePlatform ? ' on some platforms' : ''} |`;
  });
  const unique = [...new Set(rows)];
  return `# Third-party notices

Hairline is licensed under Apache-2.0 (LICENSE). A packaged Hairline carries the works below, each under its own
licence. \`npm run notices\` writes this file from package-lock.json and the installed packages.

- Electron and Chromium: their licences lie beside the program as LICENSE.electron.txt and LICENSES.chromium.html.
- Node.js ${nodeVersion()}, which runs the engine, as the npm packages ${Object.keys(pinnedNodes()).join(', ')} carry it: MIT, with
  parts under other licences; all of them are in licences/Node.js.txt.
- libvips and what it is built from, inside the packages @img/sharp-*: LGPL-3.0-or-later (licences/LGPL-3.0.txt, which adds
  to licences/GPL-3.0.txt). It is a shared library of its own that may be replaced; its source and the list of its
  parts are at https://github.com/lovell/sharp-libvips.
- ONNX Runtime, inside onnxruntime-node: MIT, Copyright (c) Microsoft Corporation; its own third-party notices are at
  https://github.com/microsoft/onnxruntime/blob/main/ThirdPartyNotices.txt.
- The fonts Inter and JetBrains Mono, in assets/fonts and in the window: SIL Open Font License 1.1, beside the fonts and below.

## Packages

| Package | Licence | |
| --- | --- | --- |
${unique.join('\n')}

## Texts

Packages that declare the MIT licence and carry no file of it:

${fence(MIT)}

${[...users]
  .sort(([a, namesA], [b, namesB]) => (namesA[0] ?? '').localeCompare(namesB[0] ?? '', 'en') || (a < b ? -1 : 1))
  .map(([text, names]) => `### ${[...new Set(names)].join(', ')}\n\n${fence(text)}`)
  .join('\n\n')}
`;
}

/** A fence longer than any inside. */
function fence(/** @type {string} */ text) {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const marks = '`'.repeat(longest + 1);
  return `${marks}text\n${text}\n${marks}`;
}

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(ROOT, 'THIRD_PARTY_NOTICES.md');
  const text = notices();
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (!existsSync(file) || readFileSync(file, 'utf8').replace(/\r\n/g, '\n') !== text) {
    console.error('THIRD_PARTY_NOTICES.md is out of date: run `npm run notices`.');
    process.exitCode = 1;
  }
}
