import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compare } from './oracles/compare.ts';
import { testPictures } from './oracles/models.ts';
import { references } from './oracles/reference.ts';
import type { Reference } from './oracles/reference.ts';
import { settingOf } from './oracles/settings.ts';
import { reach } from './strength/measure.ts';
import type { Contender, Reached } from './strength/measure.ts';

const HELP = `Our attacks against what published libraries reached, image by image, on the same models and images.

  npm run bench -- oracles [options]
    --shared FOLDER   with oracles/, models/ and data/ (default ../shared)
    --only TEXT       references whose file name contains it, several separated by commas
    --limit N         images of each, at most
    --attack ID       this attack of ours in place of the one that belongs to the reference
    --options JSON    its options, or more of them

Two rows a reference: what was found in floats, and 8-bit pictures beside the reference's results rounded to whole levels.
Ours takes the settings of the reference (bench/oracles/settings.ts). A failure counts as infinite in the median; the mean is over
the images that both broke. "no worse": in success, median and mean, but for two standard errors of the paired differences.
Passes are forward plus backward ones; ours include the search for an 8-bit picture, too.`;

const { values } = parseArgs({
  options: {
    shared: { type: 'string', default: '../shared' },
    only: { type: 'string', default: '' },
    limit: { type: 'string' },
    attack: { type: 'string' },
    options: { type: 'string', default: '{}' },
    help: { type: 'boolean' },
  },
});

const done = new Map<string, Reached>();

async function ours(reference: Reference, { attack, options }: Contender): Promise<Reached> {
  const { model: name, norm, budget, indices } = reference;
  const key = JSON.stringify([name, norm, budget, attack, options, indices.length]);
  const known = done.get(key);
  if (known) return known;
  const model = await reference.open(16);
  const run = await reach(model, testPictures(values.shared, reference.set, indices), norm, [budget ?? 1], { attack, options });
  await model.close();
  done.set(key, run);
  return run;
}

async function report(): Promise<void> {
  const columns = 'success, ours / theirs | median | mean of both | smaller / equal / larger | passes | verdict';
  console.log(`| model | reference | ours | images | pictures | ${columns} |\n|---|---|---|---:|---|---|---|---|---|---|---|`);
  const more = JSON.parse(values.options) as Contender['options'];
  for (const reference of references(values.shared, values.only.split(',').filter(Boolean), Number(values.limit ?? Infinity))) {
    const setting = values.attack ? { attack: values.attack, options: {} } : settingOf(reference);
    if (!setting) continue;
    const run = await ours(reference, { attack: setting.attack, options: { ...setting.options, ...more } });
    for (const kind of ['float', 'eightBit'] as const) {
      const theirs = kind === 'float' ? reference.float : reference.rounded;
      // Attacks without a budget of their own, such as the preset, count where they end within that of the reference.
      const most = reference.budget === null ? Infinity : reference.budget * (1 + 1e-5);
      const within = run[kind].map((size) => (size <= most ? size : Infinity));
      const { success, median, mean, order, noWorse } = compare(within, theirs, reference.budget !== null);
      const cells = [
        reference.model,
        reference.attack,
        setting.attack,
        reference.indices.length,
        kind === 'float' ? 'floats' : '8 bit',
        success.map((share) => `${(100 * share).toFixed(1)} %`).join(' / '),
        reference.budget === null ? median.map(short).join(' / ') : '',
        reference.budget === null ? mean.map(short).join(' / ') : '',
        reference.budget === null ? order.join(' / ') : '',
        `${Math.round(run.passes)} / ${Math.round(reference.passes)}`,
        noWorse ? 'no worse' : 'WORSE',
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}

function short(x: number): string {
  return x >= 100 ? x.toFixed(0) : x.toPrecision(4);
}

if (values.help) console.log(HELP);
else if (!existsSync(join(values.shared, 'oracles'))) console.log(`Skipped: ${join(values.shared, 'oracles')} is not there.`);
else await report();
