import { UserError } from '../../shared/errors.ts';
import { valuesOf } from '../model/differentiable.ts';
import { openDifferentiable } from './differentiable.ts';
import type { OpenRequest } from './openRequest.ts';
import { atNetworkSize } from './resampled.ts';
import { openOutput } from './openOutput.ts';

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

/** Differences between rows above this share of the largest value are no rounding. */
const ROUNDING = 1e-3;

/** What is tried for a batch shape: a row of numbers for each picture of a block, as often as there are products of interest. */
interface Trial {
  /** @param shift how many rows further on every picture lies than the first time */
  run(pixels: Float32Array, shift: number): Promise<{ data: Float32Array; width: number }[]>;
  close(): Promise<void>;
}

async function openTrial(request: OpenRequest, { output, gradients = true }: Puts): Promise<Trial> {
  const { rows } = request;
  const features = valuesOf(request.picture);
  if (output !== undefined) {
    const model = await openOutput(request, output);
    return {
      run: async (pixels, shift) => {
        const u = trial(rows, model.width, 3);
        // The cotangents move on with the pictures.
        const moved = new Float32Array(u.length);
        moved.set(u.subarray(u.length - shift * model.width));
        moved.set(u.subarray(0, u.length - shift * model.width), shift * model.width);
        const plain = { data: await model.output(pixels), width: model.width };
        if (!gradients) return [plain];
        const { output: same, gradient } = await model.vjp(pixels, moved);
        return [plain, { data: same, width: model.width }, { data: gradient, width: features }];
      },
      close: () => model.close(),
    };
  }
  const model = await openDifferentiable(request);
  const { classes } = model;
  return {
    run: async (pixels, shift) => {
      const label = Int32Array.from({ length: rows }, (_, r) => (r - shift + rows * classes) % classes);
      const plain = { data: (await model.forward(pixels)).logits, width: classes };
      if (!gradients) return [plain];
      const { logits, gradient } = await model.gradient('margin', pixels, label, null);
      return [plain, { data: logits, width: classes }, { data: gradient, width: features }];
    },
    close: () => model.close(),
  };
}

/**
 * Finds out whether a batch shape keeps images apart: an image's output and gradient must be the same
 * bits in every row and beside any neighbours. Kernels may round differently for different shapes,
 * which is why one audit runs with one shape; within a shape they must not.
 * @returns 0 when it does, else the largest difference relative to the largest value
 */
async function rowDifference(model: Trial, { rows, picture }: OpenRequest): Promise<number> {
  const features = valuesOf(picture);
  const first = trial(rows, features, 1);
  // Everyone moves one row on, and one stranger joins.
  const second = new Float32Array(rows * features);
  second.set(first.subarray(0, (rows - 1) * features), features);
  second.set(trial(1, features, 2), 0);
  const before = await model.run(first, 0);
  const after = await model.run(second, 1);
  return Math.max(...before.map(({ data, width }, i) => moved(data, after[i]!.data, width)));
}

/** Largest difference between a row and the same image's row in the other run, one further; 0 only for the same bits. */
function moved(a: Float32Array, b: Float32Array, width: number): number {
  const before = a.subarray(0, a.length - width);
  const after = b.subarray(width);
  const bits = (v: Float32Array) => new Uint32Array(v.buffer, v.byteOffset, v.length);
  const words = bits(after);
  if (bits(before).every((word, i) => word === words[i])) return 0;
  const [most, difference] = before.reduce<[number, number]>(
    ([m, d], v, i) => [Math.max(m, Math.abs(v)), Math.max(d, Math.abs(v - after[i]!))],
    [0, 0],
  );
  return Number.isFinite(difference) ? Math.max(difference / most, Number.MIN_VALUE) : Infinity;
}

export interface RowChoice {
  rows: number;
  /** A sentence for the auditor when fewer images run at a time than were asked for; null otherwise. */
  note: string | null;
}

/** What a network is asked for. */
export interface Puts {
  /** The output of one that is no classifier, null: found; absent for class scores. */
  output?: string | null;
  /** Whether gradients will be, too. */
  gradients?: boolean;
}

/**
 * The batch shape of an audit: as many rows as asked for where the model takes them and keeps them apart,
 * else the model's own fixed batch.
 * @throws UserError when the model does not run even so.
 */
export async function chooseRows(asked: Omit<OpenRequest, 'rows'>, wanted: number, puts: Puts = {}): Promise<RowChoice> {
  // What comes before the network works on every picture by itself.
  const { inner: request } = atNetworkSize(asked);
  const own = request.input.batch ?? 1;
  const obstacle = wanted > own ? await obstacleTo({ ...request, rows: wanted }, puts) : null;
  if (wanted > own && obstacle === null) return { rows: wanted, note: null };
  await tryOwn({ ...request, rows: own }, puts);
  return { rows: own, note: obstacle === null ? null : `Images run ${own === 1 ? 'one by one' : `${own} at a time`}: ${obstacle}.` };
}

/** Why a model should not run with these rows; null when it may. */
async function obstacleTo(request: OpenRequest, puts: Puts): Promise<string | null> {
  let model: Trial | null = null;
  try {
    model = await openTrial(request, puts);
    const difference = await rowDifference(model, request);
    if (difference === 0) return null;
    return difference > ROUNDING
      ? 'in a batch, this model mixes the images'
      : 'in a batch, this model rounds an image differently from row to row';
  } catch (error) {
    // The batch is what may have failed: a fault of the model itself comes again, by name, with its own batch.
    if (error instanceof UserError) return 'the model does not take a larger batch';
    throw error;
  } finally {
    await model?.close();
  }
}

async function tryOwn(request: OpenRequest, puts: Puts): Promise<void> {
  const model = await openTrial(request, puts);
  try {
    if (request.rows > 1 && (await rowDifference(model, request)) > 0)
      throw new UserError(
        `The model has a fixed batch of ${request.rows}, and its result for an image depends on the row: export it with a batch of 1 or a free one.`,
      );
  } finally {
    await model.close();
  }
}

/**
 * Rows of a block. Convolutions cost the same per picture from here on, and few rows waste little when images of a batch
 * want different things: a gradient, a prediction, or nothing any more.
 */
const ROWS = 4;

/** Values of a block's pictures: of photographs one fills it, and a block of more would take more memory than it saves time. */
const VALUES = 2 ** 24;

/**
 * Rows worth asking for. Depends on nothing but the images, so that every run of a plan has the same.
 * @param features values of the largest picture
 */
export function wantedRows(images: number, features: number): number {
  return Math.max(1, Math.min(ROWS, images, Math.floor(VALUES / features)));
}
