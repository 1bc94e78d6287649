import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Results } from '../shared/results.ts';
import { least, median } from './gradient/report.ts';
import { breathe, startPartner } from './partner.ts';

const HELP = `Whole audits of MNIST images against the same attack in PyTorch (bench/reference), by turns: A B A B.

  npm run build && npm run bench -- attacks --python PYTHON [options]
    --python FILE     a Python with torch, numpy and onnx (required)
    --model FILE      an MNIST classifier of Conv, Relu, MaxPool, Flatten and Gemm layers
    --images FILE     --labels FILE   MNIST's test set, gzipped IDX
    --attacks LIST    out of sigma-zero, ddn, fmn-l2, fmn-linf (default: all)
    --steps N         default 1000        --limit N     images, default 200
    --threads N       our workers and PyTorch's threads, default 2        --rounds N   default 3

Ours is the wall time of the command \`hairline audit\`, everything included: start of the process, loading, gradient check, attack,
search for an 8-bit picture, PNGs, re-verification, report. The reference's is that of its attack alone, model loaded and warm.`;

/** Norm and registry name of each attack of the reference. */
const OURS: Record<string, { norm: 'l0' | 'l2' | 'linf'; attack: string }> = {
  'sigma-zero': { norm: 'l0', attack: 'sigma-zero' },
  ddn: { norm: 'l2', attack: 'ddn' },
  'fmn-l2': { norm: 'l2', attack: 'fmn' },
  'fmn-linf': { norm: 'linf', attack: 'fmn' },
};
const SHARED = '../shared';

/** One run of either side. */
interface Run {
  seconds: number;
  /** Processor time of all threads. */
  cpu: number;
  images: number;
  success: number;
  mean: number;
  median: number;
}

const NAMES = ['python', 'model', 'images', 'labels', 'attacks', 'steps', 'limit', 'threads', 'rounds'];
const { values } = parseArgs({
  options: { ...Object.fromEntries(NAMES.map((name) => [name, { type: 'string' as const }])), help: { type: 'boolean' } },
});
const given = values as Record<string, string | undefined>;
const files = {
  model: given['model'] ?? `${SHARED}/models/converted-from-weights/mnist_sigmazero_smallcnn_ddn.onnx`,
  images: given['images'] ?? `${SHARED}/data/mnist/t10k-images-idx3-ubyte.gz`,
  labels: given['labels'] ?? `${SHARED}/data/mnist/t10k-labels-idx1-ubyte.gz`,
};
const steps = given['steps'] ?? '1000';
const limit = given['limit'] ?? '200';
const threads = given['threads'] ?? '2';

/** Runs the command a user runs; the shell's `times` tells the processor time of the command and its engine. */
function ours(name: string): Run {
  const { norm, attack } = OURS[name]!;
  const folder = mkdtempSync(join(tmpdir(), 'hairline-bench-'));
  const flags = { ...files, preset: 'mnist', norm, attacks: attack, steps, first: limit, workers: threads, out: join(folder, 'audit') };
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
  try {
    const start = performance.now();
    const command = [process.execPath, 'bin/hairline.js', 'audit', ...args, '--json'];
    const { status, stdout } = spawnSync('sh', ['-c', '"$@" >/dev/null && times', 'sh', ...command], {
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
    const seconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Error(`The audit ended with code ${status}; try it by hand: hairline audit ${args.join(' ')}`);
    const results = Results.parse(JSON.parse(readFileSync(join(folder, 'audit/results.json'), 'utf8')));
    const counted = results.findings.filter((f) => f.state !== 'wrong-already');
    const sizes = counted.flatMap((f) => (f.state === 'broken' && f.float ? [f.float[norm]] : []));
    const mean = sizes.reduce((a, b) => a + b, 0) / sizes.length;
    return {
      seconds,
      cpu: childSeconds(stdout),
      images: counted.length,
      success: sizes.length / counted.length,
      mean,
      median: median(sizes),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The second line of `times`, such as `0m1.23s 0m0.45s`: user and system time of the children. */
function childSeconds(text: string): number {
  const line = text.trim().split('\n').at(-1)!;
  const times = [...line.matchAll(/(\d+)m([\d.,]+)s/g)].map(([, minutes, rest]) => 60 * Number(minutes) + Number(rest!.replace(',', '.')));
  return times.reduce((a, b) => a + b, 0);
}

async function compare(python: string, names: readonly string[], rounds: number): Promise<void> {
  const args = Object.entries({ ...files, count: limit, threads }).flatMap(([flag, value]) => [`--${flag}`, value]);
  const partner = await startPartner(python, ['bench/reference/serve.py', ...args]);
  const setting = `${threads} of ${availableParallelism()} cores each, ${steps} steps`;
  console.log(`${partner.greeting}; ${setting}; images the model gets wrong from the start (of ${limit}) are left out\n`);
  const times = 'ours s/image | reference s/image | times as fast | of minima | of processor time';
  console.log(`| attack | ${times} | ours: success, mean, median | reference |`);
  console.log('|---|---:|---:|---:|---:|---:|---|---|');
  for (const name of names) {
    const mine: Run[] = [];
    const theirs: Run[] = [];
    for (let round = 0; round < rounds; round++) {
      mine.push(ours(name));
      await breathe();
      theirs.push(JSON.parse(await partner.ask(`${name} ${steps}`)) as Run);
    }
    const [a, b] = [mine, theirs].map((runs) => runs.map((run) => run.seconds / run.images)) as [number[], number[]];
    const [p, q] = [mine, theirs].map((runs) => least(runs.map((run) => run.cpu / run.images))) as [number, number];
    const text = (times: number[]) => `${median(times).toFixed(4)} (${least(times).toFixed(4)})`;
    const reached = (run: Run) => `${(100 * run.success).toFixed(1)} %, ${run.mean.toFixed(3)}, ${run.median.toFixed(3)}`;
    const ratios = [median(b) / median(a), least(b) / least(a), q / p].map((r) => r.toFixed(2));
    console.log(`| ${[name, text(a), text(b), ...ratios, reached(mine[0]!), reached(theirs[0]!)].join(' | ')} |`);
  }
  partner.close();
}

const missing = Object.values(files).find((file) => !existsSync(file));
if (values['help'] || !given['python']) console.log(HELP);
else if (missing) console.log(`Skipped: ${missing} is not there; name --model, --images and --labels.`);
else await compare(given['python'], given['attacks']?.split(',') ?? Object.keys(OURS), Number(given['rounds'] ?? 3));
