import type { EChartsCoreOption } from 'echarts/core';
import { LegendComponent } from 'echarts/components';
import { use } from 'echarts/core';
import { chartSvg } from '../../src-main/report/charts.ts';
import { COLOR } from '../../src-main/report/theme.ts';
import type { Curves } from './setup.ts';

use([LegendComponent]);

/** Colour, dash and mark of each curve: no two are told apart by colour alone. */
const LOOK: Record<string, { colour: string; dash: number[]; mark: string }> = {
  DeepFool: { colour: '#15181e', dash: [6, 3], mark: 'diamond' },
  'Alg1-10': { colour: '#1f4e9e', dash: [], mark: 'circle' },
  'Alg1-5': { colour: '#4f7fce', dash: [2, 2], mark: 'rect' },
  Alg1: { colour: '#1a7f5a', dash: [], mark: 'triangle' },
  Alg2: { colour: '#8a5a00', dash: [5, 2, 1, 2], mark: 'rect' },
  FGS: { colour: '#a8321f', dash: [4, 2], mark: 'circle' },
  rand: { colour: '#8b93a1', dash: [1, 2], mark: 'triangle' },
};

/** Fooling ratio against ε as in figure 3 (b) of Balda et al.; small hollow marks are the re-run it is held against. */
export function foolingFigure(eps: readonly number[], curves: Curves, reference: Curves, title: string): string {
  const text = { fontFamily: 'Inter, sans-serif', fontSize: 9, color: COLOR.soft };
  const axis = { nameTextStyle: text, axisLabel: text, axisLine: { onZero: false, lineStyle: { color: COLOR.faint, width: 0.6 } } };
  const names = Object.keys(LOOK).filter((name) => curves[name]);
  const points = (values: readonly number[]): number[][] => values.map((value, i) => [eps[i]!, 100 * value]);
  const option: EChartsCoreOption = {
    animation: false,
    textStyle: text,
    grid: { left: 46, right: 96, top: 18, bottom: 40 },
    legend: { type: 'plain', orient: 'vertical', right: 4, top: 18, itemWidth: 26, textStyle: text, data: names },
    xAxis: {
      ...axis,
      type: 'value',
      min: 0,
      max: 0.2,
      name: `ε (ℓ∞, pixel values in [0,1]); ${title}`,
      nameLocation: 'middle',
      nameGap: 24,
      splitLine: { show: false },
    },
    yAxis: {
      ...axis,
      type: 'value',
      min: 0,
      max: 100,
      name: 'fooling ratio in %',
      nameLocation: 'middle',
      nameGap: 32,
      nameRotate: 90,
      splitLine: { lineStyle: { color: COLOR.rule, width: 0.4 } },
    },
    series: names.flatMap((name) => {
      const { colour, dash, mark } = LOOK[name]!;
      const series: object[] = [
        {
          type: 'line',
          name,
          data: points(curves[name]!),
          symbol: mark,
          symbolSize: 5,
          itemStyle: { color: colour },
          lineStyle: { color: colour, width: 1.3, type: dash.length ? dash : 'solid' },
          clip: false,
        },
      ];
      if (reference[name])
        series.push({
          type: 'scatter',
          name: `${name}, reference`,
          data: points(reference[name]!),
          symbol: mark,
          symbolSize: 8,
          silent: true,
          clip: false,
          itemStyle: { color: 'none', borderColor: colour, borderWidth: 0.7 },
        });
      return series;
    }),
  };
  return chartSvg(option, 520, 320).replace('<svg ', '<svg width="1040" height="640" ');
}
