import { dot } from './jacobian.ts';

/**
 * max ‖r + Σ_k s_k J_k‖₂² with every s_k at one of its two ends: what (12) and (13) of Balda et al. come to in l∞, for a
 * convex function is largest at a corner. All columns are at hand here.
 */
export interface Corners {
  /** J_k, D values each. */
  columns: readonly Float32Array[];
  /** r, D values; all 0 in the paper. */
  residual: ArrayLike<number>;
  /** Ends of s_k: -ε and ε, or where the box stops it. */
  low: ArrayLike<number>;
  high: ArrayLike<number>;
}

/** ‖r + Σ s_k J_k‖₂². */
export function cornerValue(problem: Corners, s: ArrayLike<number>): number {
  const w = sum(problem, s);
  return dot(w, w);
}

/**
 * The paper's greedy rule (20): columns from the longest to the shortest, each with the sign that makes the sum so far
 * longer. With ends that differ, or a residual, the end that does, and columns are ranked by how far they can move it.
 * @returns s
 */
export function greedySigns(problem: Corners): Float64Array {
  const { columns, residual, low, high } = problem;
  const s = new Float64Array(columns.length);
  const w = Float64Array.from(residual);
  const powers = columns.map((column) => dot(column, column));
  const span = columns.map((_, k) => powers[k]! * Math.max(high[k]!, -low[k]!) ** 2);
  for (const k of columns.map((_, k) => k).sort((a, b) => span[b]! - span[a]! || a - b)) {
    const along = 2 * dot(columns[k]!, w);
    const gain = (d: number): number => d * (along + d * powers[k]!);
    s[k] = gain(high[k]!) >= gain(low[k]!) ? high[k]! : low[k]!;
    for (let i = 0; i < w.length; i++) w[i]! += s[k]! * columns[k]![i]!;
  }
  return s;
}

/**
 * Moves one s_k to its other end as long as that gains, the largest gain first: d (2 J_k·w + d ‖J_k‖²) with d the way and
 * w = r + Σ s J. Local optimum of single exchanges, which fixed points of the power method need not be. In place.
 */
export function exchangeSigns(problem: Corners, s: Float64Array): void {
  const { columns, low, high } = problem;
  const powers = columns.map((column) => dot(column, column));
  const w = sum(problem, s);
  const along = columns.map((column) => dot(column, w));
  const way = (k: number): number => (s[k]! === high[k]! ? low[k]! : high[k]!) - s[k]!;
  for (let moves = 0; moves < 4 * columns.length; moves++) {
    let best = -1;
    let most = 1e-9 * dot(w, w);
    for (let k = 0; k < columns.length; k++) {
      const gain = way(k) * (2 * along[k]! + way(k) * powers[k]!);
      if (gain > most) [most, best] = [gain, k];
    }
    if (best < 0) return;
    const d = way(best);
    s[best]! += d;
    // Exactly at the end, whatever the sum was rounded to.
    s[best] = d > 0 ? high[best]! : low[best]!;
    for (let i = 0; i < w.length; i++) w[i]! += d * columns[best]![i]!;
    const row = gramRow(columns, best);
    for (let k = 0; k < along.length; k++) along[k]! += d * row[k]!;
  }
}

/** J_k·J_at for every k, kept while the columns are: searches from several starts ask for the same ones. */
function gramRow(columns: readonly Float32Array[], at: number): Float64Array {
  const rows = grams.get(columns) ?? new Map<number, Float64Array>();
  const row = rows.get(at) ?? Float64Array.from(columns, (column) => dot(column, columns[at]!));
  if (columns.length <= MOST_KEPT) grams.set(columns, rows.set(at, row));
  return row;
}

const grams = new WeakMap<readonly Float32Array[], Map<number, Float64Array>>();
/** Columns up to which all of J'J is kept: 32 MiB. */
const MOST_KEPT = 2048;

/** Every corner, in the order of a Gray code: 2^Z of them, one column added at each. @throws RangeError above 24 columns */
export function exhaustSigns(problem: Corners): Float64Array {
  const { columns, low, high } = problem;
  if (columns.length > 24) throw new RangeError(`2^${columns.length} corners`);
  const s = Float64Array.from(low);
  const w = sum(problem, s);
  let [best, most] = [s.slice(), dot(w, w)];
  for (let code = 1; code < 2 ** columns.length; code++) {
    const k = 31 - Math.clz32(code & -code);
    const d = (s[k] === high[k] ? low[k]! : high[k]!) - s[k]!;
    s[k] = d > 0 ? high[k]! : low[k]!;
    for (let i = 0; i < w.length; i++) w[i]! += d * columns[k]![i]!;
    const size = dot(w, w);
    if (size > most) [best, most] = [s.slice(), size];
  }
  return best;
}

/** r + Σ s_k J_k. */
function sum({ columns, residual }: Corners, s: ArrayLike<number>): Float64Array {
  const w = Float64Array.from(residual);
  columns.forEach((column, k) => {
    for (let i = 0; i < w.length; i++) w[i]! += s[k]! * column[i]!;
  });
  return w;
}
