import { farther } from '../../src-main/goals/distance.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cancelled } from '../../shared/errors.ts';
import type { Norm } from '../../shared/norms.ts';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import type { Gate } from '../../src-main/attacks/problem/counted.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import { dot } from '../../src-main/attacks/outputs/jacobian.ts';
import { quadraticAttack } from '../../src-main/attacks/outputs/quadratic.ts';
import type { QuadraticOptions } from '../../src-main/attacks/outputs/quadratic.ts';
import { cornerValue, exchangeSigns, exhaustSigns, greedySigns } from '../../src-main/attacks/outputs/signs.ts';
import type { Corners } from '../../src-main/attacks/outputs/signs.ts';
import { attackOf } from '../../src-main/attacks/registry.ts';
import { gaussian, randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import type { Differentiable } from '../../src-main/model/differentiable.ts';
import type { OpenOutput } from '../../src-main/runtime/openOutput.ts';
import { largestSingularValue, smallField } from './fields.ts';
import type { SmallField } from './fields.ts';
import { OPEN } from './linear.ts';

const DEFAULTS = attackOf('quadratic').options.parse({}) as Omit<QuadraticOptions, 'epsilon'>;
/** Far beyond what any output comes to: nothing succeeds, the search goes as far as it can. */
const NEVER = 100;

/** ‖f(x + η) - y‖₂ of what the attack ends with, for every image. */
async function farthest(
  field: SmallField,
  open: OpenOutput,
  images: ProblemImage[],
  norm: Norm,
  epsilon: number,
  change: Partial<QuadraticOptions> = {},
): Promise<{ distance: number; eta: Float32Array }[]> {
  const problem = new CountedProblem(await open.scored(farther(NEVER)), images, {
    norm,
    epsilon,
    stream: 't',
    limits: null,
    gate: OPEN,
  });
  const eta = await quadraticAttack(problem, { ...DEFAULTS, steps: 1, epsilon, ...change });
  return images.map(({ pixels, reference }, i) => {
    const row = eta.slice(i * pixels.length, (i + 1) * pixels.length);
    const there = field.output(pixels.map((x, k) => x + row[k]!));
    return { distance: Math.sqrt(there.reduce((sum, v, k) => sum + (v - reference![k]!) ** 2, 0)), eta: row };
  });
}

const problem = (seed: string, z: number, d: number, withResidual: boolean): Corners => {
  const random = randomStream(seed);
  return {
    columns: Array.from({ length: z }, () => Float32Array.from({ length: d }, () => gaussian(random))),
    residual: Float64Array.from({ length: d }, () => (withResidual ? gaussian(random) : 0)),
    low: Float64Array.from({ length: z }, () => (withResidual ? -random() : -1)),
    high: Float64Array.from({ length: z }, () => (withResidual ? random() : 1)),
  };
};

describe('signs in l∞', () => {
  it.each([
    [3, false],
    [8, true],
    [11, false],
    [14, true],
  ])('the exhaustive search of %i columns is the largest of all corners', (z, withResidual) => {
    const p = problem(`e${z}`, z, 6, withResidual);
    let most = 0;
    for (let mask = 0; mask < 2 ** z; mask++)
      most = Math.max(
        most,
        cornerValue(
          p,
          Array.from({ length: z }, (_, k) => (mask & (1 << k) ? p.high[k]! : p.low[k]!)),
        ),
      );
    expect(cornerValue(p, exhaustSigns(p)) / most).toBeCloseTo(1, 10);
  });
  it('the greedy rule is the paper’s (20) where ends are ±ε', () => {
    const p = problem('paper', 12, 5, false);
    const order = [...p.columns.keys()].sort((a, b) => dot(p.columns[b]!, p.columns[b]!) - dot(p.columns[a]!, p.columns[a]!));
    const rho = new Float64Array(12);
    let sum = new Float64Array(5);
    order.forEach((k, z) => {
      rho[k] = z === 0 ? 1 : Math.sign(dot(sum, p.columns[k]!));
      sum = sum.map((v, i) => v + rho[k]! * p.columns[k]![i]!);
    });
    expect([...greedySigns(p)]).toEqual([...rho]);
  });
  it('exchange never lowers, and ends where no single exchange gains', () => {
    let gained = 0;
    for (let seed = 0; seed < 20; seed++) {
      const p = problem(`x${seed}`, 16, 8, seed % 2 === 1);
      const s = greedySigns(p);
      const before = cornerValue(p, s);
      exchangeSigns(p, s);
      const after = cornerValue(p, s);
      expect(after).toBeGreaterThan(before * (1 - 1e-12));
      if (after > before * (1 + 1e-6)) gained++;
      for (let k = 0; k < 16; k++) {
        const other = s.slice();
        other[k] = s[k] === p.high[k] ? p.low[k]! : p.high[k]!;
        expect(cornerValue(p, other)).toBeLessThan(after * (1 + 1e-6));
      }
    }
    expect(gained).toBeGreaterThan(5);
  });
});

describe('a linear network, whose optimum the attack must find', () => {
  const shape = { channels: 1, height: 3, width: 5 };
  const field = smallField('linear-field', shape, 0, 9);
  const [inside, edges] = [field.images(6, 0), field.images(6, 0.8)];
  let open: OpenOutput;
  beforeAll(async () => void (open = await field.open()));
  afterAll(() => open.close());

  it('l2: ε times the largest singular value', async () => {
    const sigma = largestSingularValue(field.columns(inside[0]!.pixels));
    for (const { distance, eta } of await farthest(field, open, inside, 'l2', 0.1)) {
      expect(Math.sqrt(dot(eta, eta))).toBeCloseTo(0.1, 5);
      expect(distance / (0.1 * sigma)).toBeGreaterThan(0.9999);
      expect(distance / (0.1 * sigma)).toBeLessThan(1.0001);
    }
  });
  it('l1: ε times the longest column', async () => {
    const longest = Math.max(...field.columns(inside[0]!.pixels).map((c) => Math.sqrt(dot(c, c))));
    for (const change of [{}, { dense: 0 }])
      for (const { distance } of await farthest(field, open, inside, 'l1', 0.1, change))
        expect(distance / (0.1 * longest)).toBeCloseTo(1, 4);
  });
  it.each([0, 2 ** 20])('l∞: the largest of all 2^15 corners inside the box, written out up to %i entries', async (dense) => {
    for (const images of [inside, edges]) {
      const found = await farthest(field, open, images, 'linf', 0.2, { dense, restarts: 8 });
      images.forEach(({ pixels }, i) => {
        const columns = field.columns(pixels).map((c) => Float32Array.from(c));
        const corners = {
          columns,
          residual: new Float32Array(9),
          low: pixels.map((x) => -Math.min(0.2, x)),
          high: pixels.map((x) => Math.min(0.2, 1 - x)),
        };
        const best = Math.sqrt(cornerValue(corners, exhaustSigns(corners)));
        expect(found[i]!.distance / best).toBeGreaterThan(dense ? 0.9999 : 0.96);
        expect(found[i]!.distance / best).toBeLessThan(1.0001);
      });
    }
  });
  it('l0: the best of all changes of two pixels', async () => {
    for (const norm of ['l0', 'l0Pixels'] as const) {
      const found = await farthest(field, open, edges, norm, 2);
      edges.forEach(({ pixels }, i) => {
        const columns = field.columns(pixels);
        let best = 0;
        for (let a = 0; a < 15; a++)
          for (let b = 0; b < a; b++)
            for (const s of [-pixels[a]!, 1 - pixels[a]!])
              for (const t of [-pixels[b]!, 1 - pixels[b]!])
                best = Math.max(
                  best,
                  columns[a]!.reduce((sum, v, k) => sum + (s * v + t * columns[b]![k]!) ** 2, 0),
                );
        expect(found[i]!.eta.filter((e) => e !== 0).length).toBeLessThanOrEqual(2);
        expect(found[i]!.distance / Math.sqrt(best)).toBeGreaterThan(0.95);
        expect(found[i]!.distance / Math.sqrt(best)).toBeLessThan(1.0001);
      });
    }
  });
});

describe('a network that is not linear', () => {
  const shape = { channels: 3, height: 4, width: 4 };
  const field = smallField('bent', shape, 20, 30);
  const images = field.images(5, 0.2);
  const matched = images.map((image, i) => ({ ...image, reference: image.reference!.map((v, k) => v + 0.3 * Math.sin(k + i)) }));
  let open: OpenOutput;
  let model: Differentiable;
  beforeAll(async () => {
    open = await field.open();
    model = await open.scored(farther(0.12));
  });
  afterAll(() => open.close());

  it('one step in l2 is within 1e-3 of the singular vector of the dense Jacobian', async () => {
    const some = field.images(5, 0);
    const found = await farthest(field, open, some, 'l2', 1e-3);
    some.forEach(({ pixels }, i) => {
      const columns = field.columns(pixels);
      const moved = new Float64Array(30);
      columns.forEach((c, k) => c.forEach((v, j) => (moved[j]! += v * found[i]!.eta[k]!)));
      expect(Math.sqrt(dot(moved, moved)) / (1e-3 * largestSingularValue(columns))).toBeGreaterThan(0.999);
    });
  });
  it.each(['l2', 'linf', 'l1', 'l0', 'l0Pixels'] as const)('more steps go farther in %s, and stay in ball and box', async (norm) => {
    const eps = { l2: 0.8, linf: 0.2, l1: 3, l0: 4, l0Pixels: 3 }[norm];
    for (const some of [images, matched]) {
      const one = await farthest(field, open, some, norm, eps);
      const ten = await farthest(field, open, some, norm, eps, { steps: 10 });
      ten.forEach(({ distance, eta }, i) => {
        expect(distance).toBeGreaterThanOrEqual(one[i]!.distance * (1 - 1e-5));
        const sizes = eta.map(Math.abs);
        const pixels = Array.from({ length: 16 }, (_, p) => Math.max(sizes[p]!, sizes[p + 16]!, sizes[p + 32]!));
        const length = {
          l2: Math.sqrt(dot(eta, eta)),
          linf: Math.max(...sizes),
          l1: sizes.reduce((a, b) => a + b, 0),
          l0: sizes.filter((s) => s > 0).length,
          l0Pixels: pixels.filter((s) => s > 0).length,
        }[norm];
        expect(length).toBeLessThan(eps * (1 + 1e-5) + 1e-9);
        eta.forEach((e, k) => expect(Math.abs(some[i]!.pixels[k]! + e - 0.5)).toBeLessThan(0.5 + 1e-6));
      });
    }
  });
  it('same bits alone and together; pictures hold, in the plain network too', async () => {
    const run = (some: ProblemImage[]) =>
      attackBatch({
        model,
        images: some,
        norm: 'linf',
        eps: [0.01, 0.1],
        attack: 'quadratic',
        options: { dense: 0, restarts: 1 },
        seed: 3,
        maxQueries: null,
        gate: OPEN,
      });
    const whole = await run(images);
    expect([...(await run(images.slice(0, 2))), ...(await run(images.slice(2)))]).toEqual(whole);
    expect(await run([images[3]!])).toEqual([whole[3]]);
    expect(whole.every(({ state }) => state === 'broken')).toBe(true);
    whole.forEach(({ eightBit }, i) => {
      const there = field.output(Float32Array.from(eightBit!, (level) => level / 255));
      expect(Math.sqrt(there.reduce((sum, v, k) => sum + (v - images[i]!.reference![k]!) ** 2, 0) / 30)).toBeGreaterThan(0.12 * (1 - 1e-5));
    });
  });
  it('ends within one query of a cancel, and within a bound on queries', async () => {
    for (const after of [0, 5, 40]) {
      let checks = 0;
      const gate: Gate = {
        check: () => {
          if (checks++ >= after) throw new Cancelled();
        },
      };
      await expect(
        attackBatch({ model, images, norm: 'l2', eps: [0.1], attack: 'quadratic', options: {}, seed: 3, maxQueries: null, gate }),
      ).rejects.toThrow(Cancelled);
      expect(checks).toBe(after + 1);
    }
    for (const { forwards, backwards } of await attackBatch({
      model,
      images,
      norm: 'l2',
      eps: [0.1],
      attack: 'quadratic',
      options: {},
      seed: 3,
      maxQueries: 61,
      gate: OPEN,
    }))
      expect(forwards + backwards).toBeLessThanOrEqual(61);
  });
});

describe('attacks made for classifiers, on a clean-output reference, where the gradient of the distance is zero', () => {
  const field = smallField('bent', { channels: 3, height: 4, width: 4 }, 20, 30);
  const images = field.images(5, 0.2);
  let open: OpenOutput;
  let model: Differentiable;
  beforeAll(async () => {
    open = await field.open();
    model = await open.scored(farther(0.05));
  });
  afterAll(() => open.close());
  it.each([
    ['fgsm', 'linf', 0.15],
    ['fgsm', 'l2', 0.8],
    ['bim', 'linf', 0.1],
    ['bim', 'l2', 0.5],
    ['pgd', 'linf', 0.1],
    ['gnm', 'linf', 0.1],
    ['gnm', 'l2', 0.5],
    ['gnm', 'l0', 8],
    ['gnm-simple', 'linf', 0.15],
    ['linear-minimum', 'l2', 1],
    ['linear-minimum', 'linf', 1],
    ['deepfool', 'l2', 1],
    ['deepfool', 'linf', 1],
    ['ddn', 'l2', 1],
    ['fmn', 'l2', 1],
    ['fmn', 'linf', 1],
    ['fmn', 'l1', 1],
    ['fmn', 'l0', 1],
    ['sigma-zero', 'l0', 1],
    ['subset', 'l0', 8],
    ['subset', 'l0Pixels', 5],
  ] as [string, Norm, number][])('%s in %s breaks every image', async (attack, norm, eps) => {
    const options = ['fmn', 'ddn', 'sigma-zero'].includes(attack) ? { steps: 60 } : {};
    const found = await attackBatch({ model, images, norm, eps: [eps], attack, options, seed: 1, maxQueries: null, gate: OPEN });
    expect(found.map(({ state }) => state)).toEqual(images.map(() => 'broken'));
    // From the dithered first gradient on, the minimum-norm attacks come to the same size.
    if (norm === 'l2' && attack !== 'deepfool' && eps === 1) for (const { float } of found) expect(float!.l2).toBeLessThan(0.5);
  });
  it.each([
    ['bim', 'linf'],
    ['fmn', 'l2'],
    ['gnm', 'l1'],
  ] as const)('%s in %s: the dither is the image’s own, the same bits alone and together', async (attack, norm) => {
    const run = (some: ProblemImage[]) =>
      attackBatch({
        model,
        images: some,
        norm,
        eps: [norm === 'l1' ? 2 : 0.1],
        attack,
        options: attack === 'fmn' ? { steps: 20 } : {},
        seed: 1,
        maxQueries: null,
        gate: OPEN,
      });
    const whole = await run(images);
    expect([...(await run(images.slice(0, 1))), ...(await run(images.slice(1)))]).toEqual(whole);
    expect(whole.some(({ state }) => state === 'broken')).toBe(true);
  });
  it.each([30, 31, 17, 3])('rows of %i values: the distance and its gradient are the same bits in whichever row', async (width) => {
    const narrow = smallField('rows', { channels: 1, height: 5, width: 7 }, 0, width);
    const network = await narrow.open(4);
    const distance = await network.scored(farther(0.1));
    for (const { pixels, reference } of narrow.images(6, 0.2)) {
      const [four, y] = [0, 1].map((which) =>
        Float32Array.from({ length: 4 * [35, width][which]! }, (_, j) => (which ? reference![j % width]! : 0.9 * pixels[j % 35]!)),
      );
      const { logits, gradient } = await distance.gradient('margin', four!, new Int32Array(4), null, y!);
      for (let row = 1; row < 4; row++) {
        expect(logits.slice(2 * row, 2 * row + 2)).toEqual(logits.slice(0, 2));
        expect(gradient.slice(35 * row, 35 * row + 35)).toEqual(gradient.slice(0, 35));
      }
    }
    await network.close();
  });
  it('the gradient at the image is that of the distance nearby, never zero, and no success is claimed for it', async () => {
    const easy = await open.scored(farther(1e-9));
    const problem = new CountedProblem(easy, images, { norm: 'l2', stream: 't', limits: null, gate: OPEN });
    const { gradient, success } = await problem.gradient(new Float32Array(problem.clean.length), 'margin');
    expect([...success]).toEqual(images.map(() => 0));
    expect(problem.best(0)).toBeNull();
    images.forEach(({ pixels }, i) => {
      // -J'u / √D with some unit u: between the smallest and the largest singular value over √D, and in J's row space.
      const g = gradient.subarray(48 * i, 48 * (i + 1));
      const length = Math.sqrt(dot(g, g) * 30);
      expect(length).toBeGreaterThan(0.1);
      expect(length).toBeLessThan(largestSingularValue(field.columns(pixels)) * 1.01);
    });
  });
});
