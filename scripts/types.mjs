/** `npm run types`: the whole repository through the type checker, Vue templates included. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** Both at once: each keeps one core busy. */
const runs = [
  [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.main.json'],
  [require.resolve('vue-tsc/bin/vue-tsc.js'), '-p', 'tsconfig.renderer.json'],
].map(
  (args) =>
    new Promise((/** @type {(code: number) => void} */ done) => {
      spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }).on('exit', (code) => done(code ?? 1));
    }),
);
process.exitCode = Math.max(...(await Promise.all(runs)));
