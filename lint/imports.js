import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

/** The repository a linted file belongs to: the nearest folder above with a package.json. */
export function rootOf(/** @type {string} */ file) {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) return folder;
    folder = dirname(folder);
  }
  return folder;
}

/** A path as sentences and tables have it, whatever the system. */
export const shownPath = (/** @type {string} */ root, /** @type {string} */ file) => relative(root, file).split(sep).join('/');

/** The file that a relative import names. Vite's `?raw` and the like are no part of it. */
export const importedFile = (/** @type {string} */ from, /** @type {string} */ specifier) =>
  resolve(dirname(from), specifier.replace(/\?.*$/, ''));

/**
 * Listens to everything that brings another module in: imports, re-exports, `import()`, `require`, and types.
 * @param {(source: any) => void} visit told the node of what stands between the quotes
 * @returns {import('eslint').Rule.RuleListener}
 */
export function everyImport(visit) {
  const check = (/** @type {any} */ source) => {
    if (typeof source?.value === 'string') visit(source);
  };
  /** @type {any} */
  const listener = {
    ImportDeclaration: (/** @type {any} */ node) => check(node.source),
    ExportAllDeclaration: (/** @type {any} */ node) => check(node.source),
    ExportNamedDeclaration: (/** @type {any} */ node) => check(node.source),
    ImportExpression: (/** @type {any} */ node) => check(node.source),
    CallExpression(/** @type {any} */ node) {
      if (node.callee.type === 'Identifier' && /require$/i.test(node.callee.name)) check(node.arguments[0]);
    },
    // import('x').Y as a type
    TSImportType: (/** @type {any} */ node) => check(node.source ?? node.argument?.literal),
  };
  return listener;
}

/** The relative imports of a file on the disk, types included; none of a file that is not there. */
export function importsOf(/** @type {string} */ file) {
  if (!/\.(ts|js|mjs|vue)$/.test(file) || !existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  const script = file.endsWith('.vue') ? Array.from(text.matchAll(/<script[^>]*>(.*?)<\/script>/gs), ([, code]) => code).join('\n') : text;
  const named = ts.preProcessFile(script, true, true).importedFiles.map(({ fileName }) => fileName);
  return named.filter((name) => name.startsWith('.')).map((name) => importedFile(file, name));
}
