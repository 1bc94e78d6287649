import type { Steps } from './products.ts';

/** A Jacobian by its products, D x M: the network's own at a point, or one written out. */
export interface Jacobian {
  /** M, the features of the picture. */
  readonly inputs: number;
  /** D, the values of the output. */
  readonly outputs: number;
  /** Jv. @param v M values */
  push(v: Float32Array): Steps<Float32Array>;
  /** J'u. @param u D values */
  pull(u: Float32Array): Steps<Float32Array>;
}

/** The network's at x + δ: each product costs a forward and a backward pass. */
export function jacobianAt(point: Float32Array, outputs: number): Jacobian {
  return {
    inputs: point.length,
    outputs,
    *push(vector) {
      return (yield { kind: 'jvp', point, vector }).product;
    },
    *pull(vector) {
      return (yield { kind: 'vjp', point, vector }).product;
    },
  };
}

/** One whose columns are at hand, so that its products cost no pass. */
export interface Dense extends Jacobian {
  /** J_k, k < M, D values each. */
  readonly columns: readonly Float32Array[];
}

/** @param columns M of them, D values each */
export function dense(columns: readonly Float32Array[], outputs: number): Dense {
  return {
    inputs: columns.length,
    outputs,
    columns,
    *push(v) {
      const sum = new Float64Array(outputs);
      columns.forEach((column, k) => {
        const scale = v[k]!;
        if (scale !== 0) for (let i = 0; i < outputs; i++) sum[i]! += scale * column[i]!;
      });
      return Float32Array.from(sum);
    },
    *pull(u) {
      return Float32Array.from(columns, (column) => dot(column, u));
    },
  };
}

/** The whole Jacobian, by as many products as its smaller side is long; null where it has more than `most` entries. */
export function* writtenOut(jacobian: Jacobian, most: number): Steps<Dense | null> {
  const { inputs, outputs } = jacobian;
  if (inputs * outputs > most) return null;
  if (inputs <= outputs)
    return dense(
      yield* columnsOf(
        jacobian,
        Array.from({ length: inputs }, (_, k) => k),
      ),
      outputs,
    );
  const columns = Array.from({ length: inputs }, () => new Float32Array(outputs));
  for (let i = 0; i < outputs; i++) {
    const row = yield* jacobian.pull(unit(outputs, i));
    columns.forEach((column, k) => (column[i] = row[k]!));
  }
  return dense(columns, outputs);
}

/** Some columns J_k, one product each. */
export function* columnsOf(jacobian: Jacobian, which: readonly number[]): Steps<Float32Array[]> {
  const columns: Float32Array[] = [];
  for (const k of which)
    columns.push('columns' in jacobian ? (jacobian as Dense).columns[k]! : yield* jacobian.push(unit(jacobian.inputs, k)));
  return columns;
}

/**
 * ‖J_k‖₂² of every column: exact where the columns are at hand, else estimated by `probes` random sign vectors u, for
 * E (J'u)_k² = ‖J_k‖₂² (Hutchinson 1990; the deviation of the mean is at most sqrt(2 / probes) of it).
 */
export function* columnPowers(jacobian: Jacobian, probes: number, random: () => number): Steps<Float64Array> {
  if ('columns' in jacobian) return Float64Array.from((jacobian as Dense).columns, (column) => dot(column, column));
  const powers = new Float64Array(jacobian.inputs);
  for (let probe = 0; probe < probes; probe++) {
    const g = yield* jacobian.pull(Float32Array.from({ length: jacobian.outputs }, () => (random() < 0.5 ? -1 : 1)));
    for (let k = 0; k < powers.length; k++) powers[k]! += (g[k]! * g[k]!) / probes;
  }
  return powers;
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function unit(length: number, at: number): Float32Array {
  const e = new Float32Array(length);
  e[at] = 1;
  return e;
}
