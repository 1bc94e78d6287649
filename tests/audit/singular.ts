import { DType, emptyGraph, GraphBuilder, saveGraph } from '../../src-main/graph/index.ts';

/** A linear network f(x) = A x + b on square grey pictures whose singular values and vectors are known: A = L' diag(s) R. */
export interface Singular {
  side: number;
  /** Singular values, descending. */
  s: Float64Array;
  /** Coordinates of x along the right singular vectors. */
  into(x: ArrayLike<number>): Float64Array;
  f(x: ArrayLike<number>): Float64Array;
  bytes: Uint8Array;
}

export interface SingularOptions {
  /** Multiplies the output by an input of its own, called `gain`. */
  gain?: boolean;
  /** Channels that the network reads; it looks at the first. */
  channels?: number;
  /** Puts out [N, H, W, 1]. */
  last?: boolean;
  bias?: number;
}

export function singular(side: number, { gain = false, channels = 1, last = false, bias = 0 }: SingularOptions = {}): Singular {
  const n = side * side;
  const s = Float64Array.from({ length: n }, (_, i) => (i === 0 ? 2 : 1.2 * 0.97 ** i));
  // Cosines (DCT-II): orthonormal, and no vector of theirs has a large entry, so that the box is far.
  const cosine = (k: number, i: number) => Math.sqrt((k === 0 ? 1 : 2) / n) * Math.cos((Math.PI * (i + 0.5) * k) / n);
  const basis = (step: number) => Float64Array.from({ length: n * n }, (_, at) => cosine((Math.floor(at / n) * step + 1) % n, at % n));
  const [left, right] = [basis(7), basis(5)];
  const into = (x: ArrayLike<number>) => Float64Array.from({ length: n }, (_, k) => sum(n, (i) => right[k * n + i]! * x[i]!));
  const apply = (x: ArrayLike<number>) => {
    const z = into(x);
    return Float64Array.from({ length: n }, (_, i) => sum(n, (k) => left[k * n + i]! * s[k]! * z[k]!));
  };
  // Column j of A is A e_j; MatMul of rows wants Aᵀ, whose row j that is.
  const transposed = new Float32Array(n * n);
  for (let j = 0; j < n; j++) transposed.set(apply(Float64Array.from({ length: n }, (_, i) => Number(i === j))), j * n);

  const b = new GraphBuilder(emptyGraph('singular'));
  b.input('x', DType.float32, ['N', channels, side, side]);
  if (gain) b.input('gain', DType.float32, [1]);
  const first = channels === 1 ? 'x' : b.node('Slice', ['x', b.ints([0]), b.ints([1]), b.ints([1])]);
  let y = b.node('MatMul', [b.node('Reshape', [first, b.ints([-1, n])]), b.constant(transposed, [n, n])]);
  if (gain) y = b.node('Mul', [y, 'gain']);
  y = b.node('Add', [y, b.scalar(bias)]);
  const dims = last ? [side, side, 1] : [1, side, side];
  b.node('Reshape', [y, b.ints([-1, ...dims])], {}, { outputs: ['picture'] });
  b.output('picture', DType.float32, ['N', ...dims]);
  return { side, s, into, f: (x) => apply(x).map((z) => z + bias), bytes: saveGraph(b.graph).bytes };
}

const sum = (n: number, of: (i: number) => number): number => {
  let total = 0;
  for (let i = 0; i < n; i++) total += of(i);
  return total;
};

/** Smallest ‖δ‖₂ with ‖A δ - c‖₂ ≤ r: along singular vectors δᵢ = λ sᵢ cᵢ / (1 + λ sᵢ²) with the λ that just reaches r. @param c along the left singular vectors */
export function nearest(s: Float64Array, c: Float64Array, r: number): number {
  const left = (l: number) => Math.hypot(...c.map((x, i) => x / (1 + l * s[i]! ** 2)));
  let [low, high] = [0, 1];
  while (left(high) > r) high *= 2;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (left(middle) > r) low = middle;
    else high = middle;
  }
  return Math.hypot(...c.map((x, i) => (high * s[i]! * x) / (1 + high * s[i]! ** 2)));
}
