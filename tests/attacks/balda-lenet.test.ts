import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fooledBy, smallest } from '../../bench/balda/experiment.ts';
import { FILES, openLeNet, paddedDigits, readOracle } from '../../bench/balda/setup.ts';
import type { Oracle } from '../../bench/balda/setup.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import { epsilonFooling } from '../../bench/balda/measures.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';

/**
 * The LeNet-5 panel of Balda et al.: figure 3 (b) and Table 3, on the authors' weights and the recorded images, against a
 * re-run of the authors' program. All of it is repeated by `npm run bench -- balda`; here DeepFool and the bound image by
 * image, and points of the curves on all 1024 images.
 */
const shared = '../shared';
const missing = Object.values(FILES).find((file) => !existsSync(join(shared, file)));

describe.skipIf(missing)(
  missing ? `LeNet-5 of Balda et al. (skipped: ../shared/${missing} is not there)` : 'LeNet-5 of Balda et al.',
  () => {
    let model: OpenModel;
    let oracle: Oracle;
    let images: ProblemImage[];
    beforeAll(async () => {
      oracle = readOracle(shared);
      images = paddedDigits(shared, oracle.indices);
      model = await openLeNet(shared);
    });
    afterAll(() => model?.close());

    it('DeepFool and Theorem 1’s bound are the same image by image; so are rho1, rho2, eps99 and the curve', async () => {
      const { rerun } = { rerun: oracle.rerun.lenet };
      const found = await smallest(model, images, rerun.curves['epsilon']!);
      let same = 0;
      found.sizes.forEach((size, i) => {
        if (Math.abs(size / oracle.deepfool_norms[i]! - 1) < 1e-3) same++;
        expect(found.bounds[i]! / oracle.rho2_per_sample[i]!).toBeCloseTo(1, 4);
      });
      // A step that ends within rounding of a kink may go another way on another machine.
      expect(same).toBeGreaterThanOrEqual(1024 * 0.99);
      expect(found.rho1 / rerun.rho1).toBeCloseTo(1, 2);
      expect(found.rho2 / rerun.rho2).toBeCloseTo(1, 4);
      found.curve.forEach((share, i) => expect(Math.abs(share - rerun.curves['DeepFool']![i]!)).toBeLessThan(0.005));
      // The re-run counts one image as held whose point is a rounding error behind the boundary (in float64 it is broken); eps99
      // is the 11th largest norm of 1024 and hangs on that one.
      const held = found.sizes.map((size, i) => (oracle.indices[i] === 2584 ? Infinity : size));
      expect(Math.abs(epsilonFooling(held) / rerun.eps99 - 1)).toBeLessThan(0.01);
      expect(Math.abs(found.eps99 / rerun.eps99 - 1)).toBeLessThan(0.015);
    });

    it.each([
      ['FGS', [1, 4, 6, 9]],
      ['Alg1', [3, 5]],
      ['Alg2', [3, 5, 7, 9]],
      ['rand', [0, 5, 9]],
    ] as const)('%s on all images within a point of the re-run', async (name, points) => {
      const { curves } = oracle.rerun.lenet;
      for (const i of points)
        expect(Math.abs((await fooledBy(model, images, name, curves['epsilon']![i]!)) - curves[name]![i]!)).toBeLessThan(0.01);
    });

    it.each([
      ['Alg1-5', 3],
      ['Alg1-10', 3],
    ] as const)('%s on every fourth image within the sample’s spread of the re-run', async (name, i) => {
      const { curves } = oracle.rerun.lenet;
      const share = await fooledBy(
        model,
        images.filter((_, k) => k % 4 === 0),
        name,
        curves['epsilon']![i]!,
      );
      // Three standard errors of 256 images drawn from the 1024.
      const p = curves[name]![i]!;
      expect(Math.abs(share - p)).toBeLessThan(3 * Math.sqrt((p * (1 - p) * 0.75) / 256));
    });
  },
);
