import type { GradientCheck } from '../../shared/results.ts';
import type { Products } from '../model/differentiable.ts';
import type { OutputKind } from '../model/output.ts';
import { argMax, softmax } from '../model/scores.ts';
import type { Scores } from '../model/scores.ts';
import type { OpenModel } from './differentiable.ts';
import type { OpenScored } from './openRequest.ts';
import { directionError, dithered, inBlocks, roundingOf, signs, slopeOf } from './direction.ts';
import type { Along, Value } from './direction.ts';
import type { OpenOutput } from './openOutput.ts';
import type { Original, OriginalOutput } from './original.ts';
import { checkStepwise, COST } from './stepwise.ts';
import type { CheckOptions, Slope } from './stepwise.ts';

/**
 * Checks a classifier's derived graph (design rule 5): its forward pass against onnxruntime on the original file, and the
 * gradient of the margin against central differences along random ±1 directions, at the given pictures.
 * The error of a direction is relative to the largest of the difference quotient, the derivative, and ||g||₂,
 * the derivative's usual size along such a direction. Directions are taken at the size that the network reads, so that the
 * check costs the same for every picture: what stands before is a linear map, the same for every network.
 *
 * @param pictures C x H x W pixels in [0,1]; at least one
 */
export function checkGradient(
  model: OpenModel,
  original: Original,
  pictures: Float32Array[],
  options: CheckOptions = {},
): Promise<GradientCheck> {
  const meter = new Meter();
  return checkStepwise(
    {
      pictures: pictures.length,
      tangents: false,
      straightThrough: () => model.straightThrough,
      fallbacks: () => model.fallbacks,
      forward: (k) => meter.forward(compareForward(model, original, pictures[k]!)),
      ownDifference: (k) =>
        unfused(original, async (plain) => {
          const { kind } = model.pixels.output;
          const [a, b] = [await plain.predict(pictures[k]!, model.shape), await original.predict(pictures[k]!, model.shape)];
          return difference(shown(a, kind), shown(b, kind));
        }),
      isRandom: async () =>
        differs((await original.predict(pictures[0]!, model.shape)).logits, (await original.predict(pictures[0]!, model.shape)).logits),
      async slope(k) {
        const x = model.read(pictures[k]!);
        return slopeAt(meter.along(await margin(model.core, x)), x);
      },
      async direction(k, tolerance, late) {
        const x = dithered(model.read(pictures[k % pictures.length]!), k + 1);
        const f = meter.along(await margin(model.core, x));
        return {
          ...(await directionError(f, x, signs(x.length, k + 1), tolerance, () => model.straightThrough.length > 0, late)),
          tangent: null,
        };
      },
    },
    () => meter.passes,
    options,
  );
}

/**
 * The same of a network that is no classifier: forward, J'u for a random u of ±1 over its output against differences along
 * random directions v, and Jv against the J'u that stood that test: <u, Jv> = <J'u, v>.
 */
export function checkProducts(
  model: OpenOutput,
  original: OriginalOutput,
  pictures: Float32Array[],
  options: CheckOptions = {},
): Promise<GradientCheck> {
  const meter = new Meter();
  const core = { ...model.core, rows: model.rows };
  return checkStepwise(
    {
      pictures: pictures.length,
      tangents: true,
      straightThrough: () => model.straightThrough,
      fallbacks: () => model.fallbacks,
      async forward(k) {
        const x = pictures[k]!;
        const derived = (await meter.forward(model.output(repeat(x, model.rows)))).subarray(0, model.width);
        return difference(derived, await original.output(x, model.shape));
      },
      ownDifference: (k) =>
        unfused(original, async (plain) =>
          difference(await plain.output(pictures[k]!, model.shape), await original.output(pictures[k]!, model.shape)),
        ),
      isRandom: async () => differs(await original.output(pictures[0]!, model.shape), await original.output(pictures[0]!, model.shape)),
      // At the picture itself, whose reference its output may be, a goal on the output has no slope, and needs none.
      slope: (k) => slopeAt(meter.along(weighted(core, signs(model.width, k + 101))), model.read(pictures[k]!)),
      async direction(k, tolerance, late) {
        const x = dithered(model.read(pictures[k % pictures.length]!), k + 1);
        const v = signs(x.length, k + 1);
        const u = signs(model.width, k + 101);
        const found = await directionError(meter.along(weighted(core, u)), x, v, tolerance, () => model.straightThrough.length > 0, late);
        if (found.empty) return { ...found, tangent: null };
        if (found.open || (await late())) return { ...found, tangent: null, open: true };
        meter.passes += COST.gradient + COST.tangent;
        return { ...found, tangent: await adjointError(core, x, u, v) };
      },
    },
    () => meter.passes,
    options,
  );
}

/** Counts what runs cost, in forward passes of the block of rows that they all work on. */
class Meter {
  passes = 0;

  forward<T>(run: Promise<T>): Promise<T> {
    this.passes += COST.forward;
    return run;
  }

  along(f: Along): Along {
    const blocks = (points: readonly Float32Array[]) => Math.ceil(points.length / f.rows);
    return {
      rows: f.rows,
      values: (points) => ((this.passes += COST.forward * blocks(points)), f.values(points)),
      slopes: (points, v) => ((this.passes += COST.gradient * blocks(points)), f.slopes(points, v)),
    };
  }
}

async function compareForward(model: OpenModel, original: Original, x: Float32Array): Promise<number> {
  const { kind } = model.pixels.output;
  const derived = (await model.forward(repeat(x, model.rows))).logits.subarray(0, model.classes);
  const logits = Float64Array.from(derived);
  return difference(shown({ logits, probabilities: softmax(logits) }, kind), shown(await original.predict(x, model.shape), kind));
}

/** What of scores is compared: behind a softmax or a sigmoid the original only shows probabilities. */
function shown({ logits, probabilities }: Pick<Scores, 'logits' | 'probabilities'>, kind: OutputKind): Float64Array {
  if (kind === 'softmax' || kind === 'log-softmax') return probabilities;
  return kind === 'sigmoid' ? logits.map(sigmoid) : logits;
}

async function unfused<O extends OriginalOutput>(
  original: { unfused(): Promise<O> },
  compare: (plain: O) => Promise<number>,
): Promise<number> {
  const plain = await original.unfused();
  try {
    return await compare(plain);
  } finally {
    await plain.close();
  }
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

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

/** Two answers to the same picture that no rounding explains. */
function differs(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  const off = difference(a, b);
  return Number.isFinite(off) && off > RANDOM;
}

/** Of the largest value: runs of one session differ by far less, where they differ at all. */
const RANDOM = 1e-4;

/** What the gradient of f is worth at x: whether all of the pixels' range along it moves f by more than rounding. */
async function slopeAt(f: Along, x: Float32Array): Promise<Slope> {
  const [{ rounding }] = (await f.values([x])) as [Value];
  const [{ slope, size }] = (await f.slopes([x], new Float32Array(x.length).fill(1))) as [{ slope: number; size: number }];
  if (!Number.isFinite(slope) || !Number.isFinite(size)) return 'not-finite';
  return size === 0 ? 'zero' : size * Math.sqrt(x.length) <= rounding ? 'tiny' : 'some';
}

/** The margin of the class that leads at x. */
async function margin(model: OpenScored, x: Float32Array): Promise<Along> {
  const { rows, classes } = model;
  const label = argMax((await model.forward(repeat(x, rows))).logits.subarray(0, classes));
  const labels = new Int32Array(rows).fill(label);
  return {
    rows,
    async values(points) {
      const out: Value[] = [];
      await inBlocks(
        points,
        rows,
        (block) => model.forward(block),
        ({ logits }, r) => {
          let [other, most] = [-Infinity, 0];
          for (let k = 0; k < classes; k++) {
            if (k !== label) other = Math.max(other, logits[r * classes + k]!);
            most = Math.max(most, Math.abs(logits[r * classes + k]!));
          }
          out.push({ value: logits[r * classes + label]! - other, rounding: roundingOf(most) });
        },
      );
      return out;
    },
    async slopes(points, v) {
      const out: { slope: number; size: number }[] = [];
      await inBlocks(
        points,
        rows,
        (block) => model.gradient('margin', block, labels, null),
        ({ gradient }, r) => out.push(slopeOf(gradient, r, v)),
      );
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
    rows,
    async values(points) {
      const out: Value[] = [];
      await inBlocks(
        points,
        rows,
        (block) => model.output(block),
        (y, r) => {
          const own = y.subarray(r * width, (r + 1) * width);
          // Each value rounds by itself, and u is ±1.
          out.push({
            value: u.reduce((sum, w, i) => sum + w * own[i]!, 0),
            rounding: roundingOf(Math.sqrt(own.reduce((sum, v) => sum + v * v, 0))),
          });
        },
      );
      return out;
    },
    async slopes(points, v) {
      const out: { slope: number; size: number }[] = [];
      await inBlocks(
        points,
        rows,
        (block) => model.vjp(block, repeat(u, rows)),
        ({ gradient }, r) => out.push(slopeOf(gradient, r, v)),
      );
      return out;
    },
  };
}

/** |<u, Jv> - <J'u, v>| at x, relative to the usual size of either: ‖Jv‖ for such a u, ‖J'u‖ for such a v. */
async function adjointError(model: Core, x: Float32Array, u: Float32Array, v: Float32Array): Promise<number> {
  const at = repeat(x, model.rows);
  const backwards = slopeOf((await model.vjp(at, repeat(u, model.rows))).gradient, 0, v);
  const forwards = slopeOf((await model.jvp(at, repeat(v, model.rows))).tangent, 0, u);
  const error = Math.abs(forwards.slope - backwards.slope) / Math.max(forwards.size, backwards.size, Math.abs(forwards.slope), 1e-12);
  return Number.isNaN(error) ? Infinity : error;
}

function repeat(x: Float32Array, rows: number): Float32Array {
  const out = new Float32Array(rows * x.length);
  for (let r = 0; r < rows; r++) out.set(x, r * x.length);
  return out;
}
