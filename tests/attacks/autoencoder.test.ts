import { distanceAt, farther } from '../../src-main/goals/distance.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paddedDigits } from '../../bench/balda/setup.ts';
import type { Norm } from '../../shared/norms.ts';
import { Preprocessing } from '../../shared/plan.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import type { ImageFinding } from '../../src-main/attacks/problem/finding.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import { loadGraph } from '../../src-main/graph/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openOutput } from '../../src-main/runtime/openOutput.ts';
import type { OpenOutput } from '../../src-main/runtime/openOutput.ts';
import { OPEN } from './linear.ts';

const SHARED = '../shared';
const MODEL = join(SHARED, 'models/image2image/renan_mnist_autoencoder2.onnx');
const SIDE = 28;
const ROWS = 4;

describe.skipIf(!existsSync(MODEL))(
  'a published autoencoder of MNIST (needs the shared models), its clean output as reference, broken below 24 dB',
  () => {
    let field: OpenOutput;
    let images: ProblemImage[];
    beforeAll(async () => {
      const graph = loadGraph(MODEL);
      field = await openOutput(
        {
          graph,
          input: findImageInput(graph, null),
          preprocessing: Preprocessing.parse({ channels: 'grey' }),
          picture: { channels: 1, height: SIDE, width: SIDE },
          rows: ROWS,
          provider: 'cpu',
        },
        null,
      );
      const digits = paddedDigits(SHARED, [0, 1, 2, 3], SIDE);
      const block = new Float32Array(ROWS * SIDE * SIDE);
      digits.forEach(({ pixels }, row) => block.set(pixels, row * pixels.length));
      const output = await field.output(block);
      images = digits.map((digit, row) => ({ ...digit, label: 0, reference: output.slice(row * field.width, (row + 1) * field.width) }));
    });
    afterAll(() => field.close());

    async function run(attack: string, norm: Norm, eps: number, options: Record<string, unknown> = {}): Promise<ImageFinding[]> {
      const model = await field.scored(farther(distanceAt(24, 1)));
      return attackBatch({ model, images, norm, eps: [eps], attack, options, seed: 1, maxQueries: null, gate: OPEN });
    }

    it.each([
      ['fgsm', 'linf', 0.1],
      ['fgsm', 'l2', 2],
      ['fgsm', 'l0', 40],
      ['bim', 'linf', 0.08],
      ['bim', 'l2', 1.5],
      ['bim', 'l1', 12],
      ['pgd', 'linf', 0.08],
      ['pgd', 'l2', 1.5],
      ['gnm', 'linf', 0.08],
      ['gnm', 'l2', 1.5],
      ['gnm-simple', 'linf', 0.1],
      ['deepfool', 'l2', 1],
      ['deepfool', 'linf', 1],
      ['linear-minimum', 'l2', 1],
      ['linear-minimum', 'l0', 1],
      ['ddn', 'l2', 1],
      ['fmn', 'l0', 1],
      ['fmn', 'l1', 1],
      ['fmn', 'l2', 1],
      ['fmn', 'linf', 1],
      ['sigma-zero', 'l0', 1],
      ['sigma-zero', 'l0Pixels', 1],
      ['subset', 'l0Pixels', 25],
      ['quadratic-subset', 'l0Pixels', 20],
      ['quadratic', 'l2', 1.5],
    ] as [string, Norm, number][])('%s in %s breaks every digit', async (attack, norm, eps) => {
      const steps = ['ddn', 'fmn', 'sigma-zero'].includes(attack) ? { steps: 60 } : attack === 'quadratic' ? { dense: 0, restarts: 0 } : {};
      expect((await run(attack, norm, eps, steps)).map(({ state }) => state)).toEqual(images.map(() => 'broken'));
    });
    it.each([
      ['linf', 0.1],
      ['l2', 2],
    ] as [Norm, number][])('noise of that size in %s breaks none', async (norm, eps) => {
      expect((await run('random', norm, eps)).map(({ state }) => state)).toEqual(images.map(() => 'held'));
    });
    it('smallest changes in l2 agree, and the quadratic problem breaks from a little above them on', async () => {
      const [ddn, fmn] = [await run('ddn', 'l2', 1), await run('fmn', 'l2', 1)];
      ddn.forEach(({ float }, i) => expect(fmn[i]!.float!.l2 / float!.l2).toBeCloseTo(1, 1));
      const most = Math.max(...ddn.map(({ eightBitDistances }) => eightBitDistances!.l2));
      expect((await run('quadratic', 'l2', 1.1 * most, { dense: 0, restarts: 0, steps: 6 })).map(({ state }) => state)).toEqual(
        images.map(() => 'broken'),
      );
    });
  },
);
