import { GridComponent, LegendComponent, MarkLineComponent } from 'echarts/components';
import type { EChartsCoreOption } from 'echarts/core';
import { use } from 'echarts/core';
import PDFDocument from 'pdfkit';
import SVGtoPDF from 'svg-to-pdfkit';
import { formatEps } from '../../shared/format.ts';
import type { Norm } from '../../shared/norms.ts';
import type { CurvePoint } from '../../shared/results.ts';
import { axes, chartSvg, unit } from './charts.ts';
import type { NamedCurve } from './curvesCsv.ts';
import { fontFiles } from './fonts.ts';
import { COLOR } from './theme.ts';

use([GridComponent, LegendComponent, MarkLineComponent]);

/** Width and height in points. */
const SIZE = [440, 260] as const;
/** Colour is never the only sign. */
const LINES = [
  { color: COLOR.faint, type: [1, 2] },
  { color: COLOR.broken, type: [5, 3] },
  { color: COLOR.accent, type: 'solid' },
  { color: COLOR.ink, type: [8, 2, 2, 2] },
];

/**
 * Curves of robust accuracy of several models in one picture.
 * @param end the largest budget drawn @param marks budgets with a line of their own
 */
export function curvesFigure(norm: Norm, curves: readonly NamedCurve[], end: number, marks: readonly number[]): EChartsCoreOption {
  const scale = unit(norm);
  const text = { fontFamily: 'Inter', fontSize: 9, color: COLOR.soft };
  return {
    animation: false,
    textStyle: text,
    grid: { left: 38, right: 14, top: 34, bottom: 40 },
    legend: { top: 4, left: 34, itemWidth: 26, textStyle: { ...text, color: COLOR.ink } },
    ...axes(norm, end * scale, text, 25),
    series: curves.map(({ name, points }, i) => ({
      type: 'line',
      name,
      silent: true,
      clip: false,
      step: 'end',
      symbol: 'none',
      data: stepsUntil(points, end).map(({ eps, accuracy }) => [eps * scale, accuracy * 100]),
      lineStyle: { width: 1.4, ...LINES[i % LINES.length]! },
      itemStyle: { color: LINES[i % LINES.length]!.color },
      ...(i === 0 && {
        markLine: {
          silent: true,
          symbol: 'none',
          lineStyle: { color: COLOR.faint, width: 0.6, type: [2, 2] },
          label: { ...text, position: 'end', distance: 3, formatter: (mark: { value: number }) => formatEps(norm, mark.value / scale) },
          data: marks.filter((eps) => eps <= end).map((eps) => ({ xAxis: eps * scale })),
        },
      }),
    })),
  };
}

/** The figure as a vector image, and as a PDF of one page with its fonts inside. @param date stands in the PDF's information */
export async function drawFigure(option: EChartsCoreOption, title: string, date: Date): Promise<{ svg: string; pdf: Uint8Array }> {
  const [width, height] = SIZE;
  const svg = chartSvg(option, width, height);
  const fonts = fontFiles();
  const doc = new PDFDocument({ size: [width, height], margin: 0, font: fonts.text, info: { Title: title, CreationDate: date } });
  const parts: Uint8Array[] = [];
  const done = new Promise<void>((resolve) => doc.on('data', (part: Uint8Array) => parts.push(part)).on('end', () => resolve()));
  doc.registerFont('text', fonts.text);
  doc.registerFont('bold', fonts.bold);
  SVGtoPDF(doc, svg, 0, 0, { width, height, assumePt: true, fontCallback: (_, isBold) => (isBold ? 'bold' : 'text') });
  doc.end();
  await done;
  return { svg: svg.replace('<svg ', `<svg width="${width}" height="${height}" `), pdf: Buffer.concat(parts) };
}

/** The steps up to `end`, the last one drawn out to it. */
function stepsUntil(points: readonly CurvePoint[], end: number): { eps: number; accuracy: number }[] {
  const inside = points.flatMap(({ eps, accuracy }) => (eps <= end && accuracy !== null ? [{ eps, accuracy }] : []));
  return inside.length === 0 ? [] : [...inside, { ...inside.at(-1)!, eps: end }];
}
