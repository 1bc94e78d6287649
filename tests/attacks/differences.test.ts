import { expect, it } from 'vitest';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import type { Pair } from '../../src-main/attacks/problem/problem.ts';
import { linearCase, OPEN } from './linear.ts';

const SHAPE = { channels: 1, height: 3, width: 4 };
const CLASSES = 5;

/** A target over a linear model that notes how many blocks were run. */
function watched(rows: number, limits: number[] | null) {
  const { differentiable, images, model } = linearCase('differences', CLASSES, SHAPE, 3, false, rows);
  let blocks = 0;
  const counting = {
    ...differentiable,
    gradient: (...args: Parameters<typeof differentiable.gradient>) => (blocks++, differentiable.gradient(...args)),
  };
  const problem = new CountedProblem(counting, images, { norm: 'l2', stream: 's', limits, gate: OPEN });
  const pairs: Pair[] = images.flatMap(({ label }, image) =>
    Array.from({ length: CLASSES }, (_, k) => ({ image, class: k })).filter((pair) => pair.class !== label),
  );
  return { target: problem, pairs, images, model, blocks: () => blocks };
}

it('gives every difference with its gradient, packed into full blocks, each counted as one pass forward and back', async () => {
  const { target: problem, pairs, images, model, blocks } = watched(4, null);
  const delta = new Float32Array(36).fill(0.01);
  const seen: Pair[] = [];
  await problem.differences(delta, pairs, (pair, value, gradient) => {
    seen.push(pair);
    const { label, pixels } = images[pair.image]!;
    let expected = model.bias[label]! - model.bias[pair.class]!;
    gradient.forEach((g, j) => {
      const slope = model.weights[label * 12 + j]! - model.weights[pair.class * 12 + j]!;
      expect(g).toBeCloseTo(slope, 5);
      expected += slope * Math.min(1, pixels[j]! + 0.01);
    });
    expect(value).toBeCloseTo(expected, 4);
  });
  expect(seen).toEqual(pairs);
  expect(blocks()).toBe(3);
  expect([...problem.forwards, ...problem.backwards]).toEqual([4, 4, 4, 4, 4, 4]);
});

it('leaves out what an image may no longer spend, and images that are finished', async () => {
  const { target: problem, pairs } = watched(16, [8, 5, 100]);
  problem.finish(2);
  const seen: number[] = [];
  await problem.differences(new Float32Array(36), pairs, ({ image }) => seen.push(image));
  expect(seen).toEqual([0, 0, 0, 0, 1, 1]);
  expect([...problem.forwards]).toEqual([4, 2, 0]);
  expect([...problem.active]).toEqual([1, 0, 0]);
});

it('a confined image has no gradient where it may not move', async () => {
  const { target: problem, pairs } = watched(4, null);
  const mayMove = Uint8Array.from({ length: 12 }, (_, j) => j % 2);
  problem.confine(1, mayMove);
  const { gradient } = await problem.gradient(new Float32Array(36), 'margin');
  const zeros = (g: Float32Array): number[] => [...g.keys()].filter((j) => g[j] === 0);
  expect(zeros(gradient.slice(12, 24))).toEqual([0, 2, 4, 6, 8, 10]);
  expect(zeros(gradient.slice(0, 12))).toEqual([]);
  await problem.differences(new Float32Array(36), pairs, ({ image }, _, g) =>
    expect(zeros(g)).toEqual(image === 1 ? [0, 2, 4, 6, 8, 10] : []),
  );
});

it('without the box, points are evaluated as they are', async () => {
  const { differentiable, images } = linearCase('differences', CLASSES, SHAPE, 1, false, 1);
  const at = async (boxed: boolean) =>
    (
      await new CountedProblem(differentiable, images, { norm: 'l2', stream: 's', limits: null, gate: OPEN, boxed }).query(
        new Float32Array(12).fill(2),
      )
    ).logits.slice();
  const beyond = await differentiable.forward(images[0]!.pixels.map((x) => x + 2));
  expect([...(await at(false))]).toEqual([...beyond.logits]);
  expect([...(await at(true))]).toEqual([...(await differentiable.forward(new Float32Array(12).fill(1))).logits]);
});
