import { linearMaximiser } from '../../norms/ball.ts';
import type { Ball } from '../../norms/ball.ts';
import { dot } from './jacobian.ts';
import type { Jacobian } from './jacobian.ts';
import type { Steps } from './products.ts';

/**
 * Problem (12) of Balda et al. at an iterate η̃: the squared distance from the reference as the linearised network has it,
 *   q(η) = ‖r + J (η - η̃)‖₂²,  r = f(x + η̃) - y,
 * which with r = 0 and η̃ = 0 is (13), ‖Jη‖₂².
 */
export interface Quadratic {
  jacobian: Jacobian;
  /** r, D values. */
  residual: ArrayLike<number>;
  /** η̃. */
  at: Float32Array;
}

export interface Candidate {
  /** η. */
  eta: Float32Array;
  /** q(η). */
  value: number;
}

/** r + J (η - η̃); one product. */
export function* moved({ jacobian, residual, at }: Quadratic, eta: Float32Array): Steps<Float32Array> {
  const w = yield* jacobian.push(eta.map((e, k) => e - at[k]!));
  return w.map((value, i) => value + residual[i]!);
}

/**
 * Power method for the convex q over ball and box: q lies above its tangent, so going to where the tangent is largest,
 *   η ← argmax { J'(r + J(η - η̃))·η' : η' in ball and box },
 * never lowers it. In l2, where the box does not bind, this is the power iteration on J'J; in l∞ η ← ε sign(J'Jη)
 * (Boyd 1974 for ‖J‖_{p→q}); each step is exact in the box for every norm. It ends where q stays, or after `rounds`.
 * @param rounds of two products each
 */
export function* ascend(q: Quadratic, ball: Ball, start: Float32Array, rounds: number): Steps<Candidate> {
  let eta = start;
  let w = yield* moved(q, eta);
  let value = dot(w, w);
  for (let round = 0; round < rounds; round++) {
    const next = linearMaximiser(ball, yield* q.jacobian.pull(w));
    const there = yield* moved(q, next);
    const size = dot(there, there);
    if (!(size > value * (1 + 1e-6))) break;
    [eta, w, value] = [next, there, size];
  }
  return { eta, value };
}
