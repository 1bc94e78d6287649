import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const HELP = `How long \`hairline verify\` takes on digits of MNIST that were all broken, or nearly.

  npm run build && npm run bench -- verify [options]
    --images N       digits; default 5000      --rounds N   default 3
    --shared DIR     where data/mnist and models/classify-mnist lie; default ../shared
    --model FILE     default: winml_mnist.onnx there
    --folder DIR     an audit that is there already, instead`;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { images: text, rounds: text, shared: text, model: text, folder: text, help: { type: 'boolean' } },
});

/** Runs the built program; its seconds. */
function hairline(...args: string[]): { seconds: number; out: string; code: number | null } {
  const began = performance.now();
  const { stdout, stderr, status } = spawnSync(process.execPath, ['bin/hairline.js', ...args], { encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (status !== 0 && status !== 1) throw new Error(`hairline ${args[0]} ended with ${status}: ${stderr.slice(-500)}`);
  return { seconds: (performance.now() - began) / 1000, out: stdout, code: status };
}

function main(): void {
  if (values.help) return console.log(HELP);
  const shared = resolve(values.shared ?? '../shared');
  const mnist = join(shared, 'data/mnist');
  if (!values.folder && !existsSync(mnist)) return console.log(`Skipped: there is no ${mnist}.`);
  const scratch = mkdtempSync(join(tmpdir(), 'hairline-bench-'));
  try {
    const folder = values.folder ?? join(scratch, 'audit');
    if (!values.folder) {
      const model = values.model ?? join(shared, 'models/classify-mnist/winml_mnist.onnx');
      const files = ['--images', join(mnist, 't10k-images-idx3-ubyte.gz'), '--labels', join(mnist, 't10k-labels-idx1-ubyte.gz')];
      // Without a bound that it has to keep, DeepFool takes every digit across in a few steps.
      const { seconds } = hairline(
        'audit',
        '--model',
        model,
        ...files,
        '--norm',
        'l2',
        '--eps',
        '1,3',
        '--attacks',
        'deepfool',
        '--limit',
        values.images ?? '5000',
        '--out',
        folder,
      );
      console.log(`The audit took ${seconds.toFixed(0)} s.`);
    }
    for (let round = 0; round < Number(values.rounds ?? 3); round++) {
      const { seconds, out } = hairline('verify', folder, '--json');
      const { pictures, successes, problems } = JSON.parse(out) as { pictures: number; successes: number; problems: string[] };
      console.log(`${seconds.toFixed(1)} s: ${pictures} clean pictures, ${successes} adversarial ones, ${problems.length} differences`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

main();
