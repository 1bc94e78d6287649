import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attackBatch } from '../src-main/attacks/problem/batch.ts';
import { median } from './gradient/report.ts';
import { dataFiles, openShared, testPictures } from './oracles/models.ts';

const HELP = `Three first experiments with σ-zero on a network of MNIST's digits.

  npm run bench -- sigma-zero --experiment sample      one picture, defaults: few features, as a picture too
  npm run bench -- sigma-zero --experiment sharpness   σ from 0.0001 to 0.1, without other starts and exchange
  npm run bench -- sigma-zero --experiment threshold   with the adaptive threshold and without it
    --shared FOLDER   with models/ and data/ (default ../shared)     --model FILE  below models/
    --limit N         images, default 24     --steps N  default 100 (sample: 1000)`;

const { values } = parseArgs({
  options: {
    experiment: { type: 'string', default: 'sample' },
    shared: { type: 'string', default: '../shared' },
    model: { type: 'string', default: 'converted-from-weights/mnist_sigmazero_smallcnn_ddn.onnx' },
    limit: { type: 'string' },
    steps: { type: 'string' },
    help: { type: 'boolean' },
  },
});

/** The published attack alone. */
const BARE = { rivals: 0, polish: 0 };
const EXPERIMENTS: Record<string, { limit: number; steps: number; runs: [string, Record<string, unknown>][] }> = {
  sample: { limit: 1, steps: 1000, runs: [['defaults', {}]] },
  sharpness: { limit: 24, steps: 100, runs: [1e-4, 1e-3, 1e-2, 1e-1].map((sigma) => [`σ = ${sigma}`, { ...BARE, sigma }]) },
  threshold: {
    limit: 24,
    steps: 100,
    runs: [
      ['τ adapts (τ₀ = 0.3, t = 0.01)', BARE],
      ['τ stays at 0.3 (t = 0)', { ...BARE, t: 0 }],
      ['no threshold (τ₀ = 0, t = 0)', { ...BARE, tau0: 0, t: 0 }],
    ],
  },
};

async function run(): Promise<void> {
  const { limit, steps, runs } = EXPERIMENTS[values.experiment]!;
  const model = await openShared(values.shared, `models/${values.model}`, 'mnist', undefined, undefined, 8);
  const images = testPictures(
    values.shared,
    'mnist',
    Array.from({ length: Number(values.limit ?? limit) }, (_, i) => i),
  );
  console.log('| | success | mean l0 | median l0 | as 8-bit pictures | passes/image |\n|---|---:|---:|---:|---:|---:|');
  for (const [name, options] of runs) {
    const found = await attackBatch({
      model,
      images,
      norm: 'l0',
      eps: [1],
      attack: 'sigma-zero',
      options: { steps: Number(values.steps ?? steps), ...options },
      seed: 0,
      maxQueries: null,
      gate: { check: () => undefined },
    });
    const sizes = found.map(({ float }) => float?.l0 ?? Infinity);
    const kept = found.filter((one) => one.eightBitDistances?.l0 === one.float?.l0 && one.float).length;
    const passes = found.reduce((sum, { forwards, backwards }) => sum + forwards + backwards, 0) / found.length;
    const broken = sizes.filter((size) => size < Infinity);
    console.log(
      `| ${[name, `${broken.length} of ${found.length}`, (broken.reduce((a, b) => a + b, 0) / broken.length).toFixed(2), median(sizes), `${kept} with as few`, Math.round(passes)].join(' | ')} |`,
    );
  }
  await model.close();
}

const missing = [`models/${values.model}`, ...dataFiles('mnist')].find((file) => !existsSync(join(values.shared, file)));
if (values.help || !EXPERIMENTS[values.experiment]) console.log(HELP);
else if (missing) console.log(`Skipped: ${join(values.shared, missing)} is not there.`);
else await run();
