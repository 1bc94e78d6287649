// npm run bench -- NAME [options]: bundles bench/NAME.ts into out/bench and runs it in plain Node.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

// Inherited by the benchmark; src-main/runtime/telemetry.ts says why.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

const root = resolve(import.meta.dirname, '..');
const [name = '', ...options] = process.argv.slice(2);
const entry = join(root, 'bench', `${name}.ts`);
if (!/^[\w-]+$/.test(name) || !existsSync(entry)) {
  const names = readdirSync(join(root, 'bench')).flatMap((file) => /^([\w-]+)\.ts$/.exec(file)?.[1] ?? []);
  console.error(`Name a benchmark: npm run bench -- ${names.join(' | ')} [options]; --help tells the options of each.`);
  process.exit(2);
}
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    ssr: entry,
    outDir: join(root, 'out/bench'),
    emptyOutDir: false,
    target: 'node20',
    sourcemap: true,
    rolldownOptions: { output: { entryFileNames: `${name}.js` } },
  },
});
const { status, signal } = spawnSync(process.execPath, ['--enable-source-maps', join(root, 'out/bench', `${name}.js`), ...options], {
  stdio: 'inherit',
  cwd: root,
});
process.exitCode = signal ? 1 : (status ?? 1);
