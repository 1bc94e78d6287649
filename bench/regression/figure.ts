import type { EChartsCoreOption } from 'echarts/core';
import { LegendComponent } from 'echarts/components';
import { use } from 'echarts/core';
import { chartSvg } from '../../src-main/report/charts.ts';
import { COLOR } from '../../src-main/report/theme.ts';
import type { Point } from './experiment.ts';

use([LegendComponent]);

/** Colour, dash and mark: no two curves of a panel are told apart by colour alone. */
const LOOK: { starts: string; colour: string; dash: number[]; mark: string }[] = [
  { starts: 'random', colour: '#8b93a1', dash: [1, 2], mark: 'triangle' },
  { starts: 'linear-10', colour: '#4f7fce', dash: [2, 2], mark: 'rect' },
  { starts: 'linear-20', colour: '#1f4e9e', dash: [], mark: 'circle' },
  { starts: 'linear', colour: '#1a7f5a', dash: [4, 2], mark: 'triangle' },
  { starts: 'quadratic-10', colour: '#8a5a00', dash: [5, 2, 1, 2], mark: 'diamond' },
  { starts: 'quadratic', colour: '#a8321f', dash: [], mark: 'rect' },
];

/** Output PSNR against input PSNR, one panel of figure 4 of Balda et al. */
export function panelFigure(points: readonly Point[], title: string): string {
  const text = { fontFamily: 'Inter, sans-serif', fontSize: 9, color: COLOR.soft };
  const axis = {
    nameTextStyle: text,
    axisLabel: text,
    scale: true,
    axisLine: { onZero: false, lineStyle: { color: COLOR.faint, width: 0.6 } },
  };
  const names = [...new Set(points.map(({ method }) => method))];
  const option: EChartsCoreOption = {
    animation: false,
    textStyle: text,
    grid: { left: 46, right: 110, top: 18, bottom: 40 },
    legend: { type: 'plain', orient: 'vertical', right: 4, top: 18, itemWidth: 26, textStyle: text, data: names },
    xAxis: { ...axis, type: 'value', name: `input PSNR in dB; ${title}`, nameLocation: 'middle', nameGap: 24, splitLine: { show: false } },
    yAxis: {
      ...axis,
      type: 'value',
      name: 'output PSNR in dB',
      nameLocation: 'middle',
      nameGap: 32,
      nameRotate: 90,
      splitLine: { lineStyle: { color: COLOR.rule, width: 0.4 } },
    },
    series: names.map((name) => {
      const { colour, dash, mark } = LOOK.find(({ starts }) => name.startsWith(starts))!;
      const data = points.filter(({ method }) => method === name).map(({ input, output }) => [input, output]);
      return {
        type: 'line',
        name,
        data,
        symbol: mark,
        symbolSize: 5,
        itemStyle: { color: colour },
        lineStyle: { color: colour, width: 1.3, type: dash.length ? dash : 'solid' },
        clip: false,
      };
    }),
  };
  return chartSvg(option, 520, 320).replace('<svg ', '<svg width="1040" height="640" ');
}
