/**
 * `npm run loops`: compiles src-main/simd/assembly/loops.ts into src-main/simd/loops.wasm.ts, which lies in the repository so that
 * nobody needs the compiler who does not change the loops. A test compiles it again and compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCE = join(ROOT, 'src-main/simd/assembly/loops.ts');
export const COMPILED = join(ROOT, 'src-main/simd/loops.wasm.ts');

/** @returns what COMPILED must hold @throws Error with the compiler's words where the source is wrong */
export async function compiled() {
  /** @type {Uint8Array | null} */
  let bytes = null;
  const { error, stderr } = await asc.main(
    ['loops.ts', '-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--outFile', 'loops.wasm'],
    {
      readFile: (name) => (name === 'loops.ts' ? readFileSync(SOURCE, 'utf8') : null),
      writeFile: (_, contents) => void (bytes = /** @type {Uint8Array} */ (contents)),
      listFiles: () => [],
    },
  );
  if (error || !bytes) throw new Error(`${error?.message ?? 'nothing was compiled'}\n${stderr.toString()}`);
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,128}/g) ?? [];
  return `/** assembly/loops.ts, compiled by \`npm run loops\`: do not edit. */\nexport const WASM = [\n${lines.map((line) => `  '${line}',\n`).join('')}].join('');\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(COMPILED, await compiled());
