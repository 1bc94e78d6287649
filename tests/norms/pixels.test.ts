import { expect, it } from 'vitest';
import { randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { distance, distances } from '../../src-main/norms/distances.ts';
import { exactMinimum } from '../../src-main/norms/exactLinear.ts';
import { fewestPixels } from '../../src-main/norms/pixels.ts';

const random = randomStream('pixels');
const CHANNELS = 3;
const PLANE = 9;

/** The smallest set of pixels that lowers g·δ by `drop`, by trying all 512. */
function bruteForce(gradient: Float64Array, clean: Float32Array, drop: number): number {
  let best = Infinity;
  for (let mask = 0; mask < 2 ** PLANE; mask++) {
    let gain = 0;
    let size = 0;
    for (let p = 0; p < PLANE; p++) {
      if (!((mask >> p) & 1)) continue;
      size++;
      for (let j = p; j < gradient.length; j += PLANE) gain += Math.max(gradient[j]! * clean[j]!, -gradient[j]! * (1 - clean[j]!), 0);
    }
    if (gain >= drop) best = Math.min(best, size);
  }
  return best;
}

it('takes as few pixels as any set of them can do, and the δ it gives does it', () => {
  for (let round = 0; round < 60; round++) {
    const gradient = Float64Array.from({ length: CHANNELS * PLANE }, () => (random() < 0.2 ? 0 : 2 * random() - 1));
    const clean = Float32Array.from(gradient, () => (random() < 0.3 ? Math.round(random()) : random()));
    const drop = 8 * random();
    const delta = new Float64Array(gradient.length);
    const found = fewestPixels(gradient, clean, drop, CHANNELS, delta);
    expect(found).toBe(bruteForce(gradient, clean, drop));
    if (found === Infinity) continue;
    expect(-gradient.reduce((sum, g, j) => sum + g * delta[j]!, 0)).toBeGreaterThanOrEqual(drop - 1e-9);
    for (let j = 0; j < clean.length; j++) expect(clean[j]! + delta[j]!).toBeGreaterThanOrEqual(-1e-7);
    for (let j = 0; j < clean.length; j++) expect(clean[j]! + delta[j]!).toBeLessThanOrEqual(1 + 1e-7);
    expect(
      distance(
        'l0Pixels',
        clean.map((x, j) => x + delta[j]!),
        clean,
        CHANNELS,
      ),
    ).toBeLessThanOrEqual(found);
  }
});

it('the minimum in pixels lies between that in features and its share of the channels', () => {
  const classes = 4;
  const d = CHANNELS * PLANE;
  for (let round = 0; round < 30; round++) {
    const model = { classes, weights: Float32Array.from({ length: classes * d }, () => 2 * random() - 1), bias: new Float32Array(classes) };
    const clean = Float32Array.from({ length: d }, () => random());
    const logits = Array.from({ length: classes }, (_, k) => clean.reduce((sum, x, j) => sum + x * model.weights[k * d + j]!, 0));
    const label = logits.indexOf(Math.max(...logits));
    const pixels = exactMinimum('l0Pixels', model, clean, label, CHANNELS).distance;
    const features = exactMinimum('l0', model, clean, label).distance;
    expect(pixels).toBeLessThanOrEqual(features);
    expect(features).toBeLessThanOrEqual(CHANNELS * pixels);
    expect(exactMinimum('l0Pixels', model, clean, label, 1).distance).toBe(features);
  }
});

it('counts a position once however many of its channels differ', () => {
  const a = Float32Array.of(0, 1, 0, 0, 1, 1);
  const b = Float32Array.of(1, 1, 0, 1, 1, 0);
  expect(distance('l0Pixels', a, b, 2)).toBe(2);
  expect(distances(a, b, 2)).toMatchObject({ l0: 3, l0Pixels: 2 });
});
