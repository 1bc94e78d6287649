import { Command, Option } from 'commander';
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../../../shared/errors.ts';
import type { AuditPlan } from '../../../shared/plan.ts';
import { FILES } from '../../audit/jobs.ts';
import { readPlan } from '../../audit/plan.ts';
import { planFromFlags, whole } from '../flags.ts';
import type { AuditFlags } from '../flags.ts';
import { withLimits } from '../limited.ts';
import { runHere } from '../run.ts';
import { barProgress, jsonProgress } from '../progress.ts';

const list = (value: string, before: string[] = []) => [...before, value];

export function auditCommand(): Command {
  return withLimits(new Command('audit'))
    .description('Attacks images under one or more threat models and writes results.json, CSV, PDF and the adversarial PNGs. Takes a plan file, or flags.')
    .argument('[plan]', 'plan file (JSON); flags of the run (--out, --workers, ...) still count')
    .option('--model <file>', 'the .onnx model')
    .option('--images <path...>', 'files, folders (class sub-folders give labels), globs, IDX(.gz), CIFAR-10 binary, .npy')
    .option('--labels <file>', 'labels: text, CSV, JSON, IDX(.gz) or .npy')
    .option('--class-names <file>', 'class names, one a line')
    .option('--preset <name>', 'preprocessing by name: mnist, cifar10, imagenet, 0..255, -1..1, ... (default: guessed from the model)')
    .option('--preprocess <spec>', 'preprocessing as JSON or key=value list')
    .option('--norm <norms>', 'l0 (values), l0Pixels, l1, l2, linf, or several separated by commas (default: linf)')
    .option('--eps <list>', 'budgets, such as 8/255,16/255; with several norms as linf=8/255,16/255 (repeatable)', list)
    .option('--attacks <list>', 'attacks separated by commas (default: the usual ones for each norm)')
    .option('--targets <class>', 'targeted goal: a class, a list with one class per image, next, or least-likely')
    .option('--goal <kind>', 'untargeted (default); of networks that put out pictures or vectors deviation (the output leaves its reference) or match (it comes near to what another picture gives)')
    .option('--psnr <dB>', 'the output counts as broken below so many dB from its reference, as matched from so many on (default: 20)')
    .option('--reference <what>', 'what a deviation is from: clean-output (default), or input: the image itself')
    .option('--peak <value>', 'largest value the output can take, such as 255 (default: 1)')
    .option('--picture <file>', 'the picture whose output is to be matched')
    .option('--output <name>', 'the output, or value inside the network, that the goal is on (default: found)')
    .option('--input <name>', 'the input that takes the image (default: found)')
    .option('--fix <name=value>', 'value of another input (default: 0); repeatable', list)
    .option('--limit <n>', 'at most so many images')
    .option('--offset <n>', 'leave out so many images at the start')
    .option('--seed <n>', 'seed of every random choice (default: 0)')
    .option('--steps <n>', 'steps of every attack that has them')
    .option('--max-queries <n>', 'most forward plus backward passes an attack may spend on one image')
    .option('--workers <n>', 'worker threads, at most as many as cores (default: so many); never changes a result')
    .option('--batch <n>', 'images given to an attack at once; never changes a result')
    .addOption(new Option('--provider <name>', 'execution provider').choices(['cpu', 'cuda', 'dml', 'webgpu', 'coreml']))
    .option('--name <text>', 'title of the report')
    .option('--out <folder>', 'output folder (default: audits/NAME)')
    .option('--resume', 'go on with the audit that the output folder holds, if any; its plan need not be given again')
    .option('--fail-under <share>', 'exit with 1 when robust accuracy at any budget is below this share, such as 0.5 or 50%')
    .option('--json', 'one JSON line per event, also on a terminal')
    .action(async (file: string | undefined, flags: AuditFlags) => {
      const failUnder = flags.failUnder === undefined ? null : share(flags.failUnder);
      const plan = await planOf(file, flags);
      const out = flags.out ?? `audits/${plan.name || basename(plan.model).replace(/\.onnx$/i, '')}`;
      const terminal = Boolean(process.stdout.isTTY) && !flags.json;
      await runHere({
        plan,
        folder: resolve(out),
        resume: Boolean(flags.resume),
        progress: terminal ? barProgress() : jsonProgress(),
        summaryTo: terminal ? process.stdout : process.stderr,
        failUnder,
        json: !terminal,
      });
    });
}

/** What a plan file says, and no flag may say as well. */
const OF_THE_PLAN = { model: '--model', images: '--images', labels: '--labels', classNames: '--class-names', preset: '--preset', preprocess: '--preprocess', input: '--input', output: '--output', fix: '--fix' } as const;
const OF_ITS_THREATS = { norm: '--norm', eps: '--eps', attacks: '--attacks', targets: '--targets', goal: '--goal', psnr: '--psnr', reference: '--reference', peak: '--peak', picture: '--picture', steps: '--steps' } as const;

async function planOf(given: string | undefined, flags: AuditFlags): Promise<AuditPlan> {
  const asked = Object.entries({ ...OF_THE_PLAN, ...OF_ITS_THREATS }).find(([name]) => flags[name as keyof AuditFlags] !== undefined)?.[1];
  // An audit that is taken up brings its plan along.
  const kept = flags.resume && flags.out !== undefined && asked === undefined ? join(resolve(flags.out), FILES.plan) : undefined;
  const file = given ?? (kept !== undefined && existsSync(kept) ? kept : undefined);
  if (file === undefined) return planFromFlags(flags);
  if (asked !== undefined) throw new UserError(`Give either a plan file or ${asked}, not both.`);
  const plan = readPlan(file);
  return {
    ...plan,
    workers: whole('--workers', flags.workers, 1) ?? plan.workers,
    batch: whole('--batch', flags.batch, 1) ?? plan.batch,
    limit: whole('--limit', flags.limit, 1) ?? plan.limit,
    offset: whole('--offset', flags.offset, 0) ?? plan.offset,
    seed: whole('--seed', flags.seed, 0) ?? plan.seed,
    maxQueries: whole('--max-queries', flags.maxQueries, 1) ?? plan.maxQueries,
    provider: flags.provider ?? plan.provider,
    name: flags.name ?? plan.name,
  };
}

function share(text: string): number {
  const value = text.trim().endsWith('%') ? Number(text.trim().slice(0, -1)) / 100 : Number(text);
  if (!(value >= 0 && value <= 1)) throw new UserError(`--fail-under takes a share between 0 and 1, or a percentage such as 50%, not ${text}.`);
  return value;
}
