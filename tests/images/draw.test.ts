import { describe, expect, it } from 'vitest';
import { draw, sortedNote } from '../../src-main/images/draw.ts';

const places = (n: number, from = 0): number[] => Array.from({ length: n }, (_, i) => from + i);

describe('a sample', () => {
  // Sorted class folders of very different sizes: 60, 30, 9, 1.
  const strata = [60, 30, 9, 1].flatMap((n, c) => Array<string>(n).fill(`class ${c}`));

  it('has of each class its share, rounded up or down, whatever the seed', () => {
    for (let seed = 0; seed < 200; seed++) {
      const taken = draw(places(100), strata, { size: 20, seed });
      expect(new Set(taken).size).toBe(20);
      const counts = [0, 1, 2, 3].map((c) => taken.filter((at) => strata[at] === `class ${c}`).length);
      [12, 6, 1.8, 0.2].forEach((share, c) => expect(Math.abs(counts[c]! - share), `class ${c}`).toBeLessThan(1));
    }
  });

  it('takes every image as often as any other over many seeds', () => {
    const times = new Array<number>(100).fill(0);
    const seeds = 4000;
    for (let seed = 0; seed < seeds; seed++) for (const at of draw(places(100), strata, { size: 20, seed })) times[at]!++;
    // Binomial with p = 0.2: four and a half deviations.
    const deviation = Math.sqrt(seeds * 0.2 * 0.8);
    for (const [at, n] of times.entries()) expect(Math.abs(n - seeds * 0.2), `image ${at}`).toBeLessThan(4.5 * deviation);
  });

  it('hangs on seed and places alone: not on what the classes are called', () => {
    const one = draw(places(100), strata, { size: 10, seed: 7 });
    expect(
      draw(
        places(100),
        strata.map((name) => name.length + Number(name.at(-1)) * 5),
        { size: 10, seed: 7 },
      ),
    ).toEqual(one);
    expect(draw(places(100), strata, { size: 10, seed: 8 })).not.toEqual(one);
    expect(one).toEqual([...one].sort((a, b) => a - b));
    // Pinned: a plan of today draws the same pictures tomorrow.
    expect(draw(places(20), null, { size: 5, seed: 1 })).toEqual([0, 1, 3, 4, 19]);
  });

  it('is of the places given, all of them where there are no more, and without classes random', () => {
    expect(draw(places(5, 40), null, { size: 9, seed: 0 })).toEqual([40, 41, 42, 43, 44]);
    const taken = draw(places(1000, 500), null, { size: 100, seed: 3 });
    expect(taken.every((at) => at >= 500 && at < 1500)).toBe(true);
    // Neither the first ones, nor every tenth.
    expect(new Set(taken.slice(1).map((at, i) => at - taken[i]!)).size).toBeGreaterThan(5);
  });
});

describe('the first images of a sorted set', () => {
  it('are said to be of few classes', () => {
    expect(sortedNote(3, ['a', 'a', 'a', 'a', 'b', 'b', 'c'])).toMatch(/^The first 3 of 7 images are of 1 of 3 classes only.*--limit/);
  });

  it('are left alone where they are of all classes, the set is not sorted, or labels are missing', () => {
    expect(sortedNote(6, ['a', 'a', 'b', 'b', 'c', 'c'])).toBeNull();
    expect(sortedNote(2, ['a', 'b', 'a', 'c', 'b', 'c'])).toBeNull();
    expect(sortedNote(2, ['a', 'a', null, 'b'])).toBeNull();
    expect(sortedNote(2, ['a', 'a', 'a'])).toBeNull();
  });
});
