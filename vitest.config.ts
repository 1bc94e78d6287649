import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

/** Tests that run the built program as its users do, process by process: too slow for `npm run check`. */
const WHOLE = ['tests/cli/**/*.test.ts', 'tests/electron/packaging.test.ts'];

/**
 * Forks, because onnxruntime aborts the whole process when a thread that runs it is ended.
 * Two files at a time: the tests measure nothing, but a model run already fills the cores.
 */
export default defineConfig({
  plugins: [vue()],
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
          exclude: ['tests/e2e/**', ...WHOLE],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'program',
          include: WHOLE,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
