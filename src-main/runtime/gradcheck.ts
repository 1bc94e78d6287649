import type { GradientCheck } from '../../shared/results.ts';
import type { Products } from '../model/differentiable.ts';
import { argMax, softmax } from '../model/scores.ts';
import type { OpenModel, OpenScored } from './differentiable.ts';
import { directionError, dithered, inBlocks, signs, slopeOf } from './direction.ts';
import type { Along } from './direction.ts';
import type { OpenField } from './field.ts';
import type { Original, OriginalField } from './original.ts';

export const TOLERANCE = { forward: 1e-3, gradient: 1e-3, half: 3e-2 };

/**
 * Checks a classifier's derived graph (design rule 5): its forward pass against onnxruntime on the original file, and the
 * gradient of the margin against central differences along random ±1 directions, at the given pictures.
 * The error of a direction is relative to the largest of the difference quotient, the derivative, and ||g||₂,
 * the derivative's usual size along such a direction. Directions are taken at the size that the network reads, so that the
 * check costs the same for every picture: what stands before is a linear map, the same for every network.
 *
 * @param pictures C x H x W pixels in [0,1]; at least one
 * @param half whether the model computes in 16 bits, which loosens the tolerance to 3e-2
 */
export async function checkGradient(model: OpenModel, original: Original, pictures: Float32Array[], half = false, directions = 5): Promise<GradientCheck> {
  const forwardError = await compareForward(model, original, pictures);
  const tolerance = half ? TOLERANCE.half : TOLERANCE.gradient;
  let gradientError = 0;
  for (let k = 0; k < directions; k++) {
    const x = dithered(model.read(pictures[k % pictures.length]!), k + 1);
    const f = await margin(model.core, x);
    gradientError = Math.max(gradientError, await directionError(f, x, signs(x.length, k + 1), tolerance, () => model.surrogates.length > 0));
  }
  return verdict({ forwardError, gradientError, tangentError: null, directions, surrogates: model.surrogates, fallbacks: model.fallbacks }, half);
}

/**
 * The same of a network that is no classifier: forward, J'u for a random u of ±1 over its output against differences along
 * random directions v, and Jv against the J'u that stood that test: <u, Jv> = <J'u, v>.
 */
export async function checkField(model: OpenField, original: OriginalField, pictures: Float32Array[], half = false, directions = 5): Promise<GradientCheck> {
  let forwardError = 0;
  for (const x of pictures) {
    const derived = (await model.output(repeat(x, model.rows))).subarray(0, model.width);
    forwardError = Math.max(forwardError, difference(derived, await original.output(x, model.shape)));
  }
  const tolerance = half ? TOLERANCE.half : TOLERANCE.gradient;
  let [gradientError, tangentError] = [0, 0];
  const rough = () => model.surrogates.length > 0;
  for (let k = 0; k < directions; k++) {
    const x = dithered(model.read(pictures[k % pictures.length]!), k + 1);
    const v = signs(x.length, k + 1);
    const u = signs(model.width, k + 101);
    const core = { ...model.core, rows: model.rows };
    gradientError = Math.max(gradientError, await directionError(weighted(core, u), x, v, tolerance, rough));
    tangentError = Math.max(tangentError, await adjointError(core, x, u, v));
  }
  return verdict({ forwardError, gradientError, tangentError, directions, surrogates: model.surrogates, fallbacks: model.fallbacks }, half);
}

function verdict(errors: Omit<GradientCheck, 'ok'>, half: boolean): GradientCheck {
  const { forwardError, gradientError, tangentError, surrogates } = errors;
  const tolerance = half ? TOLERANCE.half : TOLERANCE.gradient;
  // Through a surrogate the gradient is deliberately not the derivative, so only the forward pass can be held to account.
  // And a value on the edge of a quantiser's step falls to either side by the last digit of a pixel.
  const forward = forwardError <= (half || surrogates.length > 0 ? TOLERANCE.half : TOLERANCE.forward);
  return { ok: forward && (surrogates.length > 0 || (gradientError <= tolerance && (tangentError ?? 0) <= tolerance)), ...errors };
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
    worst = Math.max(worst, difference(a, b));
  }
  return worst;
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const sigmoidRow = (logits: Float64Array) => logits.map(sigmoid);

/** Largest |a - b| relative to the largest |b|; infinite where anything is no number. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [most, scale] = [0, 1e-12];
  for (let i = 0; i < b.length; i++) {
    const off = Math.abs(a[i]! - b[i]!);
    if (Number.isNaN(off)) return Infinity;
    most = Math.max(most, off);
    scale = Math.max(scale, Math.abs(b[i]!));
  }
  return most / scale;
}

/** The margin of the class that leads at x. */
async function margin(model: OpenScored, x: Float32Array): Promise<Along> {
  const { rows, classes } = model;
  const label = argMax((await model.forward(repeat(x, rows))).logits.subarray(0, classes));
  const labels = new Int32Array(rows).fill(label);
  return {
    async values(points) {
      const out: number[] = [];
      await inBlocks(points, rows, (block) => model.forward(block), ({ logits }, r) => {
        let other = -Infinity;
        for (let k = 0; k < classes; k++) if (k !== label) other = Math.max(other, logits[r * classes + k]!);
        out.push(logits[r * classes + label]! - other);
      });
      return out;
    },
    async slopes(points, v) {
      const out: { slope: number; size: number }[] = [];
      await inBlocks(points, rows, (block) => model.gradient('margin', block, labels, null), ({ gradient }, r) => out.push(slopeOf(gradient, r, v)));
      return out;
    },
  };
}

/** Products of blocks of so many rows. */
type Core = Products & { rows: number };

/** x to <u, f(x)>, whose gradient is J'u. */
function weighted(model: Core, u: Float32Array): Along {
  const { rows, width } = model;
  return {
    async values(points) {
      const out: number[] = [];
      await inBlocks(points, rows, (block) => model.output(block), (y, r) => out.push(u.reduce((sum, w, i) => sum + w * y[r * width + i]!, 0)));
      return out;
    },
    async slopes(points, v) {
      const out: { slope: number; size: number }[] = [];
      await inBlocks(points, rows, (block) => model.pull(block, repeat(u, rows)), ({ gradient }, r) => out.push(slopeOf(gradient, r, v)));
      return out;
    },
  };
}

/** |<u, Jv> - <J'u, v>| at x, relative to the usual size of either: ‖Jv‖ for such a u, ‖J'u‖ for such a v. */
async function adjointError(model: Core, x: Float32Array, u: Float32Array, v: Float32Array): Promise<number> {
  const at = repeat(x, model.rows);
  const backwards = slopeOf((await model.pull(at, repeat(u, model.rows))).gradient, 0, v);
  const forwards = slopeOf((await model.push(at, repeat(v, model.rows))).tangent, 0, u);
  const error = Math.abs(forwards.slope - backwards.slope) / Math.max(forwards.size, backwards.size, Math.abs(forwards.slope), 1e-12);
  return Number.isNaN(error) ? Infinity : error;
}

function repeat(x: Float32Array, rows: number): Float32Array {
  const out = new Float32Array(rows * x.length);
  for (let r = 0; r < rows; r++) out.set(x, r * x.length);
  return out;
}
