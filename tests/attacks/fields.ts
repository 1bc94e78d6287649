import { Preprocessing } from '../../shared/plan.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import { gaussian, randomStream } from '../../src-main/attacks/problem/random-stream.ts';
import { DType, emptyGraph, GraphBuilder } from '../../src-main/graph/index.ts';
import type { ImageShape } from '../../src-main/model/differentiable.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openOutput } from '../../src-main/runtime/openOutput.ts';
import type { OpenOutput } from '../../src-main/runtime/openOutput.ts';

/** y = W₂ tanh(W₁ x), or y = W₁ x without a second layer, in double; and as an ONNX network under onnxruntime. */
export interface SmallField {
  shape: ImageShape;
  /** Values of the output. */
  width: number;
  open(rows?: number): Promise<OpenOutput>;
  output(x: ArrayLike<number>): Float64Array;
  /** J_k, one for each feature. */
  columns(x: ArrayLike<number>): Float64Array[];
  /** Pictures with the clean output as reference. @param edge share of pixels at 0 or 1 */
  images(count: number, edge: number): ProblemImage[];
}

/** @param hidden 0: a linear network */
export function smallField(seed: string, shape: ImageShape, hidden: number, width: number): SmallField {
  const features = shape.channels * shape.height * shape.width;
  const random = randomStream(seed);
  const matrix = (rows: number, columns: number): Float32Array =>
    Float32Array.from({ length: rows * columns }, () => (gaussian(random) * (0.3 + 2 * random() ** 3)) / Math.sqrt(columns));
  const first = matrix(hidden || width, features);
  const second = hidden ? matrix(width, hidden) : null;
  const times = (w: Float32Array, x: ArrayLike<number>): Float64Array =>
    Float64Array.from({ length: w.length / x.length }, (_, i) => Array.from(x).reduce((sum, v, j) => sum + w[i * x.length + j]! * v, 0));
  const output = (x: ArrayLike<number>): Float64Array => (second ? times(second, times(first, x).map(Math.tanh)) : times(first, x));
  return {
    shape,
    width,
    output,
    columns(x) {
      const slope = times(first, x).map((a) => 1 - Math.tanh(a) ** 2);
      return Array.from({ length: features }, (_, k) => {
        const inner = Float64Array.from({ length: hidden || width }, (__, i) => first[i * features + k]! * (second ? slope[i]! : 1));
        return second ? times(second, inner) : inner;
      });
    },
    open(rows = 4) {
      const b = new GraphBuilder(emptyGraph('field'));
      b.input('x', DType.float32, ['N', shape.channels, shape.height, shape.width]);
      let y = b.node('MatMul', [
        b.node('Flatten', ['x'], { axis: 1 }),
        b.node('Transpose', [b.constant(first, [hidden || width, features])]),
      ]);
      if (second) y = b.node('MatMul', [b.node('Tanh', [y]), b.node('Transpose', [b.constant(second, [width, hidden])])]);
      b.node('Identity', [y], {}, { outputs: ['y'] });
      b.output('y', DType.float32, ['N', width]);
      const preprocessing = Preprocessing.parse(shape.channels === 1 ? { channels: 'grey' } : {});
      return openOutput(
        { graph: b.graph, input: findImageInput(b.graph, null), preprocessing, picture: shape, rows, provider: 'cpu' },
        'y',
      );
    },
    images(count, edge) {
      const drawn = randomStream(`${seed}:${count}:${edge}`);
      return Array.from({ length: count }, (_, i) => {
        const pixels = Float32Array.from(
          { length: features },
          () => Math.round(255 * (drawn() < edge ? Math.round(drawn()) : 0.3 + 0.4 * drawn())) / 255,
        );
        return { pixels, hash: `${seed}-${i}`, label: 0, goal: null, reference: Float32Array.from(output(pixels)) };
      });
    },
  };
}

/** Largest singular value of a matrix given by its columns: its Gram matrix's largest eigenvalue, by Jacobi's rotations over all pairs. */
export function largestSingularValue(columns: readonly ArrayLike<number>[]): number {
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0);
  // One-sided Jacobi (Hestenes 1958): columns are made orthogonal, their lengths are the singular values.
  const u = columns.map((column) => Float64Array.from(column));
  for (let sweep = 0; sweep < 40; sweep++) {
    let off = 0;
    for (let p = 0; p < u.length; p++)
      for (let q = p + 1; q < u.length; q++) {
        const [a, b, c] = [dot(u[p]!, u[p]!), dot(u[q]!, u[q]!), dot(u[p]!, u[q]!)];
        off = Math.max(off, Math.abs(c) / Math.sqrt(a * b || 1));
        if (c === 0) continue;
        const zeta = (b - a) / (2 * c);
        const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cos = 1 / Math.sqrt(1 + t * t);
        for (let i = 0; i < u[p]!.length; i++)
          [u[p]![i], u[q]![i]] = [cos * u[p]![i]! - t * cos * u[q]![i]!, t * cos * u[p]![i]! + cos * u[q]![i]!];
      }
    if (off < 1e-13) break;
  }
  return Math.max(...u.map((column) => Math.sqrt(dot(column, column))));
}
