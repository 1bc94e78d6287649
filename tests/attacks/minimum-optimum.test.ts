import { describe, expect, it } from 'vitest';
import type { FeatureNorm, Norm } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { attackOf } from '../../src-main/attacks/registry.ts';
import { exactMinimum, targetedBound } from '../../src-main/norms/exactLinear.ts';
import type { ImageShape } from '../../src-main/model/differentiable.ts';
import { linearCase, linearModel, OPEN } from './linear.ts';

/** Minimum-norm attacks against the exact optimum of linear models whose box binds. Those that can begin at the linearised boundary, which is that optimum, do not. */
const SHAPE: ImageShape = { channels: 3, height: 5, width: 7 };
const optima = new Map<string, number>();

/** Found over optimum of every image that can be broken; one that cannot must be held. */
async function ratios(
  attack: string,
  norm: FeatureNorm,
  options: Record<string, unknown>,
  classes: number,
  targeted: boolean,
): Promise<number[]> {
  const { model, differentiable, images } = linearCase(`optimum-${classes}`, classes, SHAPE, 4, targeted);
  const found = await attackBatch({
    model: differentiable,
    images,
    norm,
    eps: [1],
    attack,
    options,
    seed: 3,
    maxQueries: null,
    gate: OPEN,
  });
  return found.flatMap((finding, i) => {
    const { pixels, label, goal } = images[i]!;
    const key = [norm, classes, targeted, i].join();
    const best =
      optima.get(key) ??
      (goal !== null && classes > 2 ? targetedBound(norm, model, pixels, goal, 600) : exactMinimum(norm, model, pixels, label).distance);
    optima.set(key, best);
    if (best < Infinity) return [(finding.float?.[norm] ?? Infinity) / best];
    expect(finding.state).toBe('held');
    return [];
  });
}

type Row = [
  attack: string,
  norm: FeatureNorm,
  options: Record<string, unknown>,
  elsewhere?: Partial<Record<'untargeted' | 'targeted', number>>,
];

/**
 * Steps and averages are those that a linear model of nine half spaces at once needs, where an attack's defaults are too few for that.
 * `elsewhere`, of ten classes: what an attack may end at that follows one class at a time. Under l1 that is the boundary of a class that is
 * not the nearest; FAB towards a goal settles where two half spaces meet, for it projects onto one of them.
 */
const ATTACKS: Row[] = [
  ['pdgd', 'l2', { rivals: 0, steps: 500 }],
  ['pdpgd', 'l1', { rivals: 0, steps: 1000 }, { untargeted: 1.08 }],
  ['pdpgd', 'l2', { rivals: 0, steps: 500 }],
  ['pdpgd', 'linf', { rivals: 0, steps: 1000 }],
  ['alma', 'l1', { steps: 1000, average: 0.9 }, { untargeted: 1.08 }],
  ['alma', 'l2', { steps: 1000 }],
  ['ead', 'l1', { beta: 10, abort: false }, { untargeted: 1.08 }],
  ['carlini-wagner', 'l2', {}],
  ['carlini-wagner', 'linf', { steps: 300, initial: 0.01, decrease: 0.97, abort: false }],
  ['fab', 'l1', { targets: 9 }, { targeted: 1.25 }],
  ['fab', 'l2', {}],
  ['fab', 'linf', {}, { targeted: 1.25 }],
  // Begun at the image: where the linearised boundary is, FMN would be at once.
  ['fmn', 'linf', { rivals: 0, steps: 1000, direction: 'signs', schedule: 'plateau', loss: 'cross-entropy' }],
  ['super-deepfool', 'l2', {}],
  ['super-deepfool', 'l2', { variant: 'single' }],
  ['trust-region', 'l2', { steps: 1000 }],
  ['trust-region', 'linf', { steps: 1000 }],
];

describe.each([2, 10].flatMap((classes) => [false, true].map((targeted) => ({ classes, targeted }))))(
  'linear model, $classes classes, targeted $targeted',
  ({ classes, targeted }) => {
    it.each(ATTACKS.filter(([attack]) => !targeted || attackOf(attack).targeted))(
      '%s %s comes within 1.05 of the optimum on every image, %j',
      async (attack, norm, options, elsewhere) => {
        const all = await ratios(attack, norm, options, classes, targeted);
        expect(all.length).toBeGreaterThan(1);
        expect(Math.min(...all)).toBeGreaterThan(1 - 1e-4);
        expect(Math.max(...all)).toBeLessThan((classes > 2 && elsewhere?.[targeted ? 'targeted' : 'untargeted']) || 1.05);
      },
    );
  },
);

it.each(['pdpgd', 'pdgd', 'alma', 'ead', 'carlini-wagner', 'fab', 'super-deepfool', 'trust-region'])(
  '%s leaves an image held that nothing inside the box can break',
  async (attack) => {
    const { images, model } = linearCase('held', 3, SHAPE, 2, false);
    // So far ahead that no picture changes the class.
    const bias = Float32Array.from(model.bias, (b, k) => b + (k === images[0]!.label ? 1e4 : 0));
    const ahead = linearModel({ ...model, bias }, SHAPE, 4);
    for (const norm of attackOf(attack).norms as readonly Norm[]) {
      const [finding] = await attackBatch({
        model: ahead,
        images: images.slice(0, 1),
        norm,
        eps: [1],
        attack,
        options: { steps: 20 },
        seed: 1,
        maxQueries: null,
        gate: OPEN,
      });
      expect(finding).toMatchObject({ state: 'held', eightBit: null, floatPixels: null });
    }
  },
);

it.each([
  ['alma', {}],
  ['pdpgd', {}],
  ['fab', { restarts: 2, targets: 2 }],
  ['fab', { restarts: 2 }],
  ['super-deepfool', {}],
  ['trust-region', {}],
] as [string, Record<string, unknown>][])('%s finds the same of an image alone and among others, %j', async (attack, options) => {
  const { model, images } = linearCase('alone', 4, SHAPE, 5, false);
  for (const norm of attackOf(attack).norms as readonly Norm[]) {
    const run = (some: typeof images, rows: number) =>
      attackBatch({
        model: linearModel(model, SHAPE, rows),
        images: some,
        norm,
        eps: [1],
        attack,
        options: { steps: 12, ...options },
        seed: 1,
        maxQueries: null,
        gate: OPEN,
      });
    const together = await run(images, 3);
    const alone = (await Promise.all(images.map((image) => run([image], 1)))).flat();
    expect(alone).toEqual(together);
  }
});
