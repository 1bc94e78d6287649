import { tmpdir } from 'node:os';
import { join } from 'node:path';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { drawnBy } from './scripts/drawn-by.mjs';

// Inherited by every process of the tests; src-main/runtime/telemetry.ts says why.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
// What tells this installation's audits is not looked for among the data of whoever runs the tests.
process.env['HAIRLINE_DATA'] ??= join(tmpdir(), 'hairline-tests-data');

/** Tests that run the built program as its users do, process by process: too slow for `npm run check`. */
const WHOLE = [
  'tests/cli/**/*.test.ts',
  'tests/electron/packaging.test.ts',
  'tests/offline/program.test.ts',
  'tests/offline/hostile.test.ts',
  'tests/fuzz/short.test.ts',
];
/** Tests that replace modules, globals or the environment, watch what is loaded, measure the memory of their process, or keep a folder for a module of theirs. */
const ALONE = [
  'tests/{electron,renderer}/**/*.test.ts',
  'tests/engine/explore.test.ts',
  'tests/images/sharp.test.ts',
  'tests/audit/verify/{forgeries,honest}.test.ts',
  'tests/runtime/{memory,webgpu}.test.ts',
];
/** Published models against what the libraries reach on them, minutes each: `npm run oracles`. */
const ORACLES = ['tests/e2e/shared.test.ts', 'tests/attacks/{oracles,deepfool-reference,verified,balda-lenet}.test.ts'];
const LIMITS = { testTimeout: 60_000, hookTimeout: 60_000 };

/**
 * Forks, because onnxruntime aborts the whole process when a thread that runs it is ended.
 * Two files at a time: the tests measure nothing, but a model run already fills the cores, and a third only makes all of them slow.
 */
export default defineConfig({
  plugins: [vue()],
  define: drawnBy(import.meta.dirname),
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // A file for the script that counts (.ci/run); people read the first.
    reporters: process.env['TEST_REPORT'] ? ['default', ['json', { outputFile: process.env['TEST_REPORT'] }]] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/e2e/**', ...WHOLE, ...ALONE, ...ORACLES],
          // Starting a process and loading the code takes longer than most of these files do.
          isolate: false,
          ...LIMITS,
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, exclude: WHOLE, ...LIMITS },
      },
      {
        extends: true,
        test: {
          name: 'program',
          include: WHOLE,
          // The built program is run as it is.
          server: { deps: { external: [/\/out\/main\//] } },
          ...LIMITS,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          exclude: ORACLES,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: { name: 'oracles', include: ORACLES, testTimeout: 180_000, hookTimeout: 120_000 },
      },
    ],
  },
});
