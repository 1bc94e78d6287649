import type { GradientCheck } from '../../shared/results.ts';
import { argMax, softmax } from '../model/scores.ts';
import type { OpenModel } from './differentiable.ts';
import type { Original } from './original.ts';

/** Steps of the central differences, in pixel units. Large ones cross kinks, small ones drown in float32 noise; the best counts. */
const STEPS = [3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4];
export const TOLERANCE = { forward: 1e-3, gradient: 1e-3, half: 3e-2 };

/**
 * Checks a derived graph (design rule 5): its forward pass against onnxruntime on the original file, and the
 * gradient of the margin against central differences along random ±1 directions, at the given pictures.
 * The error of a direction is relative to the largest of the difference quotient, the derivative, and ||g||₂,
 * the derivative's usual size along such a direction.
 *
 * @param pictures C x H x W pixels in [0,1]; at least one
 * @param half whether the model computes in 16 bits, which loosens the tolerance to 3e-2
 */
export async function checkGradient(model: OpenModel, original: Original, pictures: Float32Array[], half = false, directions = 5): Promise<GradientCheck> {
  const forwardError = await compareForward(model, original, pictures);
  const features = model.shape.channels * model.shape.height * model.shape.width;
  let gradientError = 0;
  for (let k = 0; k < directions; k++) {
    const x = pictures[k % pictures.length]!;
    const v = signs(features, k + 1);
    gradientError = Math.max(gradientError, await directionError(model, x, v));
  }
  const surrogates = model.surrogates;
  const tolerance = half ? TOLERANCE.half : TOLERANCE.gradient;
  // Through a surrogate the gradient is deliberately not the derivative, so only the forward pass can be held to account.
  const ok = forwardError <= (half ? TOLERANCE.half : TOLERANCE.forward) && (surrogates.length > 0 || gradientError <= tolerance);
  return { ok, forwardError, gradientError, directions, surrogates };
}

async function compareForward(model: OpenModel, original: Original, pictures: Float32Array[]): Promise<number> {
  let worst = 0;
  const kind = model.pixels.output.kind;
  for (const x of pictures) {
    const derived = (await model.forward(repeat(x, model.rows))).logits.subarray(0, model.classes);
    const expected = await original.predict(x, model.shape);
    // Behind a softmax the original only shows probabilities: compare those.
    const [a, b] =
      kind === 'softmax' ? [softmax(derived), expected.probabilities] : kind === 'sigmoid' ? [Float64Array.from(derived, sigmoid), sigmoidRow(expected.logits)] : kind === 'log-softmax' ? [softmax(derived), expected.probabilities] : [Float64Array.from(derived), expected.logits];
    const scale = Math.max(...b.map(Math.abs), 1e-12);
    for (let c = 0; c < a.length; c++) worst = Math.max(worst, Math.abs(a[c]! - b[c]!) / scale);
  }
  return Number.isNaN(worst) ? Infinity : worst;
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const sigmoidRow = (logits: Float64Array) => logits.map(sigmoid);

async function directionError(model: OpenModel, x: Float32Array, v: Float32Array): Promise<number> {
  const features = x.length;
  const label = argMax((await model.forward(repeat(x, model.rows))).logits.subarray(0, model.classes));
  const at = await model.gradient('margin', repeat(x, model.rows), new Int32Array(model.rows).fill(label), null);
  let slope = 0;
  let norm = 0;
  for (let j = 0; j < features; j++) {
    slope += at.gradient[j]! * v[j]!;
    norm += at.gradient[j]! ** 2;
  }
  norm = Math.sqrt(norm);
  const quotients: number[] = [];
  for (const h of STEPS) quotients.push((await margin(model, x, v, h, label)) / (2 * h) - (await margin(model, x, v, -h, label)) / (2 * h));
  // Richardson's step cancels the h² term between neighbouring steps (ratio 3, nearly).
  const refined = quotients.slice(1).map((q, i) => q + (q - quotients[i]!) / ((STEPS[i]! / STEPS[i + 1]!) ** 2 - 1));
  const errors = [...quotients, ...refined].map((q) => Math.abs(q - slope) / Math.max(Math.abs(q), Math.abs(slope), norm, 1e-12));
  const best = Math.min(...errors);
  return Number.isNaN(best) ? Infinity : best;
}

async function margin(model: OpenModel, x: Float32Array, v: Float32Array, h: number, label: number): Promise<number> {
  const moved = x.map((value, j) => value + h * v[j]!);
  const logits = (await model.forward(repeat(moved, model.rows))).logits;
  let other = -Infinity;
  for (let k = 0; k < model.classes; k++) if (k !== label) other = Math.max(other, logits[k]!);
  return logits[label]! - other;
}

function repeat(x: Float32Array, rows: number): Float32Array {
  const out = new Float32Array(rows * x.length);
  for (let r = 0; r < rows; r++) out.set(x, r * x.length);
  return out;
}

/** A fixed sequence of ±1, another one for every seed. */
function signs(count: number, seed: number): Float32Array {
  let state = Math.imul(seed, 0x85ebca6b) | 1;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0x100 ? 1 : -1;
  });
}
