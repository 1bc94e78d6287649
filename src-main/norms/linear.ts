import type { FeatureNorm } from '../../shared/norms.ts';
import { room } from './projectBox.ts';
import { concaveRoot } from './rootOf.ts';
import { falling } from './select.ts';

/**
 * Closed forms for a linear function g·δ over a ball and the box: what one exact step of an attack is, and what the
 * exact answer on a linear model is built from. In all of them feature j moves against the sign of g_j, by at most
 * its room r_j, and the gain of a full move is u_j = |g_j| r_j:
 *   l0    the features with the largest u_j, moved fully
 *   l1    the features with the largest |g_j|, moved fully, the last one in part (fractional knapsack)
 *   l2    |δ_j| = min(t |g_j|, r_j)
 *   l∞    |δ_j| = min(t, r_j)
 * (Optimality conditions of a linear programme or a projection; without the box they are Hölder's equality, as in
 * Balda et al. 2018, eq. 9.)
 */

/**
 * δ that minimises g·δ over {‖δ‖_p ≤ eps} ∩ {0 ≤ clean + δ ≤ 1}.
 * @param out δ, features long, overwritten
 */
export function linearMinimiser(
  norm: FeatureNorm,
  gradient: ArrayLike<number>,
  clean: ArrayLike<number>,
  eps: number,
  out: Float32Array | Float64Array,
): void {
  if (norm === 'l0' || norm === 'l1') {
    out.fill(0);
    let left = norm === 'l0' ? Math.floor(eps) : eps;
    for (const j of ranked(norm, gradient, clean)) {
      if (left <= 0 || gradient[j] === 0) break;
      const most = roomOf(gradient, clean, j);
      const size = norm === 'l0' ? most : Math.min(most, left);
      out[j] = gradient[j]! > 0 ? -size : size;
      left -= norm === 'l0' ? 1 : size;
    }
  } else spread(norm, gradient, clean, norm === 'linf' ? eps : scaleForLength(gradient, clean, eps), out);
}

/**
 * Smallest ‖δ‖_p with g·δ ≤ -drop inside the box; the δ goes into `out`.
 * @param drop how much the function must fall; ≤ 0 needs nothing
 * @returns the norm, Infinity when the box does not allow it (out is then meaningless)
 */
export function smallestDrop(
  norm: FeatureNorm,
  gradient: ArrayLike<number>,
  clean: ArrayLike<number>,
  drop: number,
  out: Float32Array | Float64Array,
): number {
  out.fill(0);
  if (drop <= 0) return 0;
  let most = 0;
  for (let j = 0; j < gradient.length; j++) most += Math.abs(gradient[j]!) * roomOf(gradient, clean, j);
  if (most < drop) return Infinity;
  if (norm === 'l0' || norm === 'l1') return smallestKnapsack(norm, gradient, clean, drop, out);
  const t = scaleForDrop(norm, gradient, clean, drop);
  spread(norm, gradient, clean, t, out);
  let size = 0;
  for (let j = 0; j < out.length; j++) size = norm === 'l2' ? size + out[j]! * out[j]! : Math.max(size, Math.abs(out[j]!));
  return norm === 'l2' ? Math.sqrt(size) : size;
}

function smallestKnapsack(
  norm: 'l0' | 'l1',
  gradient: ArrayLike<number>,
  clean: ArrayLike<number>,
  drop: number,
  out: Float32Array | Float64Array,
): number {
  let left = drop;
  let size = 0;
  for (const j of ranked(norm, gradient, clean)) {
    const steep = Math.abs(gradient[j]!);
    const move = norm === 'l0' ? roomOf(gradient, clean, j) : Math.min(roomOf(gradient, clean, j), left / steep);
    out[j] = gradient[j]! > 0 ? -move : move;
    left -= steep * move;
    size += norm === 'l0' ? 1 : move;
    if (left <= 0) break;
  }
  return size;
}

/** Features by falling gain: of a full move (l0) or per unit moved (l1); the lower index first where equal. */
function ranked(norm: 'l0' | 'l1', gradient: ArrayLike<number>, clean: ArrayLike<number>): Generator<number> {
  const gain = new Float64Array(gradient.length);
  for (let j = 0; j < gain.length; j++)
    gain[j] = norm === 'l0' ? Math.abs(gradient[j]!) * roomOf(gradient, clean, j) : Math.abs(gradient[j]!);
  return falling(gain);
}

/** Room against the gradient: a descent step moves down where g > 0. */
function roomOf(gradient: ArrayLike<number>, clean: ArrayLike<number>, j: number): number {
  return room(clean[j]!, -gradient[j]!);
}

function spread(
  norm: 'l2' | 'linf',
  gradient: ArrayLike<number>,
  clean: ArrayLike<number>,
  t: number,
  out: Float32Array | Float64Array,
): void {
  for (let j = 0; j < gradient.length; j++) {
    const g = gradient[j]!;
    const size = g === 0 ? 0 : Math.min(norm === 'l2' ? t * Math.abs(g) : t, roomOf(gradient, clean, j));
    out[j] = g > 0 ? -size : size;
  }
}

/** l2: t with ‖min(t|g|, r)‖ = eps, or where every feature with a gradient is at the box; the square is concave in t². */
function scaleForLength(gradient: ArrayLike<number>, clean: ArrayLike<number>, eps: number): number {
  const squareAt = (squared: number, out: Float64Array): void => {
    let sum = 0;
    let slope = 0;
    for (let j = 0; j < gradient.length; j++) {
      const g = gradient[j]! * gradient[j]!;
      const most = roomOf(gradient, clean, j);
      if (squared * g < most * most) slope += g;
      else if (g > 0) sum += most * most;
    }
    out[0] = sum + squared * slope;
    out[1] = slope;
  };
  return Math.sqrt(concaveRoot(squareAt, steepness('l2', gradient), eps * eps, Infinity));
}

/** t with Σ |g_j| min(t |g_j| or t, r_j) = drop, which is concave in t. */
function scaleForDrop(norm: 'l2' | 'linf', gradient: ArrayLike<number>, clean: ArrayLike<number>, drop: number): number {
  const dropAt = (t: number, out: Float64Array): void => {
    let sum = 0;
    let slope = 0;
    for (let j = 0; j < gradient.length; j++) {
      const g = Math.abs(gradient[j]!);
      const unit = norm === 'l2' ? g : 1;
      const most = roomOf(gradient, clean, j);
      if (t * unit < most) slope += g * unit;
      else sum += g * most;
    }
    out[0] = sum + t * slope;
    out[1] = slope;
  };
  return concaveRoot(dropAt, steepness(norm, gradient), drop, Infinity);
}

/** How fast the sums above grow where nothing is at the box: ‖g‖₂² or ‖g‖₁. */
function steepness(norm: 'l2' | 'linf', gradient: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < gradient.length; j++) sum += norm === 'l2' ? gradient[j]! * gradient[j]! : Math.abs(gradient[j]!);
  return sum;
}
