import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'hairline-count-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const count = (file: string): [string, number | null] => {
  const end = spawnSync(process.execPath, [join(root, 'scripts/count-tests.mjs'), file], { encoding: 'utf8' });
  return [end.stdout.trim().split('\n').at(-1)!, end.status];
};

it("counts a real run of vitest, with one test of each kind and a file that doesn't load", { timeout: 60_000 }, () => {
  const header = "import { expect, it } from 'vitest';\n";
  writeFileSync(join(folder, 'a.test.js'), `${header}it('a', () => {});\nit('b', () => {});\nit.skip('c', () => {});\nit.todo('d');`);
  const vitest = (): void => {
    const vite = join(root, 'node_modules/vitest/vitest.mjs');
    const env = { ...process.env, NODE_PATH: join(root, 'node_modules') };
    // Run from the repository, where vitest is found; the configuration of the repository is not asked.
    spawnSync(
      process.execPath,
      [vite, 'run', '--root', folder, '--config', join(folder, 'none.mjs'), '--reporter=json', '--outputFile', join(folder, 'out.json')],
      { env },
    );
  };
  const alias = `{ test: { alias: { vitest: ${JSON.stringify(join(root, 'node_modules/vitest/dist/index.js'))} } } }`;
  writeFileSync(join(folder, 'none.mjs'), `export default ${alias};`);
  vitest();
  expect(count(join(folder, 'out.json'))).toEqual(['2 passed, 0 failed, 2 skipped', 0]);
  writeFileSync(join(folder, 'b.test.js'), `${header}it('a', () => expect(1).toBe(2));`);
  writeFileSync(join(folder, 'c.test.js'), `import './missing.js';`);
  vitest();
  expect(count(join(folder, 'out.json'))).toEqual(['2 passed, 2 failed, 2 skipped', 1]);
});

it('takes no report, or a report of no test, for a failure', () => {
  expect(count(join(folder, 'gone.json'))).toEqual(['0 passed, 1 failed', 1]);
  writeFileSync(join(folder, 'empty.json'), JSON.stringify({ success: true, testResults: [] }));
  expect(count(join(folder, 'empty.json'))).toEqual(['0 passed, 0 failed', 1]);
});
