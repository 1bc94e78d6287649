// node tests/all.mjs FILE: runs tests that otherwise try a part of their cases, with all of them.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status, signal } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, HAIRLINE_TESTS: 'all' },
});
process.exitCode = signal ? 1 : (status ?? 1);
