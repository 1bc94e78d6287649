import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUNDLED, notices, shipped } from '../../scripts/notices.mjs';

const root = resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const dependencies = Object.keys(manifest.dependencies);

/** Names of the packages that the code of a folder imports when it runs (types are gone by then). */
function imports(folder: string): Set<string> {
  const found = new Set<string>();
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(ts|vue|css)$/.test(entry.name) || entry.name.endsWith('.d.ts')) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/^\s*\/\/.*$/gm, '');
    for (const [, clause, specifier] of text.matchAll(/^\s*(?:import|export)\s+([^'";]*?from\s+)?['"]([^'"]+)['"]/gm)) {
      if (!clause?.startsWith('type ')) found.add(specifier!);
    }
    for (const [, specifier] of text.matchAll(/(?:\bimport|\b\w*[rR]equire|@import)\s*\(?\s*['"]([^'"]+)['"]\s*\)?/g))
      found.add(specifier!);
  }
  const bare = [...found].filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !builtinModules.includes(name));
  return new Set(
    bare.map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    ),
  );
}

describe('what ships', () => {
  it('the engine and the hosts find every package they import in the packaged program', () => {
    for (const name of imports('src-main')) expect(['electron', ...dependencies], name).toContain(name);
  });

  it('the window is built from packages that the notices name', () => {
    for (const name of imports('src-renderer')) expect([...dependencies, ...BUNDLED], name).toContain(name);
  });

  it('holds a package that is imported, with all that it needs in turn', () => {
    const lock = {
      '': { version: '0' },
      'node_modules/vue': { version: '3', dev: true, dependencies: { inner: '*' } },
      'node_modules/inner': { version: '1', dev: true },
      'node_modules/vue/node_modules/inner': { version: '2', dev: true, dependencies: { deep: '*', '@types/x': '*' } },
      'node_modules/deep': { version: '1', dev: true },
      'node_modules/@types/x': { version: '1', dev: true },
      'node_modules/tool': { version: '1', dev: true },
      'node_modules/run': { version: '1' },
      ...Object.fromEntries(BUNDLED.slice(1).map((name) => [`node_modules/${name}`, { version: '1', dev: true }])),
    };
    const keys = shipped(lock).filter((key) => !BUNDLED.slice(1).some((name) => key === `node_modules/${name}`));
    expect(keys).toEqual(['node_modules/deep', 'node_modules/run', 'node_modules/vue', 'node_modules/vue/node_modules/inner']);
  });
});

describe('THIRD_PARTY_NOTICES.md', () => {
  const text = readFileSync(join(root, 'THIRD_PARTY_NOTICES.md'), 'utf8').replace(/\r\n/g, '\n');
  it('is what `npm run notices` writes', () => expect(text === notices(root), 'run `npm run notices`').toBe(true));
  it('names every direct dependency in its version', () => {
    for (const [name, version] of Object.entries(manifest.dependencies)) expect(text).toContain(`| ${name} ${version} |`);
  });
  it('names the licence of everything', () => expect(text).not.toContain('not declared'));
});
