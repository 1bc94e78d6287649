import { isCount } from '../../shared/norms.ts';
import type { Norm } from '../../shared/norms.ts';

/**
 * Hölder's equality for any exponent p in [1, ∞]: over the ball ‖η‖_p ≤ 1 a linear function g·η is least at -u,
 *   u = sign(g) ⊙ |g|^{q-1} / ‖g‖_q^{q-1},   1/p + 1/q = 1,   g·u = ‖g‖_q,   ‖u‖_p = 1,
 * which for p = ∞ is sign(g), for p = 2 g/‖g‖₂, and for p = 1 the entry of largest |g| alone. Both closed forms of
 * Balda, Behboodi and Mathar (arXiv 1812.07385) are multiples of it. The box is not looked at: see linear.ts.
 */

/** p of a norm. @throws RangeError for a count, which has none */
export function exponentOf(norm: Norm): number {
  if (isCount(norm)) throw new RangeError(`${norm} has no exponent`);
  return norm === 'l1' ? 1 : norm === 'l2' ? 2 : Infinity;
}

/** q with 1/p + 1/q = 1. @throws RangeError outside [1, ∞] */
export function dualExponent(p: number): number {
  if (!(p >= 1)) throw new RangeError(`an exponent of ${p}: it lies in [1, ∞]`);
  return p === 1 ? Infinity : p === Infinity ? 1 : p / (p - 1);
}

/** ‖v‖_p for any p in [1, ∞]; neither overflows nor underflows before its largest entry does. */
export function lengthP(p: number, values: ArrayLike<number>): number {
  const most = largest(values);
  return p === Infinity || most === 0 ? most : most * powerSum(values, most, p) ** (1 / p);
}

/**
 * Theorem 2, (6) and (7): the η with ‖η‖_p = size that minimises g·η; 0 where g = 0.
 * @param gradient g @param size length of the step, in units of ‖·‖_p @param out η, as long as g, overwritten
 * @returns how much g·η falls: size · ‖g‖_q
 */
export function holderStep(p: number, gradient: ArrayLike<number>, size: number, out: Float32Array | Float64Array): number {
  const q = dualExponent(p);
  const most = largest(gradient);
  out.fill(0);
  if (most === 0) return 0;
  if (p === 1) {
    const j = Array.prototype.findIndex.call(gradient, (g: number) => Math.abs(g) === most);
    out[j] = gradient[j]! > 0 ? -size : size;
    return size * most;
  }
  const sum = powerSum(gradient, most, q);
  const scale = q === 1 ? size : size / sum ** ((q - 1) / q);
  for (let j = 0; j < gradient.length; j++) {
    const g = gradient[j]!;
    if (g === 0) continue;
    const move = q === 1 ? scale : q === 2 ? (scale * Math.abs(g)) / most : scale * (Math.abs(g) / most) ** (q - 1);
    out[j] = g > 0 ? -move : move;
  }
  return size * most * sum ** (1 / q);
}

/**
 * Proposition 1, problem (8): the η of least ‖η‖_p with g·η = -drop. The paper prints the exponent of ‖g‖_q in (9) as
 * q - 1; it is q, as putting η back into the constraint shows.
 * @param drop how much the function must fall; ≤ 0 needs nothing
 * @returns ‖η‖_p = drop / ‖g‖_q, Infinity where g = 0 (η is 0 then)
 */
export function holderDrop(p: number, gradient: ArrayLike<number>, drop: number, out: Float32Array | Float64Array): number {
  if (drop <= 0) {
    out.fill(0);
    return 0;
  }
  const distance = boundaryDistance(p, drop, gradient);
  if (distance < Infinity) holderStep(p, gradient, distance, out);
  else out.fill(0);
  return distance;
}

/**
 * How far the boundary L = 0 is from a point, as linearised there and measured by ‖·‖_p: |L| / ‖∇L‖_q. Where the gradient is zero
 * no boundary is in sight.
 * @param value L @param gradient ∇L @returns the distance, in units of the point; Infinity for a zero gradient
 */
export function boundaryDistance(p: number, value: number, gradient: ArrayLike<number>): number {
  const slope = lengthP(dualExponent(p), gradient);
  return slope > 0 ? Math.abs(value) / slope : Infinity;
}

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let j = 0; j < values.length; j++) most = Math.max(most, Math.abs(values[j]!));
  return most;
}

/** Σ (|v_j| / most)^e, in index order. */
function powerSum(values: ArrayLike<number>, most: number, e: number): number {
  let sum = 0;
  for (let j = 0; j < values.length; j++) {
    const share = Math.abs(values[j]!) / most;
    sum += e === 1 ? share : e === 2 ? share * share : share ** e;
  }
  return sum;
}
