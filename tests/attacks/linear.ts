import type { Differentiable, Gradient, ImageShape, Objective } from '../../src-main/model/differentiable.ts';
import { randomStream, gaussian } from '../../src-main/attacks/problem/random-stream.ts';
import type { Gate } from '../../src-main/attacks/problem/counted.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import type { LinearModel } from '../../src-main/norms/exactLinear.ts';

export const OPEN: Gate = { check: () => undefined };

export interface LinearCase {
  model: LinearModel;
  differentiable: Differentiable;
  images: ProblemImage[];
}

/**
 * A random linear classifier and 8-bit pictures it gets right, drawn close to 0 and 1 so that the box binds.
 * Weights differ widely in size. Every other picture is moved deeper into its class, so that optima are large as well.
 * `targeted` makes the class after the label the goal.
 */
export function linearCase(seed: string, classes: number, shape: ImageShape, count: number, targeted: boolean, rows = 4): LinearCase {
  const random = randomStream(seed);
  const d = shape.channels * shape.height * shape.width;
  const weights = Float32Array.from({ length: classes * d }, () => gaussian(random) * (0.2 + 2 * random() ** 3));
  const bias = new Float32Array(classes);
  const images: ProblemImage[] = Array.from({ length: count }, (_, i) => {
    const pixels = Float32Array.from({ length: d }, () => {
      const u = random();
      return Math.round(255 * (u < 0.4 ? 0.1 * random() : u < 0.8 ? 1 - 0.1 * random() : random())) / 255;
    });
    const logits = logitsOf(weights, bias, pixels, classes);
    const label = logits.indexOf(Math.max(...logits));
    if (i % 2) {
      for (let j = 0; j < d; j++) {
        const others = Array.from({ length: classes }, (_, k) => weights[k * d + j]!);
        if (random() < 0.3)
          pixels[j] = weights[label * d + j]! >= Math.max(...others) ? 1 : weights[label * d + j]! <= Math.min(...others) ? 0 : pixels[j]!;
      }
    }
    return { pixels, hash: `${seed}-${i}`, label, goal: targeted ? (label + 1) % classes : null };
  });
  const model = { classes, weights, bias };
  return { model, differentiable: linearModel(model, shape, rows), images };
}

export function logitsOf(weights: ArrayLike<number>, bias: ArrayLike<number>, x: ArrayLike<number>, classes: number): number[] {
  return Array.from({ length: classes }, (_, k) => {
    let sum = bias[k]!;
    for (let j = 0; j < x.length; j++) sum += weights[k * x.length + j]! * x[j]!;
    return sum;
  });
}

/** W x + b with its analytic gradients, as attacks see a model. `spoil` may change what comes out. */
export function linearModel(model: LinearModel, shape: ImageShape, rows: number, spoil?: (logits: number[]) => void): Differentiable {
  const { classes, weights, bias } = model;
  const d = shape.channels * shape.height * shape.width;
  const logitsOfRow = (pixels: Float32Array, r: number): number[] => {
    const logits = logitsOf(weights, bias, pixels.subarray(r * d, (r + 1) * d), classes);
    spoil?.(logits);
    return logits;
  };
  return {
    shape,
    classes,
    rows,
    forward: (pixels) =>
      Promise.resolve({ logits: Float32Array.from(Array.from({ length: rows }, (_, r) => logitsOfRow(pixels, r)).flat()) }),
    gradient: (loss, pixels, label, target) => {
      if (pixels.length !== rows * d) throw new Error('wrong block');
      const out: Gradient = {
        logits: new Float32Array(rows * classes),
        loss: new Float32Array(rows),
        gradient: new Float32Array(rows * d),
      };
      for (let r = 0; r < rows; r++) {
        const logits = logitsOfRow(pixels, r);
        out.logits.set(logits, r * classes);
        const { value, slope } = lossOf(loss, logits, label[r]!, target ? target[r]! : null);
        out.loss[r] = value;
        for (let j = 0; j < d; j++) {
          let sum = 0;
          for (let k = 0; k < classes; k++) sum += slope[k]! * weights[k * d + j]!;
          out.gradient[r * d + j] = sum;
        }
      }
      return Promise.resolve(out);
    },
  };
}

/** The loss of one row and its derivative by each logit. */
function lossOf(loss: Objective, f: number[], y: number, t: number | null): { value: number; slope: number[] } {
  const slope = f.map(() => 0);
  const own = t ?? y;
  const others = f.map((v, k) => (k === own ? -Infinity : v));
  const rival = others.indexOf(Math.max(...others));
  const sign = t === null ? 1 : -1;
  if (loss === 'logit') {
    slope[own] = sign;
    return { value: sign * f[own]!, slope };
  }
  if (loss === 'difference') {
    slope[y] = 1;
    slope[t!]! -= 1;
    return { value: f[y]! - f[t!]!, slope };
  }
  if (loss === 'cross-entropy') {
    const top = Math.max(...f);
    const total = f.reduce((sum, v) => sum + Math.exp(v - top), 0);
    const p = f.map((v) => Math.exp(v - top) / total);
    p.forEach((value, k) => (slope[k] = sign * ((k === own ? 1 : 0) - value)));
    return { value: sign * Math.log(p[own]!), slope };
  }
  if (loss === 'probability-margin') {
    const top = Math.max(...f);
    const total = f.reduce((sum, v) => sum + Math.exp(v - top), 0);
    const p = f.map((v) => Math.exp(v - top) / total);
    const lead = p[own]! - p[rival]!;
    p.forEach((value, k) => (slope[k] = sign * value * ((k === own ? 1 : k === rival ? -1 : 0) - lead)));
    return { value: sign * lead, slope };
  }
  const order = f.map((_, k) => k).sort((a, b) => f[b]! - f[a]!);
  if (loss === 'margin') {
    slope[own]! += sign;
    slope[rival]! -= sign;
    return { value: sign * (f[own]! - f[rival]!), slope };
  }
  // DLR (Croce and Hein 2020, eq. 5 and 6).
  const [a, b] = t === null ? [y, rival] : [y, t];
  const top = f[a]! - f[b]!;
  const bottom = t === null ? f[order[0]!]! - f[order[2]!]! : f[order[0]!]! - (f[order[2]!]! + f[order[3]!]!) / 2;
  slope[a]! += 1 / bottom;
  slope[b]! -= 1 / bottom;
  slope[order[0]!]! -= top / bottom ** 2;
  if (t === null) slope[order[2]!]! += top / bottom ** 2;
  else for (const k of [order[2]!, order[3]!]) slope[k]! += top / (2 * bottom ** 2);
  return { value: top / bottom, slope };
}

/** Whether features of `mask` can take the image to class t of three: by duality, one mixture of both constraints that cannot be met says no. */
export function canReach({ weights, bias }: LinearModel, x: Float32Array, t: number, mask: number): boolean {
  const d = x.length;
  const others = [0, 1, 2].filter((k) => k !== t);
  const least = (mix: number): number => {
    const share = [mix, 1 - mix];
    let sum = 0;
    others.forEach((k, i) => (sum += share[i]! * (bias[k]! - bias[t]!)));
    for (let j = 0; j < d; j++) {
      let slope = 0;
      others.forEach((k, i) => (slope += share[i]! * (weights[k * d + j]! - weights[t * d + j]!)));
      sum += (mask >> j) & 1 ? Math.min(0, slope) : slope * x[j]!;
    }
    return sum;
  };
  // Concave in the mixture: ternary search for its top.
  let [lo, hi] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const [a, b] = [lo + (hi - lo) / 3, hi - (hi - lo) / 3];
    if (least(a) < least(b)) lo = a;
    else hi = b;
  }
  return least((lo + hi) / 2) <= 0;
}
