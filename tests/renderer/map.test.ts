import { describe, expect, it } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { heatOver, largest, NO_VALUE, pixelsOf, shareOn, subsetAt, topSubsets, type Cells } from '../../src-renderer/logic/heat.ts';
import { placesOf, ranking, sortSubsets } from '../../src-renderer/logic/mapRows.ts';
import { loadedSubject, type Loaded } from '../../src-renderer/logic/mapSubject.ts';
import { outline } from '../../src-renderer/logic/outline.ts';
import { distance, labOf, RAMP, rampAt } from '../../src-renderer/logic/ramp.ts';

/** 3 x 2 pixels: a left column, the rest, and one pixel that is never changed. */
const AREAS: Cells = { width: 3, height: 2, planes: 1, of: Int32Array.from([0, 1, 1, 0, 1, -1]), count: 2 };
/** 2 x 1 pixels, each value on its own. */
const VALUES: Cells = { width: 2, height: 1, planes: 3, of: Int32Array.from([0, 1, 2, 3, 4, 5]), count: 6 };

describe('the colours of a map', () => {
  it('are a step apart that looks the same all the way, and lighter all the way', () => {
    const lab = RAMP.map(labOf);
    const steps = lab.slice(8).map((colour, i) => distance(lab[i]!, colour));
    const mean = steps.reduce((a, b) => a + b, 0) / steps.length;
    // Eight steps at a time, since one is hardly more than the rounding to 8 bits.
    for (const step of steps) expect(Math.abs(step / mean - 1)).toBeLessThan(0.15);
    for (let i = 4; i < lab.length; i++) expect(lab[i]![0]).toBeGreaterThan(lab[i - 4]![0]);
    expect(lab.at(-1)![0] - lab[0]![0]).toBeGreaterThan(0.7);
  });

  it('stay in order for eyes that lack one kind of cone', () => {
    // Machado, Oliveira and Fernandes 2009, severity 1, on linear light; what is left must grow in luminance.
    const linear = (v: number): number => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    const eyes = [
      [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
      [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
    ];
    for (const m of eyes) {
      const light = RAMP.map((rgb) => {
        const [r, g, b] = rgb.map(linear) as [number, number, number];
        return (
          0.2126 * (m[0]! * r + m[1]! * g + m[2]! * b) +
          0.7152 * (m[3]! * r + m[4]! * g + m[5]! * b) +
          0.0722 * (m[6]! * r + m[7]! * g + m[8]! * b)
        );
      });
      for (let i = 16; i < light.length; i++) expect(light[i]!).toBeGreaterThan(light[i - 16]!);
    }
  });

  it('are cut beyond the ends', () => {
    expect([rampAt(-1), rampAt(2)]).toEqual([RAMP[0], RAMP.at(-1)]);
  });
});

describe('a map over a picture', () => {
  const picture = { width: 3, height: 2, data: Uint8ClampedArray.from({ length: 24 }, (_, i) => (i % 4 === 3 ? 255 : 10 * i)) };

  const half = (value: number): number => shareOn('linear', value, 2);

  it('is the picture at opacity 0, and the ramp at 1, grey where there is no value', () => {
    expect(heatOver(picture, AREAS, [1, 2], half, 0).data).toEqual(picture.data);
    const { data } = heatOver(picture, AREAS, [1, NaN], half, 1);
    const at = (p: number): number[] => [...data.subarray(4 * p, 4 * p + 4)];
    expect(at(0)).toEqual([...rampAt(0.5), 255]);
    expect(at(1)).toEqual([...NO_VALUE, 255]);
    expect(at(5)).toEqual([...NO_VALUE, 255]);
    expect(heatOver(picture, AREAS, [-3, 0], half, 1).data.subarray(0, 3)).toEqual(Uint8ClampedArray.from(rampAt(0)));
  });

  it('can be seen by the root of its values, and is cut at both ends', () => {
    expect([-1, 0, 0.5, 2, 9].map((value) => shareOn('root', value, 2))).toEqual([0, 0, 0.5, 1, 1]);
    expect([shareOn('linear', 0.5, 2), shareOn('root', 1, 0)]).toEqual([0.25, 0]);
  });

  it('stands for the largest of a pixel’s values, and for any that was tried before one that was not', () => {
    expect(subsetAt(VALUES, { x: 1, y: 0 }, [0, 1, 9, 5, 0, 2])).toBe(3);
    expect(subsetAt(VALUES, { x: 1, y: 0 }, [0, NaN, 0, NaN, 0, -7])).toBe(5);
    expect(subsetAt(AREAS, { x: 2, y: 1 }, [1, 2])).toBe(-1);
    expect([largest([NaN, -1]), largest([NaN, 2, 1])]).toEqual([0, 2]);
  });

  it('knows the pixels of subsets, the largest first where only some are wanted', () => {
    expect(pixelsOf(AREAS, new Set([0]))).toEqual([0, 3]);
    expect(pixelsOf(VALUES, new Set([1, 3, 4]))).toEqual([0, 1]);
    expect(topSubsets([1, NaN, 3, 3, 0, -1], 3)).toEqual([2, 3, 0]);
  });

  it('has an outline that closes at the edge, too', () => {
    const runs = outline([0, 3], AREAS);
    expect(runs).toHaveLength(4);
    expect(runs.map(([x0, y0, x1, y1]) => Math.abs(x1 - x0) + Math.abs(y1 - y0)).reduce((a, b) => a + b)).toBe(6);
    expect(runs).toContainEqual([0, 0, 0, 2]);
    expect(runs).toContainEqual([1, 0, 1, 2]);
  });
});

describe('the table of a map', () => {
  const linear = [1, 3, 2, 0];
  const moved = [NaN, 0.5, 2, NaN];
  const ranked = ranking(linear);

  it('ranks by the map on show; what was not tried comes last, in the order of first sight', () => {
    expect(ranked).toEqual([1, 2, 0, 3]);
    expect(ranking(moved, ranked)).toEqual([2, 1, 0, 3]);
    expect(ranking([5, 5, 5, 5], ranked)).toEqual(ranked);
  });

  it('sorts either way round and keeps what is missing at the end', () => {
    expect(sortSubsets(ranked, 'moved', moved, false)).toEqual([2, 1, 0, 3]);
    expect(sortSubsets(ranked, 'moved', moved, true)).toEqual([1, 2, 0, 3]);
    expect(sortSubsets(ranked, 'linear', linear, true)).toEqual([3, 0, 2, 1]);
    expect(sortSubsets(ranked, 'position', null, true)).toEqual([3, 2, 1, 0]);
    expect(sortSubsets(ranked, 'rank', null, true)).toEqual([3, 0, 2, 1]);
    expect(sortSubsets(ranked, 'rank', null, false)).toEqual(ranked);
  });

  it('says where subsets lie', () => {
    expect(placesOf(AREAS)).toEqual([
      { x0: 0, y0: 0, x1: 0, y1: 1, pixels: 2, plane: null },
      { x0: 1, y0: 0, x1: 2, y1: 1, pixels: 3, plane: null },
    ]);
    expect(placesOf(VALUES)[3]).toEqual({ x0: 1, y0: 0, x1: 1, y1: 0, pixels: 1, plane: 1 });
  });
});

describe('what can be mapped', () => {
  it('is asked for with the model as it is set up', () => {
    const loaded = {
      card: { path: '/m.onnx', networkOutput: null },
      preprocessing: Preprocessing.parse({ scale: 255 }),
      ends: { input: 'x', fixed: { mask: 1 }, output: null },
      provider: 'cpu',
      images: [],
      names: null,
      goal: { kind: 'deviation', reference: 'input', psnr: 21, peak: 2 },
    } as unknown as Loaded;
    const subject = loadedSubject(loaded);
    expect(subject.request).toEqual({
      model: '/m.onnx',
      preprocessing: loaded.preprocessing,
      input: 'x',
      fixed: { mask: 1 },
      output: null,
      provider: 'cpu',
      peak: 2,
    });
    expect([subject.onOutput, subject.reference, subject.address('a')]).toEqual([false, 'input', { kind: 'image', image: 'a' }]);
  });
});
