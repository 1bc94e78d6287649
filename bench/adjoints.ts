import { parseArgs } from 'node:util';
import { pooling } from './adjoints/pooling.ts';
import { pointwise } from './adjoints/pointwise.ts';
import { rows } from './adjoints/rows.ts';
import { trial } from './adjoints/trial.ts';
import { windows } from './adjoints/windows.ts';

const HELP = `Ways to write the same adjoint as ONNX nodes, between convolutions, whose own time does not count.

  npm run bench -- adjoints [options]
    --only TEXT      cases whose name contains it
    --threads N      default 2
    --rounds N       six runs each, default 3`;

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { only: text, threads: text, rounds: text, help: { type: 'boolean' } } });
if (values.help) console.log(HELP);
else {
  console.log('| adjoint | written as | least ms | times the first | difference |\n|---|---|---:|---:|---:|');
  for (const test of [...windows, ...pooling, ...pointwise, ...rows]) {
    if (values.only && !test.name.toLowerCase().includes(values.only.toLowerCase())) continue;
    const outcomes = Object.entries(await trial(test, Number(values.threads ?? 2), Number(values.rounds ?? 3)));
    const yardstick = outcomes[0]![1].ms;
    for (const [variant, { ms, difference }] of outcomes)
      console.log(`| ${test.name} | ${variant} | ${ms.toFixed(2)} | ${(ms / yardstick).toFixed(2)} | ${difference.toExponential(0)} |`);
  }
}
