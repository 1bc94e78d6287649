import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Preprocessing } from '../shared/plan.ts';
import { loadGraph } from '../src-main/graph/index.ts';
import { findImageInput } from '../src-main/model/network.ts';
import { openOutput } from '../src-main/runtime/openOutput.ts';
import { paddedDigits } from './balda/setup.ts';
import { measure, PANELS } from './regression/experiment.ts';
import type { Point } from './regression/experiment.ts';
import { panelFigure } from './regression/figure.ts';

const HELP = `Draws the panels of figure 4 of Balda, Behboodi and Mathar (arXiv 1812.07385) for an autoencoder of MNIST: output against input PSNR.

  npm run bench -- regression [options]
    --shared DIR   folder with models and MNIST; default ../shared
    --model FILE   below it; default models/image2image/renan_mnist_autoencoder2.onnx
    --images N     test digits, the first ones; default 20 as in the paper (which draws them)
    --panel NAME   only this panel: ${Object.keys(PANELS).join(', ')}
    --out DIR      where figures and values go; default out/bench`;

const SIDE = 28;
const ROWS = 16;

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { shared: text, model: text, images: text, panel: text, out: text, help: { type: 'boolean' } } });
const shared = values.shared ?? '../shared';
const out = values.out ?? 'out/bench';
const model = join(shared, values.model ?? 'models/image2image/renan_mnist_autoencoder2.onnx');

if (values.help) console.log(HELP);
else if (!existsSync(model)) console.error(`There is no model ${model}: name the folder with --shared, or the model with --model.`);
else await draw();

async function draw(): Promise<void> {
  const graph = loadGraph(model);
  const shape = { channels: 1, height: SIDE, width: SIDE };
  const field = await openOutput(
    {
      graph,
      input: findImageInput(graph, null),
      preprocessing: Preprocessing.parse({ channels: 'grey' }),
      picture: shape,
      rows: ROWS,
      provider: 'cpu',
    },
    null,
  );
  const digits = paddedDigits(
    shared,
    Array.from({ length: Number(values.images ?? 20) }, (_, i) => i),
    SIDE,
  );
  const block = new Float32Array(ROWS * SIDE * SIDE);
  const images = [];
  for (const digit of digits) {
    block.set(digit.pixels);
    images.push({ ...digit, label: 0, reference: (await field.output(block)).slice(0, field.width) });
  }
  const points: Point[] = [];
  mkdirSync(out, { recursive: true });
  for (const [panel, { eps, methods }] of Object.entries(PANELS)) {
    if (values.panel !== undefined && values.panel !== panel) continue;
    console.log(`\n${panel}: input / output PSNR in dB, (passes an image)`);
    for (const method of Object.keys(methods)) {
      for (const epsilon of eps) points.push(await measure(field, images, panel, method, epsilon));
      const line = points.slice(-eps.length).map(({ input, output }) => `${input.toFixed(1)} / ${output.toFixed(1)}`.padEnd(14));
      console.log(`${method.padEnd(14)}${line.join('')}(${Math.round(points.at(-1)!.passes)})`);
    }
    const name = `regression-${panel.replace(/\W+/g, '') === '2' ? 'l2' : panel === 'ℓ∞' ? 'linf' : panel.replace(' ', '-')}`;
    writeFileSync(
      join(out, `${name}.svg`),
      panelFigure(
        points.filter((point) => point.panel === panel),
        `${panel}, ${images.length} digits of MNIST`,
      ),
    );
  }
  await field.close();
  writeFileSync(
    join(out, 'regression.csv'),
    `panel,method,epsilon,input_psnr,output_psnr,input_ssim,output_ssim,passes\n${points.map((p) => [p.panel, p.method, p.epsilon, p.input, p.output, p.inputLikeness, p.outputLikeness, p.passes].join(',')).join('\n')}\n`,
  );
  console.log(`\nfigures and regression.csv: ${out}`);
}
