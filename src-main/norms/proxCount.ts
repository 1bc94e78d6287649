import { room } from './projectBox.ts';

/** What stands for a count in a proximal step: the count itself, whose operator is the hard threshold, or Σ ‖z_p‖^{2/3}. */
export type CountPenalty = 'two-thirds' | 'hard';

/**
 * The proximal operator of a count of groups in a diagonal metric h > 0 and inside the box, in place on r:
 *   r_p ← the better of 0 and z_p by ½ Σ_{j ∈ p} h_j (z_j - r_j)² + μ φ(z_p),
 * hard: φ = 1 and z_p = r_p; two-thirds: φ = ‖z_p‖₂^{2/3} and z_p is r_p shortened by the closed form below, the metric being its
 * mean over the group. Either is clipped to the box first. For groups of one feature both are exact.
 * @param size of a group: planes CHW put feature j into group j % (features / size)
 */
export function proximalCount(
  penalty: CountPenalty,
  r: Float32Array,
  h: Float32Array,
  mu: number,
  clean: Float32Array,
  size: number,
): void {
  const groups = r.length / size;
  for (let p = 0; p < groups; p++) {
    let square = 0;
    let metric = 0;
    for (let j = p; j < r.length; j += groups) {
      square += r[j]! * r[j]!;
      metric += h[j]!;
    }
    if (square === 0) continue;
    const share = penalty === 'hard' ? 1 : twoThirds(Math.sqrt(square), (mu * size) / metric) / Math.sqrt(square);
    let gain = 0;
    let kept = 0;
    for (let j = p; j < r.length; j += groups) {
      const from = r[j]!;
      const z = Math.min(share * Math.abs(from), room(clean[j]!, from));
      gain += h[j]! * z * (Math.abs(from) - z / 2);
      kept += z * z;
      r[j] = from < 0 ? -z : z;
    }
    if (gain <= mu * (penalty === 'hard' ? 1 : Math.cbrt(kept))) for (let j = p; j < r.length; j += groups) r[j] = 0;
  }
}

/**
 * The z > 0 where ½ (z - x)² + λ z^{2/3} is stationary and smallest, for x > 0; 0 where it is nowhere (Cao, Sun and Xu 2013,
 * theorem 1, without its threshold: whether z = 0 is better still is for who calls).
 */
function twoThirds(x: number, lambda: number): number {
  const phi = ((27 / 16) * x * x) / (2 * lambda) ** 1.5;
  if (!(phi > 1)) return 0;
  if (phi === Infinity) return x;
  const a = (2 / Math.sqrt(3)) * (2 * lambda) ** 0.25 * Math.sqrt(Math.cosh(Math.acosh(phi) / 3));
  return ((a + Math.sqrt(Math.max(0, (2 * x) / a - a * a))) / 2) ** 3;
}
