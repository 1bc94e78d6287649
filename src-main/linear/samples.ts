/** Pictures as the rows of a sparse matrix: most pixels of digits are 0, and a pass over the rest is all that training does. */
export interface Samples {
  count: number;
  features: number;
  /** Entries of row i are start[i] to start[i+1]. */
  start: Uint32Array;
  column: Uint32Array;
  value: Float32Array;
}

/** @param rows one picture each, features long @throws RangeError when their lengths differ */
export function samplesOf(rows: readonly Float32Array[]): Samples {
  const features = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== features)) throw new RangeError('pictures of several sizes');
  const start = new Uint32Array(rows.length + 1);
  rows.forEach((row, i) => (start[i + 1] = start[i]! + row.reduce((n, x) => n + (x === 0 ? 0 : 1), 0)));
  const column = new Uint32Array(start[rows.length]!);
  const value = new Float32Array(column.length);
  let at = 0;
  for (const row of rows)
    for (let j = 0; j < features; j++) {
      if (row[j] === 0) continue;
      column[at] = j;
      value[at++] = row[j]!;
    }
  return { count: rows.length, features, start, column, value };
}

/** x_i · w */
export function dotRow({ start, column, value }: Samples, i: number, w: Float64Array): number {
  let sum = 0;
  for (let e = start[i]!; e < start[i + 1]!; e++) sum += value[e]! * w[column[e]!]!;
  return sum;
}

/** out ← out + factor · x_i */
export function addRow({ start, column, value }: Samples, i: number, factor: number, out: Float64Array): void {
  for (let e = start[i]!; e < start[i + 1]!; e++) out[column[e]!]! += factor * value[e]!;
}
