import { expect, it } from 'vitest';
import { Plateau } from '../../src-main/attacks/search/plateau.ts';

it('falls after so many steps that bring nothing, and only then', () => {
  const plateau = new Plateau(0.5, 2);
  const seen = (
    [
      // Before the first success the margin counts.
      [Infinity, 3],
      [Infinity, 2],
      [Infinity, 2.5],
      [Infinity, 2.5],
      // The first success is one, whatever its margin.
      [0.8, 4],
      // From then on the best distance alone; what is smaller by less than a ten thousandth is not.
      [0.8, -9],
      [0.79999, -9],
      [0.7, 5],
      [0.7, 5],
    ] as const
  ).map(([distance, margin]) => plateau.share(distance, margin));
  expect(seen).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
});
