import { parseArgs } from 'node:util';
import { pooling } from './adjoints/pooling.ts';
import { pointwise } from './adjoints/pointwise.ts';
import { rows } from './adjoints/rows.ts';
import { trial } from './adjoints/trial.ts';
import { windows } from './adjoints/windows.ts';

const HELP = `Ways to write the same adjoint as ONNX nodes, timed by turns between two convolutions, whose own time is taken off.

  npm run bench -- adjoints [options]
    --only TEXT      cases whose name contains it
    --threads N      default 2
    --seconds N      for each case, default 2`;

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { only: text, threads: text, seconds: text, help: { type: 'boolean' } } });
if (values.help) console.log(HELP);
else {
  console.log('| adjoint | written as | least ms | times the first | difference |\n|---|---|---:|---:|---:|');
  for (const test of [...windows, ...pooling, ...pointwise, ...rows]) {
    if (values.only && !test.name.toLowerCase().includes(values.only.toLowerCase())) continue;
    const { ms, difference } = await trial(test, Number(values.threads ?? 2), Number(values.seconds ?? 2));
    const [first] = Object.values(ms) as [number];
    for (const [variant, time] of Object.entries(ms))
      console.log(`| ${test.name} | ${variant} | ${time.toFixed(2)} | ${(time / first).toFixed(2)} | ${difference[variant]!.toExponential(0)} |`);
  }
}
