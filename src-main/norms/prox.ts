import type { FeatureNorm } from '../../shared/norms.ts';
import { length } from './distances.ts';
import { clipBox } from './project.ts';
import { room } from './projectBox.ts';

/**
 * Proximal operators in a diagonal metric h > 0 and inside the box, exact and in place on r:
 *   r ← argmin_z ½ Σ_j h_j (z_j - r_j)² + μ ‖z‖_p   with 0 ≤ clean + z ≤ 1.
 * Features move towards 0 only, so each keeps its sign and one number settles the rest:
 *   l1   |z_j| = min(max(|r_j| - μ / h_j, 0), room_j)
 *   l2   |z_j| = min(h_j |r_j| / (h_j + μ / t), room_j)   where ‖z‖₂ = t
 *   l∞   |z_j| = min(|r_j|, t, room_j)                    where the slope in t, Σ h_j (|r_j| - t) over what t holds, is μ
 */
export function proximal(norm: Exclude<FeatureNorm, 'l0'>, r: Float32Array, h: Float32Array, mu: number, clean: Float32Array): void {
  if (norm === 'l1') {
    for (let j = 0; j < r.length; j++) if (r[j] !== 0) r[j] = signed(Math.max(Math.abs(r[j]!) - mu / h[j]!, 0), r[j]!);
    clipBox(r, clean);
  } else if (norm === 'l2') shrink(r, h, mu, clean);
  else lower(r, h, mu, clean);
}

/** Halvings of a bracket that a float32 result can tell apart. */
const HALVINGS = 40;

function shrink(r: Float32Array, h: Float32Array, mu: number, clean: Float32Array): void {
  // ‖z(t)‖ / t falls as t grows; at the root it is 1.
  const tooShort = (t: number): boolean => {
    let sum = 0;
    for (let j = 0; j < r.length; j++) {
      const size = Math.min((h[j]! * Math.abs(r[j]!)) / (h[j]! * t + mu), room(clean[j]!, r[j]!) / t);
      sum += size * size;
    }
    return sum > 1;
  };
  const t = lastWhere(tooShort, length('l2', r));
  for (let j = 0; j < r.length; j++) if (r[j] !== 0) r[j] = t === 0 ? 0 : r[j]! * (h[j]! / (h[j]! + mu / t));
  clipBox(r, clean);
}

function lower(r: Float32Array, h: Float32Array, mu: number, clean: Float32Array): void {
  const tooLow = (t: number): boolean => {
    let sum = 0;
    for (let j = 0; j < r.length; j++) {
      const size = Math.abs(r[j]!);
      if (t < size && t < room(clean[j]!, r[j]!)) sum += h[j]! * (size - t);
    }
    return sum > mu;
  };
  const t = lastWhere(tooLow, length('linf', r));
  for (let j = 0; j < r.length; j++) if (Math.abs(r[j]!) > t) r[j] = signed(t, r[j]!);
  clipBox(r, clean);
}

/** Where a condition that holds up to some t in [0, most] ends; 0 where it holds nowhere. */
function lastWhere(holds: (t: number) => boolean, most: number): number {
  let [low, high] = [0, most];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low === 0 ? 0 : high;
}

function signed(size: number, like: number): number {
  return like < 0 ? -size : size;
}
