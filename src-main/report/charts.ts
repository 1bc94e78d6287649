import { CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, GridComponent, MarkLineComponent } from 'echarts/components';
import type { EChartsCoreOption } from 'echarts/core';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { formatEps, significant } from '../../shared/format.ts';
import { isCount } from '../../shared/norms.ts';
import type { Norm } from '../../shared/norms.ts';
import type { CurvePoint, ThreatResult } from '../../shared/results.ts';
import { drawnLine } from '../../shared/states.ts';
import { COLOR } from './theme.ts';
import { evidence, isMinimal } from './words.ts';

use([CustomChart, LineChart, ScatterChart, AriaComponent, GridComponent, MarkLineComponent, SVGRenderer]);

const AXIS_NAME: Record<Norm, string> = {
  l0: 'ε: number of pixel values changed (ℓ₀)',
  l0Pixels: 'ε: number of pixels changed (ℓ₀)',
  l1: 'ε: sum of all changes (ℓ₁, pixel values in [0,1])',
  l2: 'ε: Euclidean length of the change (ℓ₂, pixel values in [0,1])',
  linf: 'ε: largest change of a pixel value (ℓ∞, in 1/255)',
};

/** l∞ is drawn in 8-bit levels, so that the ticks are whole numbers. */
export const unit = (norm: Norm): number => (norm === 'linf' ? 255 : 1);

/**
 * Where the drawing ends: a little beyond the largest budget, and further, up to four times as far,
 * while the curve still falls.
 */
export function curveEnd(threat: Pick<ThreatResult, 'eps' | 'norm'>, line: readonly CurvePoint[]): number {
  const budget = Math.max(...threat.eps);
  const last = line.find((point) => (point.accuracy ?? 1) <= 0.02) ?? line.at(-1);
  const end = Math.max(1.2 * budget, Math.min((last?.eps ?? 0) * 1.08, 4 * budget));
  return isCount(threat.norm) ? Math.ceil(end) : end;
}

/**
 * Robust accuracy against ε as an ECharts option: where minimum-norm attacks looked at every ε the step curve over the distances
 * they found, with its 95 % interval as a band; and the plan's budgets with their own interval. Drawn from the results as they are;
 * the only arithmetic is the unit of the axis.
 */
export function curveChart(threat: ThreatResult): EChartsCoreOption {
  const scale = unit(threat.norm);
  const curve = drawnLine(threat, isMinimal);
  const end = curveEnd(threat, curve) * scale;
  const inside = known(curve)
    .sort((a, b) => a.eps - b.eps)
    .filter((point) => point.eps * scale <= end);
  const line = [...inside.map((point) => [point.eps * scale, point.accuracy * 100])];
  if (inside.length > 0) line.push([end, inside.at(-1)!.accuracy * 100]);
  const points = known(evidence(threat)).map((point) => [point.eps * scale, point.accuracy * 100, point.low * 100, point.high * 100]);
  const text = { fontFamily: 'Inter', fontSize: 8, color: COLOR.soft };
  return {
    animation: false,
    textStyle: text,
    grid: { left: 34, right: 14, top: 20, bottom: 38 },
    ...axes(threat.norm, end, text, 24),
    series: [
      { type: 'custom', name: 'interval', silent: true, clip: true, data: [0], renderItem: band(inside, scale, end) },
      {
        type: 'line',
        name: 'robust accuracy',
        silent: true,
        // Everything lies inside; the clip would halve the line along 0 % and 100 %.
        clip: false,
        step: 'end',
        symbol: 'none',
        data: line,
        lineStyle: { color: COLOR.accent, width: 1.4 },
        markLine: {
          silent: true,
          symbol: 'none',
          lineStyle: { color: COLOR.faint, width: 0.6, type: [2, 2] },
          label: {
            ...text,
            color: COLOR.ink,
            position: 'end',
            distance: 4,
            formatter: (mark: { value: number }) => formatEps(threat.norm, mark.value / scale),
          },
          data: budgetMarks(threat, end),
        },
      },
      { type: 'custom', name: 'budget interval', silent: true, data: points, renderItem: whisker },
      {
        type: 'scatter',
        name: 'budget',
        silent: true,
        data: points,
        symbolSize: 5,
        itemStyle: { color: '#ffffff', borderColor: COLOR.accent, borderWidth: 1.4, opacity: 1 },
      },
    ],
  };
}

/** Points of at least one image. */
function known(points: readonly CurvePoint[]): (CurvePoint & { accuracy: number })[] {
  return points.filter((point): point is CurvePoint & { accuracy: number } => point.accuracy !== null && point.total > 0);
}

/**
 * The axes of a picture of robust accuracy: budgets from 0 to `end`, in the axis's own units, and per cent.
 * @param gap between the axis and its name, in points
 */
export function axes(norm: Norm, end: number, text: object, gap: number): EChartsCoreOption {
  return {
    xAxis: {
      type: 'value',
      min: 0,
      max: end,
      name: AXIS_NAME[norm],
      nameLocation: 'middle',
      nameGap: gap,
      nameTextStyle: text,
      minInterval: isCount(norm) ? 1 : undefined,
      // The axis ends where the drawing ends, not at a round number; that last label would be a crooked one.
      axisLabel: { ...text, showMaxLabel: false, hideOverlap: true, formatter: (x: number) => significant(x) },
      axisLine: { onZero: false, lineStyle: { color: COLOR.faint, width: 0.6 } },
      axisTick: { lineStyle: { color: COLOR.faint, width: 0.6 }, length: 3 },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      max: 100,
      interval: 25,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...text, formatter: (y: number) => `${y} %` },
      splitLine: { lineStyle: { color: COLOR.rule, width: 0.4 } },
    },
  };
}

/** A line at every budget; those whose text would run into their left neighbour's stand without text. */
function budgetMarks(threat: ThreatResult, end: number): { xAxis: number; label?: { show: boolean } }[] {
  // Roughly: a character of the labels, and the width of the plot, in points.
  const [character, plot] = [5, 430];
  let free = -Infinity;
  return threat.points.map((point) => {
    const xAxis = point.eps * unit(threat.norm);
    const middle = (xAxis / end) * plot;
    const half = (formatEps(threat.norm, point.eps).length * character) / 2;
    if (middle - half < free) return { xAxis, label: { show: false } };
    free = middle + half + 2;
    return { xAxis };
  });
}

interface Api {
  coord(point: number[]): number[];
  value(dimension: number): number;
}

/** The interval as one closed shape with the curve's steps: along the upper ends, back along the lower. */
function band(curve: CurvePoint[], scale: number, end: number) {
  const steps = (value: (point: CurvePoint) => number): number[][] =>
    curve.flatMap((point, i) => [
      [point.eps * scale, value(point) * 100],
      [(curve[i + 1]?.eps ?? end / scale) * scale, value(point) * 100],
    ]);
  return (_: unknown, api: Api) => {
    if (curve.length === 0) return { type: 'group', children: [] };
    const outline = [...steps((point) => point.high), ...steps((point) => point.low).reverse()];
    return { type: 'polygon', shape: { points: outline.map((point) => api.coord(point)) }, style: { fill: COLOR.band } };
  };
}

function whisker(_: unknown, api: Api) {
  const [x, low] = api.coord([api.value(0), api.value(2)]) as [number, number];
  const [, high] = api.coord([api.value(0), api.value(3)]) as [number, number];
  const stroke = { stroke: COLOR.accent, lineWidth: 1 };
  const bar = (x1: number, y1: number, x2: number, y2: number) => ({ type: 'line', shape: { x1, y1, x2, y2 }, style: stroke });
  return { type: 'group', children: [bar(x, low, x, high), bar(x - 3, low, x + 3, low), bar(x - 3, high, x + 3, high)] };
}

/** Any ECharts option as SVG of the given size in points; vector, no browser. */
export function chartSvg(option: EChartsCoreOption, width: number, height: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    // svg-to-pdfkit would take the root's width and height for pixels and ignore the size it is given.
    return chart
      .renderToSVGString()
      .replace(/^<svg ([^>]*)>/, (_, attributes: string) => `<svg ${attributes.replace(/\b(width|height)="[^"]*"\s*/g, '')}>`);
  } finally {
    chart.dispose();
  }
}
