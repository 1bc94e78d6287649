import { describe, expect, test } from 'vitest';
import type { Measure } from '../../src-main/report/rich.ts';
import { bold, breakLines, mono, widthOf } from '../../src-main/report/rich.ts';

/** Every character one wide, so that the right lines can be counted by hand; ASCII, and the hard space are covered. */
const measure: Measure = { width: (text) => [...text].length, covers: (_, point) => point < 128 || point === 0xa0 || point === 0x25a1 };
const lines = (text: Parameters<typeof breakLines>[0], width: number): string[] =>
  breakLines(text, 'text', '#000', width, measure).map((line) => line.map((piece) => piece.text).join(''));

describe('breakLines', () => {
  test('breaks at spaces, keeps the space in the text but not in the width', () => {
    expect(lines('aa bb cc dd', 5)).toEqual(['aa bb ', 'cc dd']);
    expect(breakLines('aa bb cc', 'text', '#000', 5, measure).map(widthOf)).toEqual([5, 2]);
  });

  test('breaks words too long for a line, after punctuation where that leaves a fair line', () => {
    expect(lines('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(lines('folder/name.png', 10)).toEqual(['folder/', 'name.png']);
    for (const width of [1, 2, 3, 7])
      for (const line of lines('x '.repeat(9) + 'y'.repeat(40), width)) expect(line.trimEnd().length).toBeLessThanOrEqual(width);
  });

  test('keeps hard spaces and breaks at line ends', () => {
    expect(lines('a 42\u00a0% b', 5)).toEqual(['a ', '42\u00a0% ', 'b']);
    expect(lines('a\n\nb', 5)).toEqual(['a', '', 'b']);
  });

  test('glues a word of several faces', () => {
    expect(lines(['see ', bold('bold'), ', ', mono('x')], 9)).toEqual(['see bold, ', 'x']);
  });

  test('sets numbers apart, so that points are not kerned away', () => {
    const [line] = breakLines('at 7.5/255 ok.', 'text', '#000', 50, measure);
    expect(line!.filter((piece) => piece.number).map((piece) => piece.text)).toEqual(['7.5', '255']);
  });

  test('shows what the faces lack, and what could turn the direction of writing, as a box', () => {
    expect(lines('日\u202egnp.exe\u0007', 50)).toEqual(['\\u{65e5}\\u{202e}gnp.exe\\u{7}']);
  });

  test('a bold word keeps its face even for a character the face lacks', () => {
    const [line] = breakLines([bold('a日b')], 'text', '#000', 50, measure);
    expect(line!.every((piece) => piece.face === 'bold')).toBe(true);
  });
});
