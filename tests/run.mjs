// npm run fuzz | kills -- [options]: bundles tests/NAME/main.ts into out/tests and runs it in plain Node, on the built program.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '..');
const [name = '', ...options] = process.argv.slice(2);
// Inherited by the processes under test; src-main/runtime/telemetry.ts says why.
const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1', HAIRLINE_ROOT: root };
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    ssr: join(root, 'tests', name, 'main.ts'),
    outDir: join(root, 'out/tests'),
    emptyOutDir: false,
    target: 'node20',
    sourcemap: true,
    rolldownOptions: { output: { entryFileNames: `${name}.js` } },
  },
});
const { status, signal } = spawnSync(process.execPath, ['--enable-source-maps', join(root, 'out/tests', `${name}.js`), ...options], {
  stdio: 'inherit',
  cwd: root,
  env,
});
process.exitCode = signal ? 1 : (status ?? 1);
