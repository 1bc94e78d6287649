import { UserError } from '../../shared/errors.ts';
import { openDifferentiable } from './differentiable.ts';
import type { OpenModel, OpenRequest } from './differentiable.ts';

/** Pixels and labels for a trial; any values do, they only have to differ from row to row. */
function trial(rows: number, features: number, first: number): Float32Array {
  const x = new Float32Array(rows * features);
  let state = 0x9e3779b9 ^ (first * 2654435761);
  for (let i = 0; i < x.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    x[i] = (state >>> 8) / 2 ** 24;
  }
  return x;
}

/**
 * Finds out whether a batch shape keeps images apart: an image's logits and gradient must be the same
 * bits in every row and beside any neighbours. Kernels may round differently for different shapes,
 * which is why one audit runs with one shape; within a shape they must not.
 */
async function keepsRowsApart(model: OpenModel): Promise<boolean> {
  const { rows, shape, classes } = model;
  const features = shape.channels * shape.height * shape.width;
  const label = (shift: number) => Int32Array.from({ length: rows }, (_, r) => (r + shift) % classes);
  const first = trial(rows, features, 1);
  const a = await model.gradient('margin', first, label(0), null);
  // Everyone moves one row on, and one stranger joins.
  const second = new Float32Array(rows * features);
  second.set(first.subarray(0, (rows - 1) * features), features);
  second.set(trial(1, features, 2), 0);
  const b = await model.gradient('margin', second, label(rows * classes - 1), null);
  for (let r = 0; r + 1 < rows; r++) {
    if (!sameBits(a.logits, r * classes, b.logits, (r + 1) * classes, classes)) return false;
    if (!sameBits(a.gradient, r * features, b.gradient, (r + 1) * features, features)) return false;
  }
  return true;
}

function sameBits(a: Float32Array, at: number, b: Float32Array, bt: number, count: number): boolean {
  const x = new Uint32Array(a.buffer, a.byteOffset + at * 4, count);
  const y = new Uint32Array(b.buffer, b.byteOffset + bt * 4, count);
  return x.every((word, i) => word === y[i]);
}

export interface RowChoice {
  rows: number;
  /** A sentence for the auditor when images run one by one although more would fit; null otherwise. */
  note: string | null;
}

/**
 * The batch shape of an audit: as many rows as asked for where the model takes them and keeps them apart,
 * else the model's own fixed batch.
 * @throws UserError when the model does not run even so.
 */
export async function chooseRows(request: Omit<OpenRequest, 'rows'>, wanted: number): Promise<RowChoice> {
  const own = request.input.dims[0] ?? 1;
  if (wanted > own) {
    let model: OpenModel | null = null;
    try {
      model = await openDifferentiable({ ...request, rows: wanted });
      if (await keepsRowsApart(model)) return { rows: wanted, note: null };
      return { rows: own, note: 'Images run one by one: in a batch, this model rounds an image differently from row to row.' };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      // The batch is what may have failed: a fault of the model itself comes again, by name, with its own batch.
    } finally {
      await model?.close();
    }
  }
  const model = await openDifferentiable({ ...request, rows: own });
  try {
    const apart = own === 1 || (await keepsRowsApart(model));
    if (!apart) throw new UserError(`The model has a fixed batch of ${own} and mixes the images in it: export it with a batch of 1 or a free one.`);
  } finally {
    await model.close();
  }
  return { rows: own, note: wanted > own ? `Images run ${own === 1 ? 'one by one' : `${own} at a time`}: the model does not take a larger batch.` : null };
}

/** Rows worth asking for: enough for the matrix kernels, bounded by the memory of one picture. Depends on nothing but its arguments. */
export function wantedRows(features: number, images: number): number {
  const fit = features <= 4096 ? 16 : features <= 65536 ? 8 : 4;
  return Math.max(1, Math.min(fit, images));
}
