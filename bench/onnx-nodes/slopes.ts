import { directionError, dithered, roundingOf, signs } from '../../src-main/runtime/direction.ts';
import type { Along } from '../../src-main/runtime/direction.ts';
import type { Numbers } from '../../tests/autodiff/gradient.ts';
import type { Moved } from './picture.ts';

const DIRECTIONS = 3;
/** Milliseconds for the directions of one input. */
const TIME = 8000;
/** Tests stand on kinks (whole numbers, ties, zeros): then a point beside is held, a few hundredths of the values' range off. */
const POINTS: ((x: Float32Array, spread: number, seed: number) => Float32Array)[] = [
  (x) => x,
  (x, spread, seed) => x.map((value, i) => value + spread * dithered(new Float32Array(x.length), seed)[i]!),
  (x, _, seed) => x.map((value, i) => value * (1 + dithered(new Float32Array(x.length), seed)[i]!)),
];

/** Greatest error of the gradient over a few directions, each at the first point where it holds; `empty` where nothing moves. */
export async function gradientError(moved: Moved, at: Numbers, tolerance: number): Promise<{ error: number; empty: boolean }> {
  const x = Float32Array.from(at);
  const finite = x.filter(Number.isFinite);
  const spread = finite.reduce((a, b) => Math.max(a, b), -Infinity) - finite.reduce((a, b) => Math.min(a, b), Infinity) || Math.abs(finite[0] ?? 1) || 1;
  const begun = Date.now();
  const late = () => Promise.resolve(Date.now() - begun > TIME);
  let error = 0;
  let empty = true;
  for (let k = 0; k < DIRECTIONS; k++) {
    const v = signs(x.length, k + 1).map((s) => s * spread);
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

/** x to <u, f(x)>. */
function along({ u, value, at }: Moved): Along {
  return {
    rows: 1,
    values: (points) =>
      Promise.all(
        points.map(async (x) => {
          const y = await value(x);
          return { value: dot(u, y), rounding: roundingOf(Math.sqrt(dot(y, y))) };
        }),
      ),
    slopes: (points, v) =>
      Promise.all(
        points.map(async (x) => {
          const { gradient } = await at(x);
          const steps = gradient.map((g, i) => g * v[i]!);
          return { slope: dot(v, gradient), size: Math.sqrt(dot(steps, steps)) };
        }),
      ),
  };
}

/** What is no number of either is left out: that it is the same on both sides is the forward pass's business. */
const dot = (a: Numbers, b: Numbers): number => Array.from(a).reduce((sum, v, i) => sum + (Number.isFinite(b[i]!) ? v * b[i]! : 0), 0);
