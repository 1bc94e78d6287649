import { describe, expect, it } from 'vitest';
import { SHEET_MOST } from '../../shared/sheet.ts';
import { sheetOf, sheetSide, sheetStarts } from '../../src-renderer/logic/sheets.ts';

const of = (count: number, width: number, height = width) => Array.from({ length: count }, () => ({ width, height }));

describe('pictures on sheets', () => {
  it('fills sheets with small pictures', () => {
    expect(sheetStarts(of(2 * SHEET_MOST + 1, 28))).toEqual([0, SHEET_MOST, 2 * SHEET_MOST]);
    expect(sheetStarts([])).toEqual([]);
  });

  it('puts few large ones on a sheet, and one at least', () => {
    expect(sheetStarts(of(5, 1000))).toEqual([0, 4]);
    expect(sheetStarts([...of(2, 5000), ...of(3, 28)])).toEqual([0, 1, 2]);
  });

  it('finds the sheet of every picture', () => {
    const pictures = [...of(70, 28), ...of(6, 1500), ...of(60, 300)];
    const starts = sheetStarts(pictures);
    pictures.forEach((_, at) => expect(sheetOf(starts, at)).toBe(starts.filter((start) => start <= at).length - 1));
  });

  it('has cells no larger than the pictures or than they are shown', () => {
    expect(sheetSide([...of(2, 28), { width: 10, height: 40 }], 84)).toBe(40);
    expect(sheetSide(of(1, 500), 168)).toBe(168);
  });
});
