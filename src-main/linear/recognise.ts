import { gaussian, randomStream } from '../attacks/problem/random-stream.ts';
import { proveAffine } from '../model/affine.ts';
import type { LinearModel } from '../norms/exactLinear.ts';
import type { OpenModel } from '../runtime/differentiable.ts';

export interface Recognition {
  /** proven: by the structure of the graph. probed: only at random pictures. no: neither. */
  affine: 'proven' | 'probed' | 'no';
  /** Why, in a sentence. */
  why: string;
  /** W x + b from pixels in [0,1] to logits, in 32-bit numbers; null unless affine. */
  model: LinearModel | null;
  /** Largest difference between W x + b and the model's own logits at random pictures, relative to the largest logit. */
  error: number;
}

/** Random pictures at which W x + b is held against the model. */
const PROBES = 32;
/** How far the two may differ: 32-bit sums of thousands of terms in another order. */
const SLACK = 1e-4;

/**
 * Tells whether a classifier, preprocessing included, is affine from pixels to logits, and what its weights are: row k of
 * W is the gradient of logit k, taken at a random picture, and b is what is left over there. A model that its structure
 * proves affine is so everywhere; of any other, W x + b must agree with the forward pass at random pictures, which
 * proves nothing about the rest.
 */
export async function recogniseLinear(model: OpenModel, seed = 'linear'): Promise<Recognition> {
  const proof = proveAffine(model.pixels.graph);
  const { channels, height, width } = model.shape;
  const features = channels * height * width;
  const random = randomStream(seed);
  const block = new Float32Array(model.rows * features);
  const draw = (): void => {
    // Pictures of every contrast: all of one grey, noise, and black and white.
    for (let row = 0; row < model.rows; row++) {
      const [middle, spread] = [random(), 2 * random() ** 2];
      for (let j = 0; j < features; j++) block[row * features + j] = Math.max(0, Math.min(1, middle + spread * gaussian(random)));
    }
  };
  draw();
  const linear = await readWeights(model, block);
  let error = 0;
  for (let probe = 0; probe < PROBES; probe += model.rows) {
    draw();
    error = Math.max(error, disagreement(linear, block, (await model.forward(block)).logits, model.rows));
  }
  if (error > SLACK)
    return {
      affine: 'no',
      why: proof.affine
        ? `Its structure is affine, but its logits differ from W x + b by ${error.toExponential(1)}: its numbers overflow or round too coarsely.`
        : `${proof.because} is not affine.`,
      model: null,
      error,
    };
  return proof.affine
    ? { affine: 'proven', why: 'Every operator from pixels to logits is affine.', model: linear, error }
    : {
        affine: 'probed',
        why: `W x + b agrees at ${PROBES} random pictures, but ${proof.because} is not affine everywhere: nothing is proven.`,
        model: linear,
        error,
      };
}

/** Each class's gradient at the block's first picture. */
async function readWeights(model: OpenModel, block: Float32Array): Promise<LinearModel> {
  const { classes, rows } = model;
  const features = block.length / rows;
  const at = new Float32Array(block.length);
  for (let row = 0; row < rows; row++) at.set(block.subarray(0, features), row * features);
  const weights = new Float32Array(classes * features);
  const bias = new Float64Array(classes);
  for (let first = 0; first < classes; first += rows) {
    const label = Int32Array.from({ length: rows }, (_, row) => Math.min(first + row, classes - 1));
    const { gradient, loss } = await model.gradient('logit', at, label, null);
    for (let row = 0; row < rows && first + row < classes; row++) {
      const own = gradient.subarray(row * features, (row + 1) * features);
      weights.set(own, (first + row) * features);
      bias[first + row] = own.reduce((left, w, j) => left - w * at[j]!, loss[row]!);
    }
  }
  return { classes, weights, bias };
}

function disagreement({ classes, weights, bias }: LinearModel, block: Float32Array, logits: Float32Array, rows: number): number {
  const features = block.length / rows;
  let [worst, largest] = [0, 1e-12];
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < classes; k++) {
      let logit = bias[k]!;
      for (let j = 0; j < features; j++) logit += weights[k * features + j]! * block[row * features + j]!;
      worst = Math.max(worst, Math.abs(logit - logits[row * classes + k]!));
      largest = Math.max(largest, Math.abs(logit));
    }
  return worst / largest;
}
