import { expect, it } from 'vitest';
import { CountedProblem } from '../../src-main/attacks/problem/counted.ts';
import { linearize } from '../../src-main/attacks/search/linearize.ts';
import { linearCase, logitsOf, OPEN } from './linear.ts';

const SHAPE = { channels: 1, height: 4, width: 5 };
const FEATURES = 20;

it.each([false, true])('a linearisation says which class its difference is to, targeted %s', async (targeted) => {
  const { model, differentiable, images } = linearCase('linearise', 6, SHAPE, 4, targeted);
  const problem = new CountedProblem(differentiable, images, { norm: 'l2', stream: 'x', limits: null, gate: OPEN });
  const seen = images.map(() => [] as number[]);
  await linearize(problem, new Float32Array(problem.clean.length), { rivals: 4 }, (image, value, gradient, rival) => {
    seen[image]!.push(rival);
    const { label, pixels } = images[image]!;
    const logits = logitsOf(model.weights, model.bias, pixels, 6);
    // Of a target, the difference is that of whichever class is ahead of it.
    const own = targeted ? logits.indexOf(Math.max(...logits)) : label;
    expect(value).toBeCloseTo(logits[own]! - logits[rival]!, 4);
    for (let j = 0; j < FEATURES; j++)
      expect(gradient[j]).toBeCloseTo(model.weights[own * FEATURES + j]! - model.weights[rival * FEATURES + j]!, 5);
  });
  images.forEach(({ pixels, label, goal }, i) => {
    const logits = logitsOf(model.weights, model.bias, pixels, 6);
    const likeliest = logits.map((_, k) => k).filter((k) => k !== label);
    likeliest.sort((a, b) => logits[b]! - logits[a]!);
    expect(seen[i]).toEqual(goal === null ? likeliest.slice(0, 4) : [goal]);
  });
});
