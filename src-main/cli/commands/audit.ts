import { Command, Option } from 'commander';
import { basename, resolve } from 'node:path';
import { UserError } from '../../../shared/errors.ts';
import type { AuditPlan } from '../../../shared/plan.ts';
import { readPlan } from '../../audit/plan.ts';
import { planFromFlags } from '../flags.ts';
import type { AuditFlags } from '../flags.ts';
import { runHere } from '../run.ts';
import { barProgress, jsonProgress } from '../progress.ts';

const list = (value: string, before: string[] = []) => [...before, value];

export function auditCommand(): Command {
  return new Command('audit')
    .description('Attacks images under one or more threat models and writes results.json, CSV, PDF and the adversarial PNGs. Takes a plan file, or flags.')
    .argument('[plan]', 'plan file (JSON); flags of the run (--out, --workers, ...) still count')
    .option('--model <file>', 'the .onnx model')
    .option('--images <path...>', 'files, folders (class sub-folders give labels), globs, IDX(.gz), CIFAR-10 binary, .npy')
    .option('--labels <file>', 'labels: text, CSV, JSON, IDX(.gz) or .npy')
    .option('--class-names <file>', 'class names, one a line')
    .option('--preset <name>', 'preprocessing by name: mnist, cifar10, imagenet, 0..255, -1..1, ... (default: guessed from the model)')
    .option('--preprocess <spec>', 'preprocessing as JSON or key=value list')
    .option('--norm <norms>', 'l0, l1, l2, linf, or several separated by commas', 'linf')
    .option('--eps <list>', 'budgets, such as 8/255,16/255; with several norms as linf=8/255,16/255 (repeatable)', list)
    .option('--attacks <list>', 'attacks separated by commas (default: the usual ones for each norm)')
    .option('--targets <class>', 'targeted goal: a class, a list with one class per image, next, or least-likely')
    .option('--limit <n>', 'at most so many images')
    .option('--offset <n>', 'leave out so many images at the start')
    .option('--seed <n>', 'seed of every random choice', '0')
    .option('--steps <n>', 'steps of every attack that has them')
    .option('--max-queries <n>', 'most forward plus backward passes an attack may spend on one image')
    .option('--workers <n>', 'worker threads (default: as many as cores); never changes a result')
    .option('--batch <n>', 'images given to an attack at once; never changes a result')
    .addOption(new Option('--provider <name>', 'execution provider').choices(['cpu', 'cuda', 'dml', 'webgpu', 'coreml']))
    .option('--name <text>', 'title of the report')
    .option('--out <folder>', 'output folder (default: audits/NAME)')
    .option('--resume', 'go on with the audit that the output folder holds')
    .option('--fail-under <share>', 'exit with 1 when robust accuracy at any budget is below this share, such as 0.5 or 50%')
    .option('--json', 'one JSON line per event, also on a terminal')
    .action(async (file: string | undefined, flags: AuditFlags) => {
      const plan = await planOf(file, flags);
      const out = flags.out ?? `audits/${plan.name || basename(plan.model).replace(/\.onnx$/i, '')}`;
      const terminal = Boolean(process.stdout.isTTY) && !flags.json;
      await runHere({
        plan,
        folder: resolve(out),
        resume: Boolean(flags.resume),
        progress: terminal ? barProgress() : jsonProgress(),
        summaryTo: terminal ? process.stdout : process.stderr,
        failUnder: flags.failUnder === undefined ? null : share(flags.failUnder),
        json: !terminal,
      });
    });
}

async function planOf(file: string | undefined, flags: AuditFlags): Promise<AuditPlan> {
  if (file === undefined) return planFromFlags(flags);
  for (const flag of ['model', 'images', 'labels', 'preset', 'preprocess', 'attacks', 'targets', 'eps', 'steps'] as const)
    if (flags[flag] !== undefined) throw new UserError(`Give either a plan file or --${flag}, not both.`);
  const plan = readPlan(file);
  return {
    ...plan,
    ...(flags.workers === undefined ? {} : { workers: Number(flags.workers) }),
    ...(flags.batch === undefined ? {} : { batch: Number(flags.batch) }),
    ...(flags.limit === undefined ? {} : { limit: Number(flags.limit) }),
    ...(flags.provider === undefined ? {} : { provider: flags.provider }),
    ...(flags.name === undefined ? {} : { name: flags.name }),
  };
}

function share(text: string): number {
  const value = text.trim().endsWith('%') ? Number(text.trim().slice(0, -1)) / 100 : Number(text);
  if (!(value >= 0 && value <= 1)) throw new UserError(`--fail-under takes a share between 0 and 1, or a percentage such as 50%, not ${text}.`);
  return value;
}
