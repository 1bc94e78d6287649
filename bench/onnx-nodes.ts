import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode } from './onnx-nodes/check.ts';
import type { NodeOutcome } from './onnx-nodes/check.ts';
import { nodesPage } from './onnx-nodes/page.ts';
import { generate, newestOpset, testsIn } from './onnx-nodes/tests.ts';
import { answer, checkAll } from './onnx-nodes/workers.ts';

const HELP = `Puts ONNX's own backend node tests through the checker and writes what came out into docs/onnx-nodes.md.

  npm run bench -- onnx-nodes --python PYTHON | --folder DIR [options]
    --python PYTHON  an interpreter with the package onnx, which makes the tests
    --folder DIR     tests that are there, such as those of Debian's libonnx-testdata
    --keep DIR       where --python leaves them
    --only TEXT      tests whose name contains it; prints what came out and writes nothing
    --limit SECONDS  for one test; default 180`;

const CHILD = '--check';
const PAGE = 'docs/onnx-nodes.md';
const text = { type: 'string' } as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { python: text, folder: text, keep: text, only: text, limit: text, help: { type: 'boolean' } } });
  if (values.help || (values.python === undefined) === (values.folder === undefined)) return console.log(HELP);
  const made = values.folder ?? values.keep ?? mkdtempSync(join(tmpdir(), 'onnx-nodes-'));
  try {
    const source = values.python === undefined ? basename(resolve(made)) : generate(values.python, resolve(made), await newestOpset());
    const outcomes = new Map<string, NodeOutcome>();
    const wanted = testsIn(resolve(made)).filter((test) => basename(test).includes(values.only ?? ''));
    await checkAll(wanted, CHILD, Number(values.limit ?? 180), (folder, outcome) => {
      outcomes.set(basename(folder), outcome);
      if (values.only !== undefined) console.log(basename(folder), JSON.stringify(outcome));
      else if (outcomes.size % 100 === 0) console.log(`${outcomes.size} of ${wanted.length}`);
    });
    if (values.only === undefined) writeFileSync(PAGE, nodesPage(source, outcomes));
  } finally {
    if (values.python !== undefined && values.keep === undefined) rmSync(made, { recursive: true });
  }
}

if (process.argv[2] === CHILD) answer(checkNode);
else await main();
