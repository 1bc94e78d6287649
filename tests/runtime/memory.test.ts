import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'hairline-memory-'));
/** Inside the repository, where onnxruntime is found. */
const bundle = resolve('node_modules/.hairline-memory');
afterAll(() => {
  for (const path of [folder, bundle]) rmSync(path, { recursive: true, force: true });
});

/** Only a process of its own has a peak of its own. */
beforeAll(() =>
  build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: resolve('bench/memory.ts'),
      outDir: bundle,
      emptyOutDir: true,
      rollupOptions: { output: { entryFileNames: 'memory.mjs' } },
    },
  }),
);
const child = (...args: string[]) =>
  execFileSync(process.execPath, [join(bundle, 'memory.mjs'), ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

it.each(['inline', 'external'])(
  'a large model with %s weights is loaded, differentiated and run by turns with the original in 2.5 times its size',
  (place) => {
    const file = join(folder, `${place}.onnx`);
    child('--write', 'mixed', place, file);
    const size = [file, `${file}.data`].reduce((sum, path) => sum + (existsSync(path) ? statSync(path).size : 0), 0);
    // Node's own 90 MiB shall not decide.
    expect(size).toBeGreaterThan(280 * 2 ** 20);
    const result = JSON.parse(child('--stage', 'all', file, '1')) as { bytes: number; logits: number; slope: number };
    expect(result.bytes / size).toBeLessThan(2.5);
    // Sparing memory changes how the gradient is computed, not what it is.
    expect(result.logits).toBeLessThan(1e-3);
    expect(result.slope).toBeLessThan(2e-2);
    // Tracing neither packs the weights nor reads them.
    const { bytes } = JSON.parse(child('--stage', 'differentiate', file, '1')) as { bytes: number };
    expect(bytes / size).toBeLessThan(0.6);
    for (const path of [file, `${file}.data`]) rmSync(path, { force: true });
  },
);
