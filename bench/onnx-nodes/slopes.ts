import { directionError, dithered, roundingOf, signs } from '../../src-main/runtime/direction.ts';
import type { Along } from '../../src-main/runtime/direction.ts';
import { directionalError } from '../../tests/autodiff/gradient.ts';
import type { Numbers } from '../../tests/autodiff/gradient.ts';
import type { Moved } from './picture.ts';

const DIRECTIONS = 3;
/** Milliseconds for the directions of one input. */
const TIME = 10_000;
/** Half-widths of differences in float64, in the values' range. */
const STEPS = [1e-4, 1e-5, 1e-6];
/**
 * Tests stand on kinks (whole numbers, ties, zeros) and on the ends of what a function takes: then a point beside is held, a few
 * hundredths of the values' range off, or all values a tenth smaller or larger, or all moved up.
 */
const POINTS: ((x: Float32Array, spread: number, seed: number) => Float32Array)[] = [
  (x) => x,
  (x, spread, seed) => dithered(new Float32Array(x.length), seed).map((off, i) => x[i]! + spread * off),
  (x) => x.map((value) => 0.9 * value),
  (x) => x.map((value) => 1.1 * value),
  (x, spread) => x.map((value) => value + 0.05 * spread),
];

/** The range of some values; of one that stands alone, its size. */
function spreadOf(x: Float32Array): number {
  const finite = x.filter(Number.isFinite);
  return (
    finite.reduce((a, b) => Math.max(a, b), -Infinity) - finite.reduce((a, b) => Math.min(a, b), Infinity) || Math.abs(finite[0] ?? 1) || 1
  );
}

/** Greatest error of the gradient over a few directions, each at the first point where it holds; `empty` where nothing moves. */
export async function gradientError(moved: Moved, at: Numbers, tolerance: number): Promise<{ error: number; empty: boolean }> {
  const x = Float32Array.from(at);
  const spread = spreadOf(x);
  const { y, gradient } = await moved.at(at);
  // A value that is no number moves where it is, and one that makes such numbers of itself (the root of a negative one).
  const moves = x.map((value, i) => (Number.isFinite(value) && !(Number.isNaN(gradient[i]!) && !y.every(Number.isFinite)) ? 1 : 0));
  const begun = Date.now();
  const late = () => Promise.resolve(Date.now() - begun > TIME);
  let error = 0;
  let empty = true;
  for (let k = 0; k < DIRECTIONS; k++) {
    const v = signs(x.length, k + 1).map((s, i) => s * spread * moves[i]!);
    let least = Infinity;
    for (const point of POINTS) {
      const found = await directionError(along(moved), point(x, spread, k + 1), v, tolerance, () => false, late);
      empty &&= found.empty;
      least = Math.min(least, found.error);
      if (least <= tolerance) break;
    }
    error = Math.max(error, least);
  }
  return { error, empty };
}

/** The same by central differences in float64. @throws UserError where onnxruntime has no such kernels */
export async function exactError(moved: Moved, at: Numbers): Promise<number> {
  const pair = await moved.exact();
  const x = Float32Array.from(at);
  const spread = spreadOf(x);
  let error = 0;
  for (let k = 0; k < DIRECTIONS; k++) {
    const v = Float64Array.from(signs(x.length, k + 1), (s, i) => (Number.isFinite(x[i]!) ? s : 0));
    let least = Infinity;
    for (const point of POINTS)
      least = Math.min(
        least,
        await directionalError(
          pair,
          Float64Array.from(point(x, spread, k + 1)),
          moved.u,
          v,
          STEPS.map((h) => h * spread),
        ),
      );
    error = Math.max(error, least);
  }
  await pair.forward.release();
  await pair.backward.release();
  return Number.isNaN(error) ? Infinity : error;
}

/** x to <u, f(x)>. */
function along({ u, value, at }: Moved): Along {
  return {
    rows: 1,
    values: (points) =>
      Promise.all(
        points.map(async (x) => {
          const y = await value(x);
          const held = y.map((value, i) => (u[i] === 0 ? 0 : value));
          return { value: dot(u, y), rounding: roundingOf(Math.sqrt(dot(held, held))) };
        }),
      ),
    slopes: (points, v) =>
      Promise.all(
        points.map(async (x) => {
          const { gradient } = await at(x);
          const steps = gradient.map((g, i) => (v[i] === 0 ? 0 : g * v[i]!));
          return { slope: dot(v, gradient), size: Math.sqrt(dot(steps, steps)) };
        }),
      ),
  };
}

/** A product with 0 is 0 here: what is no number has been left out by that. */
function dot(a: Numbers, b: Numbers): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== 0 && b[i] !== 0) sum += a[i]! * b[i]!;
  return sum;
}
