import type { GradientCheck } from '../../shared/results.ts';
import { argMax, softmax } from '../model/scores.ts';
import type { OpenModel } from './differentiable.ts';
import type { Original } from './original.ts';

/**
 * Half-widths of the differences, in pixel units. A network of rectifiers has a kink every few thousandths of a pixel
 * along any direction, closer than float32 can resolve; so the difference over a wide interval is held against the mean
 * of the derivative over that interval (the fundamental theorem of calculus, which kinks do not disturb).
 */
const WIDTHS = [1e-2, 3e-2, 3e-3];
/** Points the mean is first taken over, and at most. */
const FEWEST = 16;
const MOST = 1024;
/**
 * Pictures are moved by uniform noise of this size before the gradient is checked. Flat regions of a real picture put
 * max-pooling windows and rectifiers exactly on their kinks, where a network has no derivative to compare with.
 */
const DITHER = 0.05;
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
  const tolerance = half ? TOLERANCE.half : TOLERANCE.gradient;
  let gradientError = 0;
  for (let k = 0; k < directions; k++) {
    const x = dithered(pictures[k % pictures.length]!, k + 1);
    gradientError = Math.max(gradientError, await directionError(model, x, signs(features, k + 1), tolerance));
  }
  const surrogates = model.surrogates;
  // Through a surrogate the gradient is deliberately not the derivative, so only the forward pass can be held to account.
  // And a value on the edge of a quantiser's step falls to either side by the last digit of a pixel.
  const ok = forwardError <= (half || surrogates.length > 0 ? TOLERANCE.half : TOLERANCE.forward) && (surrogates.length > 0 || gradientError <= tolerance);
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

/** The least error over the widths and over finer and finer means; stops when it is well inside the tolerance. */
async function directionError(model: OpenModel, x: Float32Array, v: Float32Array, tolerance: number): Promise<number> {
  const label = argMax((await model.forward(repeat(x, model.rows))).logits.subarray(0, model.classes));
  let best = Infinity;
  for (let points = FEWEST; points <= MOST; points *= 4)
    for (const h of WIDTHS) {
      const [ahead, behind] = await margins(model, [along(x, v, h), along(x, v, -h)], label);
      const quotient = (ahead! - behind!) / (2 * h);
      const { slope, norm } = await meanSlope(model, x, v, h, points, label);
      const error = Math.abs(quotient - slope) / Math.max(Math.abs(quotient), Math.abs(slope), norm, 1e-12);
      if (error < best) best = error;
      // Through a surrogate no width and no mean will agree: one look says how far off it is.
      if (best <= 0.8 * tolerance || model.surrogates.length > 0) return best;
    }
  return best;
}

const along = (x: Float32Array, v: Float32Array, t: number) => x.map((value, j) => value + t * v[j]!);

/** Mean of g·v and of ||g||₂ over evenly spread points of the segment x ± h v. */
async function meanSlope(model: OpenModel, x: Float32Array, v: Float32Array, h: number, points: number, label: number): Promise<{ slope: number; norm: number }> {
  const labels = new Int32Array(model.rows).fill(label);
  let slope = 0;
  let norm = 0;
  for (let at = 0; at < points; at += model.rows) {
    const block = repeat(x, model.rows);
    const count = Math.min(model.rows, points - at);
    for (let r = 0; r < count; r++) block.set(along(x, v, h * ((2 * (at + r) + 1) / points - 1)), r * x.length);
    const { gradient } = await model.gradient('margin', block, labels, null);
    for (let r = 0; r < count; r++) {
      let dot = 0;
      let square = 0;
      for (let j = 0; j < x.length; j++) {
        const g = gradient[r * x.length + j]!;
        dot += g * v[j]!;
        square += g * g;
      }
      slope += dot / points;
      norm += Math.sqrt(square) / points;
    }
  }
  return { slope, norm };
}

async function margins(model: OpenModel, points: Float32Array[], label: number): Promise<number[]> {
  const out: number[] = [];
  for (const x of points) {
    const { logits } = await model.forward(repeat(x, model.rows));
    let other = -Infinity;
    for (let k = 0; k < model.classes; k++) if (k !== label) other = Math.max(other, logits[k]!);
    out.push(logits[label]! - other);
  }
  return out;
}

function repeat(x: Float32Array, rows: number): Float32Array {
  const out = new Float32Array(rows * x.length);
  for (let r = 0; r < rows; r++) out.set(x, r * x.length);
  return out;
}

function dithered(x: Float32Array, seed: number): Float32Array {
  const next = stream(seed + 1000);
  return x.map((value) => value + DITHER * (2 * ((next() >>> 8) / 2 ** 24) - 1));
}

/** A fixed sequence of ±1, another one for every seed. */
function signs(count: number, seed: number): Float32Array {
  const next = stream(seed);
  return Float32Array.from({ length: count }, () => (next() & 0x100 ? 1 : -1));
}

/** Marsaglia's xorshift32. */
function stream(seed: number): () => number {
  let state = Math.imul(seed, 0x85ebca6b) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}
