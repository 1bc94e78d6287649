import { Command, Option } from 'commander';
import { join, resolve } from 'node:path';
import { UserError } from '../../../shared/errors.ts';
import type { AuditPlan, NamedFiles } from '../../../shared/plan.ts';
import { Folder } from '../../files/folder.ts';
import { FILES } from '../../audit/jobs.ts';
import { undropped } from '../../audit/dropped.ts';
import { FLAG, NO_FILES, unused } from '../../audit/files.ts';
import { demandBudgets, planOf as planIn, readPlan } from '../../audit/plan.ts';
import { bitsOf, planFromFlags, sampleOf, whole } from '../flags.ts';
import type { AuditFlags, PlanFlags } from '../planFlags.ts';
import { addGoalFlags, goalFlagNames } from '../goalFlags.ts';
import { withLimits } from '../limited.ts';
import { outFolder } from '../outFolder.ts';
import { repeatable } from '../repeatable.ts';
import { runHere } from '../run.ts';
import { barProgress, jsonProgress } from '../progress.ts';

export function auditCommand(): Command {
  const command = withLimits(new Command('audit'))
    .description(
      'Attacks images under one or more threat models and writes results.json, CSV, PDF and the adversarial PNGs. Takes a plan file, or flags.',
    )
    .argument(
      '[plan]',
      'plan file (JSON); flags of the run (--out, --workers, ...) still count, and of a plan that a served window made --images FOLDER, where what was dropped is found by its hash',
    )
    .option('--model <file>', 'the .onnx model')
    .option('--images <path...>', 'files, folders (class sub-folders give labels), globs, IDX(.gz), CIFAR-10 binary, .npy')
    .option('--labels <file>', 'labels: text, CSV, JSON, IDX(.gz) or .npy; none: those that lie beside the images are not taken either')
    .option(
      '--class-names <file>',
      'class names: one a line, a config.json with id2label, an index of WordNet ids, ...; none: none that lie beside the images',
    )
    .option('--preset <name>', 'preprocessing by name: mnist, cifar10, imagenet, 0..255, -1..1, ... (default: guessed from the model)')
    .option(
      '--preprocess <spec>',
      'preprocessing as JSON or key=value list, or a file: JSON, preprocessor_config.json of Hugging Face, config.json of timm',
    )
    .option('--norm <norms>', 'l0 (values), l0Pixels, l1, l2, linf, or several separated by commas (default: linf)')
    .option('--eps <list>', 'budgets, such as 8/255,16/255; with several norms as linf=8/255,16/255 (repeatable)', repeatable)
    .option('--attacks <list>', 'attacks separated by commas (default: the usual ones for each norm)')
    .option('--targets <class>', 'targeted goal: a class, a list with one class per image, next, or least-likely');
  return addGoalFlags(command)
    .option(
      '--surrogate <file>',
      'with --resume: a model that stands in for the one under attack, in the order of the plan; repeatable',
      repeatable,
    )
    .option(
      '--output <name>',
      'the output, or value inside the network, that the goal is on; of goals on classes, the one with the class scores (default: found)',
    )
    .option(
      '--threshold <value>',
      'where the class scores are one number an image: from which value on it stands for the second of two classes (default: 1/2 of a sigmoid)',
    )
    .option('--input <name>', 'the input that takes the image (default: found)')
    .option('--fix <name=value>', 'value of another input (default: 0); repeatable', repeatable)
    .option('--limit <n>', 'a random sample of at most so many images, class by class where labels are given; the seed says which')
    .option('--first <n>', 'the first so many images instead: of a set sorted by class, those of one class')
    .option('--offset <n>', 'leave out so many images at the start')
    .option('--bits <n>', 'of pictures with 16 bits a value, how many are in use: 12, 14, 16, ... (default: found, over all of them)')
    .option(
      '--checks <n>',
      'images that the page of checks (“Can I trust this?”) is measured on (default: 10 with --attacks standard, else 0: none)',
    )
    .option('--seed <n>', 'seed of every random choice (default: 0)')
    .option('--steps <n>', 'steps of every attack that has them')
    .option('--max-queries <n>', 'most forward plus backward passes an attack may spend on one image')
    .option('--workers <n>', 'worker threads, at most as many as cores (default: so many); never changes a result')
    .option('--batch <n>', 'images given to an attack at once; never changes a result')
    .addOption(new Option('--provider <name>', 'execution provider').choices(['cpu', 'cuda', 'dml', 'webgpu', 'coreml']))
    .option('--name <text>', 'title of the report')
    .option('--out <folder>', 'output folder (default: audits/NAME)')
    .option(
      '--resume',
      'go on with the audit that the output folder holds, if any; its plan need not be given again. Of an audit that was begun elsewhere, name the files: --model, --images, ...',
    )
    .option('--fail-under <share>', 'exit with 1 when robust accuracy at any budget is below this share, such as 0.5 or 50%')
    .option('--json', 'one JSON line per event, also on a terminal')
    .action(async (file: string | undefined, flags: AuditFlags) => {
      const failUnder = flags.failUnder === undefined ? null : share(flags.failUnder);
      const { plan, files, goesOn } = await planOf(file, flags);
      // One that goes on is as it began.
      if (!goesOn) demandBudgets(plan, null);
      const out = flags.out ?? outFolder(plan);
      const terminal = Boolean(process.stdout.isTTY) && !flags.json;
      await runHere({
        plan,
        folder: resolve(out),
        resume: Boolean(flags.resume),
        files,
        progress: terminal ? barProgress(plan.threats) : jsonProgress(),
        summaryTo: terminal ? process.stdout : process.stderr,
        failUnder,
        json: !terminal,
      });
    });
}

/** What a plan says, and no flag may say as well; but for the files, which may lie elsewhere when an audit goes on. */
const FILES_OF_IT = {
  model: '--model',
  images: '--images',
  labels: '--labels',
  classNames: '--class-names',
  picture: '--picture',
  surrogate: '--surrogate',
} as const;
const REST_OF_IT = {
  preset: '--preset',
  preprocess: '--preprocess',
  input: '--input',
  output: '--output',
  threshold: '--threshold',
  fix: '--fix',
} as const;
const OF_ITS_THREATS = {
  norm: '--norm',
  eps: '--eps',
  attacks: '--attacks',
  targets: '--targets',
  steps: '--steps',
  checks: '--checks',
} as const;

interface Wanted {
  plan: AuditPlan;
  /** Where the plan is the one that the output folder keeps, whose own paths may not count, or what was dropped into a window is looked for. */
  files: NamedFiles | null;
  goesOn: boolean;
}

/** What is to be run. */
async function planOf(given: string | undefined, flags: AuditFlags): Promise<Wanted> {
  const first = (of: Record<string, string>) => Object.entries(of).find(([name]) => flags[name as keyof AuditFlags] !== undefined)?.[1];
  const kept = flags.resume && flags.out !== undefined ? join(resolve(flags.out), FILES.plan) : undefined;
  const asked = first({ ...REST_OF_IT, ...OF_ITS_THREATS, ...goalFlagNames() });
  // An audit that is taken up brings its plan along.
  const goesOn =
    kept !== undefined &&
    (given === undefined ? asked === undefined && new Folder(resolve(flags.out!)).has(FILES.plan) : resolve(given) === kept);
  if (!goesOn && given === undefined) return { plan: await planFromFlags(flagsOfPlan(flags)), files: null, goesOn: false };
  const plan = goesOn ? planIn(resolve(flags.out!)) : readPlan(given!);
  const files = first(FILES_OF_IT);
  const both = asked ?? (goesOn || plan.dropped ? undefined : files);
  if (both !== undefined) throw new UserError(`Give either a plan file or ${both}, not both.`);
  return {
    plan: withFlags(plan, flags),
    files: goesOn ? namedBy(flags, plan) : files === undefined ? null : besides(namedBy(flags, plan), undropped(plan)),
    goesOn,
  };
}

/** What is named, and else the plan's own files that nobody dropped. */
function besides(named: NamedFiles, own: NamedFiles): NamedFiles {
  const list = (kind: 'images' | 'pictures' | 'surrogates') => (named[kind].length > 0 ? named[kind] : own[kind]);
  return {
    model: named.model ?? own.model,
    images: list('images'),
    labels: named.labels ?? own.labels,
    classNames: named.classNames ?? own.classNames,
    pictures: list('pictures'),
    surrogates: list('surrogates'),
  };
}

function flagsOfPlan({ surrogate, ...flags }: AuditFlags): PlanFlags {
  if (surrogate !== undefined) throw new UserError('--surrogate is for --resume: write the surrogates of a new audit into a plan file.');
  return flags;
}

/** @throws UserError for a kind of file that the plan has none of */
function namedBy({ model, images, labels, classNames, picture, surrogate }: AuditFlags, plan: AuditPlan): NamedFiles {
  const at = (path: string | undefined) => (path === undefined ? null : resolve(path));
  const files = {
    ...NO_FILES,
    model: at(model),
    images: images?.map((path) => resolve(path)) ?? [],
    labels: at(labels),
    classNames: at(classNames),
    pictures: picture?.map((path) => resolve(path)) ?? [],
    surrogates: surrogate?.map((path) => resolve(path)) ?? [],
  };
  const [stray] = unused(plan, files);
  if (stray) throw new UserError(`The plan of this audit has no file for ${FLAG[stray]}: leave that out.`);
  return files;
}

function withFlags(plan: AuditPlan, flags: AuditFlags): AuditPlan {
  return {
    ...plan,
    workers: whole('--workers', flags.workers, 1) ?? plan.workers,
    batch: whole('--batch', flags.batch, 1) ?? plan.batch,
    ...rangeOf(plan, flags),
    offset: whole('--offset', flags.offset, 0) ?? plan.offset,
    ...bitsOf(flags),
    seed: whole('--seed', flags.seed, 0) ?? plan.seed,
    maxQueries: whole('--max-queries', flags.maxQueries, 1) ?? plan.maxQueries,
    provider: flags.provider ?? plan.provider,
    name: flags.name ?? plan.name,
  };
}

/** A range that is given takes the place of the plan's. */
function rangeOf({ sample, limit, seed }: AuditPlan, flags: AuditFlags): Pick<AuditPlan, 'limit' | 'sample'> {
  const first = whole('--first', flags.first, 1);
  const drawn = sampleOf({ ...flags, seed: flags.seed ?? String(seed) });
  return first === null && drawn.sample === undefined ? { limit, sample } : { limit: first, sample: drawn.sample };
}

function share(text: string): number {
  const value = text.trim().endsWith('%') ? Number(text.trim().slice(0, -1)) / 100 : Number(text);
  if (!(value >= 0 && value <= 1))
    throw new UserError(`--fail-under takes a share between 0 and 1, or a percentage such as 50%, not ${text}.`);
  return value;
}
