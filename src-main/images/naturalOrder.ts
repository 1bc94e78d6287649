/**
 * Sorts as people count: 2 before 10. Runs of digits compare as numbers, the rest by code units, so
 * that the order is the same on every machine and in every language.
 */
export function naturalSort<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  // Names are taken apart once, not at every comparison: there may be a million.
  const keyed = items.map((item) => ({ item, name: nameOf(item), pieces: piecesOf(nameOf(item)) }));
  return keyed.sort((a, b) => comparePieces(a.pieces, b.pieces) || codeUnits(a.name, b.name)).map(({ item }) => item);
}

interface Piece {
  text: string;
  number: boolean;
}

/** Runs of digits, without leading zeros, and what is between them. */
function piecesOf(name: string): Piece[] {
  return (name.match(/\d+|\D+/g) ?? []).map((text) =>
    /^\d/.test(text) ? { text: text.replace(/^0+(?=\d)/, ''), number: true } : { text, number: false },
  );
}

function comparePieces(a: readonly Piece[], b: readonly Piece[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i]!, b[i]!];
    const order = (x.number && y.number ? x.text.length - y.text.length : 0) || codeUnits(x.text, y.text);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export const codeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
