import { lengthP } from './holder.ts';
import { room } from './projectBox.ts';

/**
 * Smallest ‖δ‖_p with g·δ ≤ -drop inside the box, for any 1 < p < ∞: stationarity asks for |δ_j| = min((t|g_j|)^{1/(p-1)}, r_j)
 * with r_j the room against the gradient, and t is where the fall reaches `drop`, found by halving its logarithm.
 * For p = 2 this is the closed form of linear.ts.
 * @param clean pixels in [0,1] @returns Infinity when the box does not allow it
 * @throws RangeError for another p
 */
export function leastDrop(p: number, gradient: ArrayLike<number>, clean: ArrayLike<number>, drop: number): number {
  if (!(p > 1 && p < Infinity)) throw new RangeError(`an exponent of ${p}: here it lies between 1 and ∞`);
  if (drop <= 0) return 0;
  const steep = Float64Array.from(gradient, Math.abs);
  const most = steep.map((_, j) => room(clean[j]!, -gradient[j]!));
  if (steep.reduce((sum, g, j) => sum + g * most[j]!, 0) < drop) return Infinity;
  const delta = new Float64Array(steep.length);
  const fall = (logT: number): number => {
    let sum = 0;
    for (let j = 0; j < delta.length; j++) {
      const g = steep[j]!;
      delta[j] = g === 0 ? 0 : Math.min(Math.exp((logT + Math.log(g)) / (p - 1)), most[j]!);
      sum += g * delta[j]!;
    }
    return sum;
  };
  let [low, high] = [-1, 1];
  while (fall(low) >= drop && low > -1e6) low *= 2;
  while (fall(high) < drop && high < 1e6) high *= 2;
  for (let i = 0; i < 200 && high - low > 1e-14 * Math.max(1, Math.abs(high)); i++) {
    const middle = (low + high) / 2;
    if (fall(middle) < drop) low = middle;
    else high = middle;
  }
  fall(high);
  return lengthP(p, delta);
}
