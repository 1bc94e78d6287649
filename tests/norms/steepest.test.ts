import { expect, it } from 'vitest';
import { steepestStep } from '../../src-main/norms/steepest.ts';

/** One l1 step from δ, as float32 sums up. @param share of the features, of which the largest slopes move */
function stepped(clean: number[], delta: number[], gradient: number[], share: number): number[] {
  const out = Float32Array.from(delta);
  steepestStep('l1', out, Float32Array.from(gradient), Float32Array.from(clean), 0.5, share);
  return [...out];
}

// The largest slope is held by the box in each, so the step goes to the next one, wholly.
it.each([
  ['white, to be made lighter', 1, 0, -9, false],
  ['white, to be made darker', 1, 0, 9, true],
  ['black, to be made darker', 0, 0, 9, false],
  ['black, to be made lighter', 0, 0, -9, true],
  ['made white before, to be made lighter', 0.25, 0.75, -9, false],
  ['made black before, to be made darker', 0.75, -0.75, 9, false],
  ['grey, to be made lighter', 0.75, 0, -9, true],
])('an l1 step of one feature: %s', (_, clean, delta, gradient, moves) => {
  const after = stepped([0.5, clean, 0.5, 0.5], [0, delta, 0, 0], [1, gradient, -2, 0.5], 0.25);
  expect(after).toEqual(moves ? [0, delta - 0.5 * Math.sign(gradient), 0, 0] : [0, delta, 0.5, 0]);
});

it('an l1 step of several features goes to as many in equal parts, the first of equal slopes first', () => {
  const clean = [1, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0.5];
  const gradient = [-9, 3, -3, 3, 1, -3, 9, 8];
  expect(stepped(clean, new Array<number>(8).fill(0), gradient, 3 / 8)).toEqual(
    [0, -0.5 / 3, 0.5 / 3, 0, 0, 0, 0, -0.5 / 3].map(Math.fround),
  );
});

it('a feature without a slope stays, however many may move', () => {
  expect(stepped([0.5, 0.5, 0.5, 1], [0, 0, 0, 0], [0, 2, 0, -1], 1)).toEqual([0, -0.125, 0, 0]);
});
