/**
 * Order of file names as people count: 2 before 10. Runs of digits compare as numbers, the rest by code units, so
 * that the order is the same on every machine and in every language.
 */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [pieces(a), pieces(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = comparePieces(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length || codeUnits(a, b);
}

const pieces = (text: string): string[] => text.match(/\d+|\D+/g) ?? [];

function comparePieces(a: string, b: string): number {
  if (!/^\d/.test(a) || !/^\d/.test(b)) return codeUnits(a, b);
  const [x, y] = [a.replace(/^0+(?=\d)/, ''), b.replace(/^0+(?=\d)/, '')];
  return x.length - y.length || codeUnits(x, y);
}

export const codeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
