import { describe, expect, test } from 'vitest';
import type { Norm } from '../../shared/norms.ts';
import type { CurvePoint, ThreatResult } from '../../shared/results.ts';
import { chartSvg, curveChart, curveEnd } from '../../src-main/report/charts.ts';
import { curvesFigure } from '../../src-main/report/curvesFigure.ts';
import { makeFixture } from './fixture.ts';

const point = (eps: number, accuracy: number): CurvePoint => ({ eps, accuracy, low: accuracy, high: accuracy, right: 1, total: 2 });
/** A threat model in l2 with two budgets. */
const threat = { norm: 'l2', eps: [0.5, 2] } as const satisfies Pick<ThreatResult, 'norm' | 'eps'>;

describe('where the picture of a curve ends', () => {
  test.each([
    ['a fifth beyond the largest budget, where the curve has ended before', [point(0, 1), point(1, 0)], 2.4],
    ['there too without a curve', [], 2.4],
    ['a little beyond the step at which nothing is left', [point(0, 1), point(2.2, 0.5), point(4, 0), point(6, 0)], 4.32],
    ['a little beyond the last step, where something is left', [point(0, 1), point(3, 0.5), point(5, 0.3)], 5.4],
    ['at four times the largest budget, however far the curve goes', [point(0, 1), point(3, 0.5), point(30, 0.3)], 8],
  ])('%s', (_, line, end) => expect(curveEnd(threat, line)).toBeCloseTo(end, 9));

  test('at a whole number, where changes are counted', () => {
    expect(curveEnd({ ...threat, norm: 'l0', eps: [3] }, [])).toBe(4);
    expect(curveEnd({ ...threat, norm: 'l0Pixels', eps: [6] }, [])).toBe(8);
  });
});

interface Drawn {
  xAxis: { min: number; max: number };
  yAxis: { min: number; max: number };
  series: { name: string; data: number[][]; markLine?: { data: { xAxis: number }[] } }[];
}

describe.each(['linf', 'l2', 'l0'] as Norm[])('the picture of a curve in %s', (norm) => {
  const results = makeFixture({ norms: [norm], images: 40, width: 8, height: 8 }).results;
  // Of minimum-norm attacks alone, so that every budget was looked at.
  const one: ThreatResult = { ...results.threats[0]!, attacks: [{ id: 'fmn', options: {} }] };
  const [drawn, scale] = [curveChart(one) as unknown as Drawn, norm === 'linf' ? 255 : 1];
  const [line, budgets] = ['robust accuracy', 'budget'].map((name) => drawn.series.find((series) => series.name === name)!);

  test('has every budget on its axis, in the axis’s unit, with what is right there', () => {
    expect([drawn.xAxis.min, drawn.yAxis.min, drawn.yAxis.max]).toEqual([0, 0, 100]);
    expect(budgets!.data).toEqual(one.points.map(({ eps, accuracy, low, high }) => [eps * scale, accuracy! * 100, low * 100, high * 100]));
    expect(line!.markLine!.data.map(({ xAxis }) => xAxis)).toEqual(one.eps.map((eps) => eps * scale));
    for (const eps of one.eps) expect(eps * scale).toBeLessThan(drawn.xAxis.max);
  });

  test('draws its line from the curve’s first step to the end of the axis', () => {
    const inside = one.curve.filter(({ eps }) => eps * scale <= drawn.xAxis.max);
    expect(inside.length).toBeGreaterThan(5);
    expect(line!.data.slice(0, -1)).toEqual(inside.map(({ eps, accuracy }) => [eps * scale, accuracy! * 100]));
    expect(line!.data.at(-1)).toEqual([drawn.xAxis.max, inside.at(-1)!.accuracy! * 100]);
    expect(chartSvg(curveChart(one), 400, 200)).toContain('<path');
  });
});

test('curves of several models run to the same end, in the order they are given', () => {
  const curves = [
    { name: 'one', points: [point(0, 1), point(0.01, 0.5), point(0.5, 0.1)] },
    { name: 'two', points: [point(0, 0.9), { ...point(0.02, 0), accuracy: null }] },
    { name: 'none', points: [] },
  ];
  const drawn = curvesFigure('linf', curves, 0.04, [0.01, 0.04, 0.05]) as unknown as Drawn;
  expect(drawn.xAxis.max).toBeCloseTo(10.2, 9);
  const near = (data: number[][]): number[][] => data.map((row) => row.map((v) => Number(v.toFixed(6))));
  expect(drawn.series.map(({ name, data }) => [name, near(data)])).toEqual([
    [
      'one',
      [
        [0, 100],
        [2.55, 50],
        [10.2, 50],
      ],
    ],
    [
      'two',
      [
        [0, 90],
        [10.2, 90],
      ],
    ],
    ['none', []],
  ]);
  expect(drawn.series[0]!.markLine!.data.map(({ xAxis }) => Number(xAxis.toFixed(6)))).toEqual([2.55, 10.2]);
});
