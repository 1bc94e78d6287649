import { dot } from './jacobian.ts';
import type { Jacobian } from './jacobian.ts';
import type { Steps } from './products.ts';
import { gaussian } from '../problem/random-stream.ts';

/** A direction whose residual is below this share of its eigenvalue is found. */
const ENOUGH = 1e-4;

/**
 * The leading right singular vectors of J, of length 1, by Lanczos' method on J'J from a random start with full
 * reorthogonalisation: the v_max of Balda et al., eq. 14, without a stored Jacobian. Two products a step; it ends early
 * once the first vector has converged or the Krylov space is exhausted.
 * @param steps most steps @param count vectors wanted @returns at most so many, the largest singular value first
 */
export function* leadingDirections(jacobian: Jacobian, steps: number, count: number, random: () => number): Steps<Float32Array[]> {
  const { inputs } = jacobian;
  const basis: Float64Array[] = [];
  const [alpha, beta]: [number[], number[]] = [[], []];
  let next = normalised(Float64Array.from({ length: inputs }, () => gaussian(random)));
  for (let step = 0; step < Math.min(steps, inputs) && next; step++) {
    basis.push(next);
    const w = Float64Array.from(yield* jacobian.pull(yield* jacobian.push(Float32Array.from(next))));
    alpha.push(dot(w, next));
    // Twice is enough (Kahan), and keeps the vectors orthogonal though products are in single precision.
    for (let pass = 0; pass < 2; pass++)
      for (const v of basis) {
        const along = dot(w, v);
        for (let k = 0; k < inputs; k++) w[k]! -= along * v[k]!;
      }
    const size = Math.sqrt(dot(w, w));
    const { values, vectors } = eigenOfTridiagonal(alpha, beta);
    if (size * Math.abs(vectors[0]![step]!) <= ENOUGH * values[0]!) break;
    beta.push(size);
    next = normalised(w);
  }
  if (basis.length === 0) return [];
  const { vectors } = eigenOfTridiagonal(alpha, beta.slice(0, alpha.length - 1));
  return vectors.slice(0, count).map((weights) => {
    const ritz = new Float64Array(inputs);
    basis.forEach((v, i) => {
      for (let k = 0; k < inputs; k++) ritz[k]! += weights[i]! * v[k]!;
    });
    return Float32Array.from(normalised(ritz) ?? ritz);
  });
}

function normalised(v: Float64Array): Float64Array | null {
  const size = Math.sqrt(dot(v, v));
  return size > 0 && Number.isFinite(size) ? v.map((x) => x / size) : null;
}

/** Eigenvalues, falling, and eigenvectors of the symmetric tridiagonal matrix with this diagonal and its neighbour, by Jacobi's rotations. */
export function eigenOfTridiagonal(diagonal: readonly number[], beside: readonly number[]): { values: number[]; vectors: number[][] } {
  const n = diagonal.length;
  const a = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? diagonal[i]! : Math.abs(i - j) === 1 ? beside[Math.min(i, j)]! : 0)),
  );
  const v = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 60; sweep++) {
    let [off, all] = [0, 0];
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) [off, all] = [off + (i === j ? 0 : a[i]![j]! ** 2), all + a[i]![j]! ** 2];
    if (off <= 1e-28 * all) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j]![j]! - a[i]![i]!);
  return { values: order.map((i) => a[i]![i]!), vectors: order.map((i) => v.map((row) => row[i]!)) };
}

/** Makes a_pq zero. */
function rotate(a: number[][], v: number[][], p: number, q: number): void {
  if (a[p]![q] === 0) return;
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (const row of a) [row[p], row[q]] = [c * row[p]! - s * row[q]!, s * row[p]! + c * row[q]!];
  const [x, y] = [a[p]!, a[q]!];
  for (let k = 0; k < a.length; k++) [x[k], y[k]] = [c * x[k]! - s * y[k]!, s * x[k]! + c * y[k]!];
  for (const row of v) [row[p], row[q]] = [c * row[p]! - s * row[q]!, s * row[p]! + c * row[q]!];
}
