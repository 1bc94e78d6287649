import { describe, expect, it } from 'vitest';
import { byFeature, byMask } from '../../src-main/norms/partition.ts';
import { heatMap, mapCsv } from '../../src-main/report/heatmap.ts';

const luminance = (data: Uint8Array, p: number): number => 0.2126 * data[3 * p]! + 0.7152 * data[3 * p + 1]! + 0.0722 * data[3 * p + 2]!;

describe('heat maps', () => {
  const shape = { channels: 1, height: 2, width: 4 };
  it('grow lighter with the value, grey where there is none', () => {
    const { data } = heatMap([0, 1, 2, 3, 5, 7, 10, NaN], byFeature(shape), 2, 4);
    for (let p = 1; p < 7; p++) expect(luminance(data, p)).toBeGreaterThan(luminance(data, p - 1));
    expect([...data.slice(21)]).toEqual([128, 128, 128]);
    expect([...data.slice(0, 3)]).toEqual([0, 0, 4]);
    expect([...data.slice(18, 21)]).toEqual([252, 255, 164]);
  });
  it('take the largest channel of a pixel, and nothing for a mask’s zeros', () => {
    const { data } = heatMap([1, 0, 4, 2], byFeature({ channels: 2, height: 1, width: 2 }), 1, 2);
    expect([...data.slice(0, 3)]).toEqual([252, 255, 164]);
    expect(luminance(data, 1)).toBeLessThan(luminance(data, 0));
    expect([...heatMap([3], byMask({ channels: 1, height: 1, width: 2 }, [0, 9]), 1, 2).data.slice(0, 3)]).toEqual([128, 128, 128]);
    expect([...heatMap([0, 0], byFeature({ channels: 1, height: 1, width: 2 }), 1, 2).data]).toEqual([0, 0, 4, 0, 0, 4]);
  });
  it('as CSV: where each subset is and its values', () => {
    expect(mapCsv(byMask({ channels: 3, height: 1, width: 3 }, [0, 2, 1]), 3, 1, { linear: [1, 2], moved: [0.5, NaN] })).toBe(
      'subset,x,y,values,linear,moved\n0,2,0,3,1,0.5\n1,1,0,3,2,\n',
    );
  });
});
