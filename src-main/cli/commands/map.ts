import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { Command, Option } from 'commander';
import { Cancelled, UserError } from '../../../shared/errors.ts';
import { PROVIDERS, REFERENCES } from '../../../shared/plan.ts';
import type { Provider } from '../../../shared/plan.ts';
import { PARTITIONS } from '../../../shared/partitions.ts';
import { inLevels } from '../../../shared/reach.ts';
import type { Vulnerability } from '../../explore/vulnerability.ts';
import { encodePng } from '../../images/index.ts';
import { heatMap, mapCsv } from '../../report/heatmap.ts';
import { crisp } from '../../report/pictures.ts';
import { EXIT, Exit } from '../exit.ts';
import { epsilon, whole } from '../flags.ts';
import { preprocessing } from '../given.ts';
import { answering, WORD } from '../interrupt.ts';
import type { Signal } from '../interrupt.ts';
import { inLimits, withLimits } from '../limited.ts';
import { wantedFrom } from '../ends.ts';
import type { WantedFlags } from '../ends.ts';
import { json, line } from '../print.ts';

const MAPS = ['moved', 'linear', 'quadratic'] as const;

interface Flags extends WantedFlags {
  eps: string;
  partition: (typeof PARTITIONS)[number];
  block: string;
  superpixels: string;
  tries: string;
  probes: string;
  by: (typeof MAPS)[number];
  reference: (typeof REFERENCES)[number];
  out?: string[];
  picture?: string;
  preset?: string;
  preprocess?: string;
  provider?: Provider;
  json?: boolean;
}

/** Side in pixels that a heat map is enlarged to. */
const SIDE = 560;

export function mapCommand(): Command {
  return withLimits(new Command('map'))
    .description('Where an image is vulnerable: how far changing each pixel, block or area alone moves what the model says of it.')
    .argument('<model>', 'the .onnx file')
    .argument('<image>', 'the picture')
    .option('--eps <budget>', 'how far a value may change, such as 8/255; 1: as far as it goes', '8/255')
    .addOption(
      new Option('--partition <name>', 'what is changed together').choices(PARTITIONS.filter((name) => name !== 'mask')).default('pixel'),
    )
    .option('--block <side>', 'side of a block in pixels', '4')
    .option('--superpixels <count>', 'about how many superpixels', '100')
    .option('--tries <count>', 'subsets that are really tried, the most promising first', '200')
    .option('--probes <count>', 'outputs: random probes for the quadratic map', '256')
    .addOption(
      new Option('--by <map>', 'the map that is drawn: tried subsets, first order, or (outputs) lengths of the Jacobian’s columns')
        .choices([...MAPS])
        .default('moved'),
    )
    .addOption(new Option('--reference <what>', 'outputs: what they are held against').choices([...REFERENCES]).default('clean-output'))
    .option('--out <files...>', 'where to write: .png the drawn map, .json and .csv the values of all maps')
    .option('--picture <file>', 'write the best attack on a single subset as a PNG')
    .option('--output <name>', 'an output or inner value of pictures or vectors (default: class scores, where there are any)')
    .option(
      '--threshold <value>',
      'of one number an image: from which value on it stands for the second of two classes; --output then names that number',
    )
    .option('--input <name>', 'the input that takes the image (default: found)')
    .option('--fix <name=value>', 'value of another input (default: 0); repeatable', (value: string, before: string[] = []) => [
      ...before,
      value,
    ])
    .option('--preset <name>', 'preprocessing by name')
    .option(
      '--preprocess <spec>',
      'preprocessing as JSON or key=value list, or a file: JSON, preprocessor_config.json of Hugging Face, config.json of timm',
    )
    .addOption(new Option('--provider <name>', 'execution provider').choices([...PROVIDERS]))
    .option('--json', 'the values as one JSON line')
    .action(run);
}

/** 1 is as far as a value goes. @throws UserError for more */
function radius(text: string): number {
  const eps = epsilon(text);
  const meant = inLevels('linf', eps);
  if (eps > 1)
    throw new UserError(
      `A budget of ${text} is more than any pixel value can change, for they run from 0 to 1: ${meant === null ? 'give 1 or less.' : `did you mean ${meant}?`}`,
    );
  return eps;
}

async function run(model: string, image: string, flags: Flags): Promise<void> {
  const out = (flags.out ?? []).map((file) => ({ file, kind: extname(file).toLowerCase() }));
  const odd = out.find(({ kind }) => !['.png', '.json', '.csv'].includes(kind));
  if (odd) throw new UserError(`--out writes .png, .json or .csv, not ${odd.file}.`);
  const asked = {
    model,
    image,
    ...wantedFrom(flags),
    ...(flags.provider && { provider: flags.provider }),
    epsilon: radius(flags.eps),
    partition: {
      partition: flags.partition,
      block: whole('--block', flags.block, 1)!,
      superpixels: whole('--superpixels', flags.superpixels, 1)!,
      compactness: 10,
      mask: [],
    },
    tries: whole('--tries', flags.tries, 1)!,
    probes: whole('--probes', flags.probes, 1)!,
    reference: flags.reference,
  };
  const report = (done: number, total: number) =>
    void (process.stderr.isTTY && process.stderr.write(`\rsubset ${done} of ${total}${done === total ? '\n' : ''}`));
  const found = await inLimits(async (limited) => {
    const request = { ...asked, preprocessing: await preprocessing({ ...flags, model, images: [image] }, limited) };
    let heard: Signal | null = null;
    const stop = (signal: Signal): void => {
      heard = signal;
      limited.cancel();
    };
    try {
      return await answering(stop, () => limited.run('vulnerability', request, report));
    } catch (error) {
      if (heard === null || !(error instanceof Cancelled)) throw error;
      line(`${WORD[heard]}.`, process.stderr);
      throw new Exit(EXIT.cancelled);
    }
  });
  await write(out, flags, found);
}

async function write(out: readonly { file: string; kind: string }[], flags: Flags, found: Vulnerability): Promise<void> {
  const { partition, picture, best } = found;
  const { width, height } = picture;
  const maps = { linear: found.linear, ...(found.quadratic && { quadratic: found.quadratic }), moved: found.moved };
  const drawn = maps[flags.by];
  if (!drawn) throw new UserError('The quadratic map is of outputs; a classifier has the maps linear and moved.');
  const numbers = (values: Float64Array): (number | null)[] => Array.from(values, (value) => (Number.isFinite(value) ? value : null));
  const values = {
    epsilon: epsilon(flags.eps),
    partition: flags.partition,
    subsets: partition.count,
    unit: found.label === null ? 'root mean square of the output' : 'logits of margin',
    label: found.label,
    best: best && { subset: best.subset, moved: best.moved, ...(found.label !== null && { changesTheClass: best.success }) },
    ...Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, numbers(map)])),
    width,
    height,
    /** Subset of every value, planes first. */
    of: Array.from(partition.of),
  };
  for (const { file, kind } of out)
    save(
      file,
      kind === '.png'
        ? await encodePng(crisp(heatMap(drawn, partition, height, width), SIDE))
        : kind === '.csv'
          ? mapCsv(partition, width, height, maps)
          : JSON.stringify(values),
    );
  if (flags.picture && found.attacked) save(flags.picture, await encodePng(found.attacked));
  if (flags.json) return json(values);
  const tried = found.moved.filter((value) => !Number.isNaN(value)).length;
  line(`${partition.count} subsets, ${tried} tried within ε = ${flags.eps}`);
  if (!best) line('none of them moves what the model says');
  else {
    const first = partition.of.indexOf(best.subset) % (width * height);
    line(
      `best      subset ${best.subset} at x ${first % width}, y ${Math.floor(first / width)}: ${best.moved.toPrecision(4)} ${values.unit}`,
    );
    if (found.label !== null)
      line(
        best.success ? `          it takes the picture out of class ${found.label}` : `          the picture stays in class ${found.label}`,
      );
  }
}

function save(file: string, data: Uint8Array | string): void {
  try {
    writeFileSync(file, data);
  } catch (error) {
    throw new UserError(`${file} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'}): choose another place.`);
  }
}
