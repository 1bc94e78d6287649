import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { globSync } from 'tinyglobby';
import { checkModel } from './coverage/check.ts';
import { describeModel } from './coverage/catalog.ts';
import type { CatalogEntry } from './coverage/catalog.ts';
import { operatorsPage } from './coverage/operators.ts';
import { linesOf, modelsPage } from './coverage/page.ts';
import type { Outcome } from './coverage/page.ts';

const HELP = `Checks the gradient of every model of a folder and writes what came out, and which operators there are rules for, into docs/.

  npm run bench -- coverage [options]
    --folder PATH    models, with a catalog.json; default ../shared/models
    --data PATH      pictures: mnist/, cifar10/, imagenet-sample/; default ../shared/data
    --only TEXT      models whose path contains it; the others keep what came out last time
    --limit SECONDS  for one model; default 300
    --operators      write docs/operators.md only`;

const CHILD = '--check';
const PAGE = 'docs/models.md';
const text = { type: 'string' } as const;

/** Each model in a process of its own: one that onnxruntime aborts on takes no other with it. */
function inChild(task: Parameters<typeof checkModel>[0], limit: number): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [process.argv[1]!, CHILD, JSON.stringify(task)], {
    encoding: 'utf8',
    timeout: 1000 * limit,
    maxBuffer: 2 ** 26,
  });
  const at = stdout.lastIndexOf('\n{');
  if (status === 0 && at >= 0) return JSON.parse(stdout.slice(at + 1)) as Outcome;
  return { result: 'unfinished', detail: status === null ? `not done after ${limit} s` : stderr.trim().split('\n').at(-1)! };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { folder: text, data: text, only: text, limit: text, operators: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) return console.log(HELP);
  if (values.operators || values.only === undefined) writeFileSync('docs/operators.md', operatorsPage());
  if (values.operators) return;
  const folder = resolve(values.folder ?? '../shared/models');
  const data = resolve(values.data ?? '../shared/data');
  const catalog = JSON.parse(readFileSync(join(folder, 'catalog.json'), 'utf8')) as CatalogEntry[];
  const last = existsSync(PAGE) ? linesOf(readFileSync(PAGE, 'utf8')) : new Map<string, string>();
  const rows: [string, Outcome | string][] = [];
  for (const file of globSync('**/*.onnx', { cwd: folder }).sort()) {
    if (!file.includes(values.only ?? '')) {
      if (last.has(file)) rows.push([file, last.get(file)!]);
      continue;
    }
    const known = describeModel(file, catalog);
    const limit = Number(values.limit ?? 300);
    // Some time is for opening it.
    const task = { path: join(folder, file), data, seconds: limit / 2, ...known };
    const whole = inChild(task, limit);
    // Five directions of a large network take hours here: then as many as time allows.
    const outcome = whole.result === 'unfinished' ? inChild({ ...task, brief: true }, limit) : whole;
    rows.push([file, outcome]);
    console.log(
      `${file}: ${outcome.result} ${outcome.detail ?? ''} ${outcome.error?.toExponential(1) ?? ''} ${outcome.surrogates?.join(', ') ?? ''}`,
    );
  }
  writeFileSync(PAGE, modelsPage(rows));
}

if (process.argv[2] === CHILD)
  console.log(`\n${JSON.stringify(await checkModel(JSON.parse(process.argv[3]!) as Parameters<typeof checkModel>[0]))}`);
else await main();
