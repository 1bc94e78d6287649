import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Preprocessing } from '../shared/plan.ts';
import { loadGraph, saveGraph } from '../src-main/graph/index.ts';
import { findImageInput } from '../src-main/model/network.ts';
import { windowOf } from '../src-main/model/preprocessing/index.ts';
import { openDifferentiable } from '../src-main/runtime/differentiable.ts';
import { median } from './gradient/report.ts';
import { nothing, stepTime, TIMED } from './photographs/steps.ts';
import { wholeAudit } from './photographs/whole.ts';
import { ZOO } from './zoo/index.ts';

const HELP = `A photograph larger than the network: a step of an attack on it against one on a picture of the network's size, and whole audits.

  npm run build && npm run bench -- photographs [options]
    --model FILE     a network of 224 x 224 (default: MobileNetV2 of the zoo)
    --small FILE     a small one (default: ../shared/cases/photo-larger-than-network/small224.onnx)
    --steps N        of each attack; default 40      --rounds N   default 3
    --only NAME      attacks of this name alone
    --whole LIST     sizes of whole audits; default 224x224,800x600,4000x3000,6000x4000; "none": left out`;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { model: text, small: text, steps: text, rounds: text, only: text, whole: text, help: { type: 'boolean' } },
});
const NETWORK = { channels: 3, height: 224, width: 224 };
const PHOTOGRAPH = { channels: 3, height: 600, width: 800 };
const preprocessing = Preprocessing.parse({
  geometry: 'centre-crop',
  width: 224,
  height: 224,
  resizeTo: 256,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
});

/** One line for each attack: milliseconds of a step at both sizes, by turns, and of the attack's own loops. */
async function steps(file: string): Promise<void> {
  const graph = loadGraph(file);
  const open = (picture: typeof NETWORK) =>
    openDifferentiable({
      graph,
      input: findImageInput(graph, null),
      preprocessing,
      picture,
      window: windowOf(preprocessing, picture),
      rows: 1,
      provider: 'cpu',
      threads: 1,
    });
  const [at224, at800] = [await open(NETWORK), await open(PHOTOGRAPH)];
  const alone = nothing(at800.shape, at800.classes);
  const count = Number(values.steps ?? 40);
  console.log(
    `| ${file.split('/').at(-1)} | 224 x 224, ms | 800 x 600, ms | ratio | its own loops, ms | without them |\n|---|---:|---:|---:|---:|---:|`,
  );
  for (const timed of TIMED.filter(({ attack }) => attack === (values.only ?? attack))) {
    const times: number[][] = [[], [], []];
    for (let round = 0; round <= Number(values.rounds ?? 3); round++)
      for (const [i, model] of [at224, at800, alone].entries()) {
        const ms = await stepTime(model, timed, count);
        // The first round warms up.
        if (round > 0) times[i]!.push(ms);
      }
    const [small, large, loops] = times.map(median) as [number, number, number];
    console.log(
      `| ${timed.attack} ${timed.norm} | ${small.toFixed(1)} | ${large.toFixed(1)} | ${(large / small).toFixed(2)} | ${loops.toFixed(1)} | ${((large - loops) / small).toFixed(2)} |`,
    );
  }
  await at224.close();
  await at800.close();
}

async function main(): Promise<void> {
  if (values.help) return console.log(HELP);
  const folder = mkdtempSync(join(tmpdir(), 'hairline-bench-'));
  try {
    const model = values.model ?? join(folder, 'mobilenet-v2.onnx');
    if (!values.model) writeFileSync(model, saveGraph(ZOO['mobilenet-v2']!()).bytes);
    const small = values.small ?? '../shared/cases/photo-larger-than-network/small224.onnx';
    const files = existsSync(small) ? [model, small] : [model];
    for (const file of files) await steps(file);
    const sizes = values.whole ?? '224x224,800x600,4000x3000,6000x4000';
    if (sizes === 'none') return;
    console.log(
      '| whole audit, PGD of 40 steps | picture | first attack after, s | end after, s | all processes, GiB |\n|---|---|---:|---:|---:|',
    );
    for (const file of files)
      for (const size of sizes.split(',')) {
        const { attack, end, peak } = await wholeAudit(file, size.split('x').map(Number) as [number, number], [
          '--norm',
          'linf',
          '--attacks',
          'pgd',
        ]);
        console.log(`| ${file.split('/').at(-1)} | ${size} | ${attack.toFixed(1)} | ${end.toFixed(1)} | ${(peak / 2 ** 30).toFixed(2)} |`);
      }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
