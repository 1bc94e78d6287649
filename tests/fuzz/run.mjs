// npm run fuzz -- [SUITE]... [options]: builds the program, bundles tests/fuzz/main.ts into out/fuzz and runs it in plain Node.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '../..');
// Inherited by the processes under test; src-main/runtime/library.ts says why.
const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1', HAIRLINE_ROOT: root };
const entry = join(root, 'tests/fuzz/main.ts');
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: { ssr: entry, outDir: join(root, 'out/fuzz'), emptyOutDir: false, target: 'node20', sourcemap: true, rolldownOptions: { output: { entryFileNames: 'fuzz.js' } } },
});
const { status, signal } = spawnSync(process.execPath, ['--enable-source-maps', join(root, 'out/fuzz/fuzz.js'), ...process.argv.slice(2)], { stdio: 'inherit', cwd: root, env });
process.exitCode = signal ? 1 : (status ?? 1);
