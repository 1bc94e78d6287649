import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { saveGraph } from '../src-main/graph/index.ts';
import { MEMBER, serveAsMember } from './gradient/crew.ts';
import { measure } from './gradient/measure.ts';
import type { Task } from './gradient/measure.ts';
import { profileModel } from './gradient/profile.ts';
import { HEADER, profileText, row } from './gradient/report.ts';
import type { Result } from './gradient/report.ts';
import { compareWithTorch } from './gradient/torch.ts';
import { ZOO } from './zoo/index.ts';

const HELP = `Forward pass against gradient (which includes a forward pass) of well-known architectures with random weights.

  npm run bench -- gradient [options]
    --models LIST    out of ${Object.keys(ZOO).join(', ')} (default: all)
    --batch LIST     default 1,8
    --threads LIST   threads inside one session; default 2
    --seconds N      repeats of each measurement; default 5
    --profile [N]    list the N dearest nodes of both graphs (default 15)
    --torch PYTHON   compare with PyTorch instead: a Python that has it
    --workers N      with --torch: our side as an audit runs, N workers of one thread each that share the batch
    --json FILE      write every number there as well`;

const MODELS = 'out/bench/models';
const CHILD = '--measure';

/** Each measurement in a process of its own, for only so a peak of memory belongs to one model. */
function inChild(task: Task): Result {
  const { status, stdout } = spawnSync(process.execPath, [process.argv[1]!, CHILD, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`Measuring ${task.model} ended with code ${status}.`);
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n{') + 1)) as Result;
}

function options() {
  const args = process.argv.slice(2);
  // --profile may stand alone.
  const at = args.indexOf('--profile');
  if (at >= 0 && !/^\d+$/.test(args[at + 1] ?? '')) args.splice(at + 1, 0, '15');
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      models: text,
      batch: text,
      threads: text,
      seconds: text,
      profile: text,
      torch: text,
      workers: text,
      json: text,
      help: { type: 'boolean' },
    },
  });
  const list = (value: string | undefined, standard: string) => (value ?? standard).split(',').filter(Boolean);
  const models = list(values.models, Object.keys(ZOO).join());
  const unknown = models.find((name) => !ZOO[name]);
  if (unknown) throw new Error(`There is no model ${unknown}: choose among ${Object.keys(ZOO).join(', ')}.`);
  return {
    models,
    batches: list(values.batch, '1,8').map(Number),
    threads: list(values.threads, '2').map(Number),
    seconds: Number(values.seconds ?? 5),
    profile: Number(values.profile ?? 0),
    torch: values.torch,
    workers: Number(values.workers ?? 1),
    json: values.json,
    help: values.help ?? false,
  };
}

function writeModel(name: string): string {
  mkdirSync(MODELS, { recursive: true });
  const file = `${MODELS}/${name}.onnx`;
  writeFileSync(file, saveGraph(ZOO[name]!()).bytes);
  return file;
}

if (process.argv[2] === MEMBER) await serveAsMember(JSON.parse(process.argv[3]!) as Parameters<typeof serveAsMember>[0]);
else if (process.argv[2] === CHILD) {
  const task = JSON.parse(process.argv[3]!) as Task;
  const measured = await measure(task);
  process.stdout.write(`\n${JSON.stringify({ task, measured, profiles: await profileModel(task) })}`);
} else {
  const { models, batches, threads, seconds, profile, torch, workers, json, help } = options();
  const results: Result[] = [];
  if (help) console.log(HELP);
  else if (torch) await compareWithTorch({ python: torch, seconds, threads: threads[0]!, workers, writeModel });
  else {
    console.log(HEADER);
    for (const model of models) {
      const file = writeModel(model);
      for (const batch of batches)
        for (const count of threads) {
          const result = inChild({ model, file, batch, threads: count, seconds, repeats: 3 });
          results.push(result);
          console.log(row(result));
        }
    }
    if (profile)
      for (const { task, profiles } of results) {
        const title = `\n${task.model}, batch ${task.batch}, ${task.threads} threads`;
        console.log(profileText(`${title}, forward`, profiles.forward, profile));
        console.log(profileText(`${title}, gradient`, profiles.gradient, profile));
      }
    if (json) writeFileSync(json, JSON.stringify(results));
  }
}
