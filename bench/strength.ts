import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { NORMS } from '../shared/norms.ts';
import type { Norm } from '../shared/norms.ts';
import { USUAL_EPS } from '../shared/usual.ts';
import { median } from './gradient/report.ts';
import { testPictures, trainingPictures } from './oracles/models.ts';
import { optimality, reach, rightOnes } from './strength/measure.ts';
import type { Contender, Reached } from './strength/measure.ts';
import { NETS, openNet } from './strength/nets.ts';

const HELP = `Attacks and presets side by side on published networks: success, median, mean, passes, seconds, and optimality against all of them together.

  npm run bench -- strength --attacks LIST [options]
    --attacks LIST    ids separated by ";", each with options as JSON if any: 'standard; fmn {"steps":100}'
    --nets LIST       of ${Object.keys(NETS).join(', ')} (default: all)
    --norms LIST      of ${NORMS.join(', ')} (default: l0,l1,l2,linf)
    --part NAME       training (to tune on) or test (to measure on; default)
    --limit N         images, the first ones that the network gets right (default 20)
    --eps LIST        budgets of fixed-budget attacks
    --shared FOLDER   with models/ and data/ (default ../shared)

Floats, and 8-bit pictures; a failure is infinite in the median. Optimality is that of AttackBench, the envelope that of this run.`;

const { values } = parseArgs({
  options: {
    attacks: { type: 'string' },
    nets: { type: 'string', default: Object.keys(NETS).join() },
    norms: { type: 'string', default: 'l0,l1,l2,linf' },
    part: { type: 'string', default: 'test' },
    limit: { type: 'string', default: '20' },
    eps: { type: 'string' },
    shared: { type: 'string', default: '../shared' },
    help: { type: 'boolean' },
  },
});

function contenders(list: string, norm: Norm): Contender[] {
  return list
    .split(';')
    .map((text) => /^\s*(?:(\w+):)?([\w-]+)\s*(\{.*\})?\s*$/.exec(text))
    .flatMap((match) =>
      match && (!match[1] || match[1] === norm)
        ? [{ attack: match[2]!, options: JSON.parse(match[3] ?? '{}') as Contender['options'] }]
        : [],
    );
}

async function compare(list: string): Promise<void> {
  const columns = 'success | median | mean | optimality | 8 bit: success | median | mean | optimality | passes | s/image | found by';
  console.log(`| net | norm | attack | ${columns} |\n|---|---|---|${'---:|'.repeat(10)}---|`);
  for (const name of values.nets.split(',')) {
    const net = NETS[name]!;
    const model = await openNet(values.shared, net);
    const first = Array.from({ length: 4 * Number(values.limit) }, (_, i) => i);
    const pictures = (values.part === 'training' ? trainingPictures : testPictures)(values.shared, net.set, first);
    const images = await rightOnes(model, pictures, Number(values.limit));
    for (const norm of values.norms.split(',') as Norm[]) {
      const eps = values.eps?.split(',').map(Number) ?? USUAL_EPS[norm];
      const runs: [Contender, Reached][] = [];
      for (const one of contenders(list, norm)) runs.push([one, await reach(model, images, norm, eps, one)]);
      const envelope = (kind: 'float' | 'eightBit') => images.map((_, i) => Math.min(...runs.map(([, run]) => run[kind][i]!)));
      const best = { float: envelope('float'), eightBit: envelope('eightBit') };
      for (const [{ attack, options }, run] of runs) {
        const title = Object.keys(options).length > 0 ? `${attack} ${JSON.stringify(options)}` : attack;
        const figures = (['float', 'eightBit'] as const).flatMap((kind) => told(run[kind], best[kind]));
        const by = Object.entries(run.by).map(([id, n]) => `${id} ${n}`);
        console.log(`| ${[name, norm, title, ...figures, Math.round(run.passes), run.seconds.toFixed(3), by.join(', ')].join(' | ')} |`);
      }
    }
    await model.close();
  }
}

function told(sizes: readonly number[], envelope: readonly number[]): string[] {
  const found = sizes.filter((size) => size < Infinity);
  const mean = found.reduce((a, b) => a + b, 0) / found.length;
  return [
    `${((100 * found.length) / sizes.length).toFixed(0)} %`,
    median([...sizes]).toPrecision(4),
    mean.toPrecision(4),
    optimality(sizes, envelope).toFixed(4),
  ];
}

if (values.help || !values.attacks) console.log(HELP);
else if (!existsSync(values.shared)) console.log(`Skipped: ${values.shared} is not there.`);
else await compare(values.attacks);
