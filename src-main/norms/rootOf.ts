/**
 * The t in [lo, hi] where a continuous, non-decreasing, piecewise smooth function reaches `goal`: Newton's step when
 * it stays in the bracket, halving otherwise. Exact on a linear piece after one step inside it.
 * @param f writes value and slope at t into `out` (out[0], out[1])
 * @returns the upper end of the final bracket: f there is at least `goal`, unless f(hi) < goal, when it is hi
 */
export function rootOf(f: (t: number, out: Float64Array) => void, goal: number, lo: number, hi: number): number {
  const out = new Float64Array(2);
  f(lo, out);
  if (out[0]! >= goal) return lo;
  f(hi, out);
  if (out[0]! < goal) return hi;
  let t = out[1]! > 0 ? hi - (out[0]! - goal) / out[1]! : NaN;
  for (let i = 0; i < 200 && hi - lo > 1e-15 * Math.max(1, Math.abs(hi)); i++) {
    if (!(t > lo && t < hi)) t = (lo + hi) / 2;
    f(t, out);
    const miss = out[0]! - goal;
    if (miss >= 0) hi = t;
    else lo = t;
    if (Math.abs(miss) <= 1e-13 * Math.max(1e-300, Math.abs(goal))) return t;
    t = out[1]! > 0 ? t - miss / out[1]! : NaN;
  }
  return hi;
}

/**
 * The smallest t in [0, most] where a concave, non-decreasing, piecewise linear function with f(0) = 0 reaches `goal`, or
 * `most` where it does not: Newton's steps from 0, each of which ends on the near side of the root, so that a few passes meet
 * it exactly.
 * @param f writes value and slope at t into `out` (out[0], out[1])
 * @param slope of f at 0, or more
 */
export function concaveRoot(f: (t: number, out: Float64Array) => void, slope: number, goal: number, most: number): number {
  const out = new Float64Array(2);
  let t = 0;
  let next = goal / slope;
  for (let i = 0; i < 200; i++) {
    if (!(next < most)) return most;
    if (!(next > t)) return t;
    t = next;
    f(t, out);
    const miss = goal - out[0]!;
    if (miss <= 1e-13 * goal || !(out[1]! > 0)) return t;
    next = t + miss / out[1]!;
  }
  return t;
}
