import { expect, it } from 'vitest';
import type { Results } from '../../shared/results.ts';
import { summaryEvent } from '../../src-main/cli/summary.ts';

it('the JSON summary gives no accuracy where every image holds by construction', () => {
  const point = (level: number, accuracy: number) => ({ eps: level / 255, accuracy, low: 0.5, high: 1, right: 4, total: 4 });
  const threat = (norm: 'linf' | 'l2') => ({ norm, points: [point(0.5, 1), point(0.99, 1), point(1, 0.75)], median: null, mean: null });
  const said = summaryEvent('/f', { threats: [threat('linf'), threat('l2')] } as unknown as Results) as {
    threats: { points: { accuracy: number | null; byConstruction?: boolean }[] }[];
  };
  expect(said.threats.map(({ points }) => points.map(({ accuracy, byConstruction }) => [accuracy, byConstruction]))).toEqual([
    [
      [null, true],
      [null, true],
      [0.75, undefined],
    ],
    [
      [1, undefined],
      [1, undefined],
      [0.75, undefined],
    ],
  ]);
});
