import { expect, it } from 'vitest';
import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import { gaussian, randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { linearModel, OPEN } from './linear.ts';
import { watch } from './watched.ts';

/** What an option says of an attack's steps, read off the points that it asks about, on two classes far from the box. */
const SHAPE = { channels: 1, height: 5, width: 6 };
const FEATURES = 30;
const random = randomStream('schedules');
const weights = Float32Array.from({ length: 2 * FEATURES }, () => gaussian(random));
const pixels = new Float32Array(FEATURES).fill(128 / 255);
/** w₀ - w₁, and what the first class is ahead by at the image. */
const slope = Float64Array.from({ length: FEATURES }, (_, j) => weights[j]! - weights[FEATURES + j]!);
const lengthOf = (v: ArrayLike<number>): number => Math.sqrt(Array.from(v).reduce((sum, x) => sum + x * x, 0));
const AHEAD = 0.3;
const biasFor = (ahead: number): number => ahead - slope.reduce((sum, s) => sum + s * pixels[0]!, 0);

/** Every perturbation that the attack asks about, in order. @param ahead margin at the image */
async function path(attack: string, norm: 'l0' | 'l2', options: Record<string, unknown>, ahead = AHEAD, eps = 1): Promise<Float64Array[]> {
  const { model, points } = watch(linearModel({ classes: 2, weights, bias: [biasFor(ahead), 0] }, SHAPE, 1));
  const images = [{ pixels, hash: 'schedules', label: 0, goal: null }];
  await attackBatch({ model, images, norm, eps: [eps], attack, options, seed: 1, maxQueries: null, gate: OPEN });
  return points.map((point) => Float64Array.from(point, (x, j) => x - pixels[j]!));
}

it.each([0, 0.05, 0.5, 1])('FMN first aims 1 + %f times as far as the boundary lies', async (overshoot) => {
  const [start, first] = await path('fmn', 'l2', { rivals: 0, overshoot, steps: 3, gamma: 0.01 });
  expect(lengthOf(start!)).toBe(0);
  expect(lengthOf(first!)).toBeCloseTo(((1 + overshoot) * AHEAD) / lengthOf(slope), 5);
});

it.each([true, false])('PGD’s steps fall by a cosine to a fiftieth, or keep their length: decay %s', async (decay) => {
  const [steps, eps, stepSize] = [8, 0.5, 0.05];
  const points = await path('pgd', 'l2', { steps, decay, stepSize, randomStart: false }, 1000, eps);
  const taken = points.slice(1, steps + 1).map((point, i) => lengthOf(point.map((v, j) => v - points[i]![j]!)));
  taken.forEach((length, i) => {
    const share = decay ? 0.02 + (0.98 * (1 + Math.cos((Math.PI * i) / steps))) / 2 : 1;
    expect(length / (stepSize * eps)).toBeCloseTo(share, 3);
  });
});

it('DDN asks about pictures of so many grey levels as it is told, and of any without', async () => {
  const onLevels = async (levels: number | null, top: number): Promise<boolean[]> =>
    (await path('ddn', 'l2', { levels, steps: 6, rivals: 0, settle: 0, epsilon0: 2 }))
      .slice(1, 6)
      .map((delta) => delta.every((d, j) => Math.abs((pixels[j]! + d) * top - Math.round((pixels[j]! + d) * top)) < 1e-4));
  expect(await onLevels(4, 3)).toEqual([true, true, true, true, true]);
  expect(await onLevels(null, 3)).not.toContain(true);
});

it.each([0, 0.15, 0.3, 0.52, 0.56, 1])('σ-zero’s threshold falls by %f times the rate until a step is longer', async (t) => {
  // Of a constant gradient Adam makes steps of the rate itself, and a feature whose step is shorter than the threshold goes back.
  const [steps, eta0, tau0] = [5, 0.02, 0.03];
  const rate = (i: number): number => eta0 * (0.1 + 0.45 * (1 + Math.cos((Math.PI * i) / steps)));
  let tau = tau0;
  let first = -1;
  for (let i = 0; i < steps && first < 0; i++) {
    tau -= t * rate(i + 1);
    if (rate(i) > tau) first = i + 1;
  }
  const points = await path('sigma-zero', 'l0', { steps, eta0, tau0, t, rivals: 0, polish: 0 }, 1000);
  expect(points.findIndex((delta) => delta.some((d) => d !== 0))).toBe(first);
});
