import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attackBatch } from '../src-main/attacks/problem/batch.ts';
import { median } from './gradient/report.ts';
import { openShared, testPictures } from './oracles/models.ts';
import type { DataSet } from './oracles/models.ts';

const HELP = `σ-zero and DeepFool against what published libraries reached, image by image, on the same models and images.

  npm run bench -- oracles [options]
    --shared FOLDER   with oracles/, models/ and data/ (default ../shared)
    --only TEXT       references whose file name contains it, several separated by commas
    --limit N         images of each, at most

Ours takes the steps of the reference's σ-zero (1000 against other l0 attacks) and its own defaults otherwise; for l0 a failure
counts as infinite in the median. Passes are forward plus backward ones; ours include the other starts, the exchange of features,
and the search for an 8-bit picture.`;

interface Reference {
  attack: string;
  model: { file: string; preprocessing: string };
  data: { set: string };
  indices: number[];
  run: { forward_per_image: number; backward_per_image: number };
  per_sample: Record<string, number[]> & { success: number[] };
}

interface Run {
  /** Infinity where it failed. */
  sizes: number[];
  passes: number;
}

/** Which of our runs a reference is held against. */
const OURS: [RegExp, { norm: 'l0' | 'l2' | 'linf'; attack: string; steps: number | null }][] = [
  [/sigmazero-100\.json/, { norm: 'l0', attack: 'sigma-zero', steps: 100 }],
  [/sigmazero-1000|al-pdpgd-l0|al-fmn-l0-1000|al-vfga/, { norm: 'l0', attack: 'sigma-zero', steps: 1000 }],
  [/fb-deepfool-l2/, { norm: 'l2', attack: 'deepfool', steps: null }],
  [/fb-deepfool-linf/, { norm: 'linf', attack: 'deepfool', steps: null }],
];

const { values } = parseArgs({
  options: {
    shared: { type: 'string', default: '../shared' },
    only: { type: 'string' },
    limit: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const done = new Map<string, Run>();

async function ours(reference: Reference, indices: number[], { norm, attack, steps }: (typeof OURS)[0][1]): Promise<Run> {
  const key = [reference.model.file, norm, attack, steps, indices.length].join(' ');
  const known = done.get(key);
  if (known) return known;
  const set: DataSet = reference.data.set.startsWith('MNIST') ? 'mnist' : 'cifar10';
  const folder = ['converted-from-weights', 'classify-cifar10'].find((name) =>
    existsSync(join(values.shared, 'models', name, reference.model.file)),
  );
  const [mean, std] = [...reference.model.preprocessing.matchAll(/\(([\d., ]+)\)/g)].map((match) => match[1]!.split(',').map(Number));
  const model = await openShared(values.shared, `models/${folder}/${reference.model.file}`, set, mean, std, 16);
  const images = testPictures(values.shared, set, indices);
  const found = await attackBatch({
    model,
    images,
    norm,
    eps: [1],
    attack,
    options: steps === null ? {} : { steps },
    seed: 0,
    maxQueries: null,
    gate: { check: () => undefined },
  });
  await model.close();
  const run = {
    sizes: found.map(({ float }) => float?.[norm] ?? Infinity),
    passes: found.reduce((sum, { forwards, backwards }) => sum + forwards + backwards, 0) / found.length,
  };
  done.set(key, run);
  return run;
}

function text({ sizes, passes }: Run): string {
  const found = sizes.filter((size) => size < Infinity);
  const short = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toPrecision(4));
  return `${((100 * found.length) / sizes.length).toFixed(1)} %, ${short(found.reduce((a, b) => a + b, 0) / found.length)}, ${short(median(sizes))}, ${Math.round(passes)}`;
}

async function compare(): Promise<void> {
  console.log(
    '| model | reference | images | ours: success, mean, median, passes | reference | smaller / equal / larger |\n|---|---|---:|---|---|---|',
  );
  const folder = join(values.shared, 'oracles');
  for (const name of readdirSync(folder).sort()) {
    const setting = OURS.find(([pattern]) => pattern.test(name))?.[1];
    if (!setting || (values.only && !values.only.split(',').some((part) => name.includes(part)))) continue;
    const reference = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Reference;
    const indices = reference.indices.slice(0, Number(values.limit ?? reference.indices.length));
    const mine = await ours(reference, indices, setting);
    const sizes = reference.per_sample[setting.norm === 'l0' ? 'l0_features' : setting.norm]!;
    const theirs: Run = {
      sizes: indices.map((_, i) => (reference.per_sample.success[i] ? sizes[i]! : Infinity)),
      passes: reference.run.forward_per_image + reference.run.backward_per_image,
    };
    // Lengths that agree to a thousandth are equal.
    const order = mine.sizes.map((size, i) =>
      Math.abs(size - theirs.sizes[i]!) <= 1e-3 * size || size === theirs.sizes[i] ? 0 : Math.sign(size - theirs.sizes[i]!),
    );
    const count = (sign: number): number => order.filter((one) => one === sign).length;
    console.log(
      `| ${[reference.model.file.replace('.onnx', ''), reference.attack, indices.length, text(mine), text(theirs), `${count(-1)} / ${count(0)} / ${count(1)}`].join(' | ')} |`,
    );
  }
}

if (values.help) console.log(HELP);
else if (!existsSync(join(values.shared, 'oracles'))) console.log(`Skipped: ${join(values.shared, 'oracles')} is not there.`);
else await compare();
