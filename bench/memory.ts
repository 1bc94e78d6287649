import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { LARGE, writeLarge } from './memory/models.ts';
import { STAGES } from './memory/stages.ts';

const HELP = `Peak of memory with models of about 500 MB, each stage in a process of its own.

  npm run bench -- memory [options]
    --models LIST   out of ${Object.keys(LARGE).join(', ')} (default: all)
    --stages LIST   out of ${Object.keys(STAGES).join(', ')} (default: all)
    --rows N        pictures at a time; default 1
    --keep FOLDER   where the models are written and kept; default: a temporary folder`;

const [WRITE, STAGE] = ['--write', '--stage'];
const MIB = 2 ** 20;

/** Most memory this process held, in bytes. What getrusage says would include the parent's before exec. */
function peak(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
}

function child(...args: string[]): string {
  const { status, stdout } = spawnSync(process.execPath, [process.argv[1]!, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with code ${status}.`);
  return stdout;
}

function main(): void {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { models: text, stages: text, rows: text, keep: text, help: { type: 'boolean' } } });
  if (values.help) return console.log(HELP);
  const models = values.models?.split(',') ?? Object.keys(LARGE);
  const stages = values.stages?.split(',') ?? Object.keys(STAGES);
  const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'hairline-memory-'));
  console.log(`| model | weights | MiB | ${stages.join(' | ')} |\n|---|---|---:|${stages.map(() => '---:|').join('')}`);
  try {
    for (const model of models)
      for (const place of ['inline', 'external']) {
        const file = join(folder, `${model}-${place}.onnx`);
        if (!existsSync(file)) child(WRITE, model, place, file);
        const size = [file, `${file}.data`].reduce((sum, path) => sum + (existsSync(path) ? statSync(path).size : 0), 0);
        const cells = stages.map((stage) => {
          const { bytes, seconds } = JSON.parse(child(STAGE, stage, file, values.rows ?? '1')) as { bytes: number; seconds: number };
          return `${Math.round(bytes / MIB)} (${(bytes / size).toFixed(2)}) ${seconds.toFixed(1)} s`;
        });
        console.log(`| ${model} | ${place} | ${Math.round(size / MIB)} | ${cells.join(' | ')} |`);
        if (!values.keep) for (const path of [file, `${file}.data`]) rmSync(path, { force: true });
      }
  } finally {
    if (!values.keep) rmSync(folder, { recursive: true, force: true });
  }
}

const [mode, name = '', ...rest] = process.argv.slice(2);
if (mode === WRITE) writeLarge(LARGE[name]!(), rest[1]!, rest[0] === 'external');
else if (mode === STAGE) {
  const start = performance.now();
  const errors = await STAGES[name]!(rest[0]!, Number(rest[1]));
  console.log(JSON.stringify({ ...errors, bytes: peak(), seconds: (performance.now() - start) / 1000 }));
} else main();
