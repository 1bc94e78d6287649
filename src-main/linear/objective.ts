import { addRow, dotRow } from './samples.ts';
import type { Samples } from './samples.ts';

/**
 * Training of f(x) = w·x + b on labels y = ±1 against perturbations of a ball:
 *   F(w, b) = 1/n Σ_i ℓ( y_i (w·x_i + b) - ε ‖w‖_q ) + λ/2 ‖w‖₂².
 * The term ε‖w‖_q is the inner maximum in closed form: ℓ falls, so max over ‖δ‖_p ≤ ε of ℓ(y f(x + δ)) is ℓ at the least
 * y w·δ, which by Hölder's inequality is -ε‖w‖_q with 1/p + 1/q = 1. As in the usual statement of the problem the ball is
 * not cut to [0,1], which only makes the model a little more careful. ε = 0 with a larger λ is the soft-margin SVM, with a
 * small one plain training; F is convex, and the ridge λ > 0 makes its minimum one point.
 */
export interface Problem {
  samples: Samples;
  /** ±1 */
  sign: Int8Array;
  loss: 'hinge' | 'logistic';
  /** p: the norm that bounds the perturbation. */
  norm: 'l2' | 'linf';
  epsilon: number;
  /** λ */
  ridge: number;
}

/** F itself; `point` holds w, then b. */
export function objective(problem: Problem, point: Float64Array): number {
  const { samples, sign, loss, epsilon, ridge } = problem;
  const pull = epsilon * dualLength(problem, point);
  let sum = 0;
  for (let i = 0; i < samples.count; i++) {
    const z = sign[i]! * (dotRow(samples, i, point) + point[samples.features]!) - pull;
    sum += loss === 'hinge' ? Math.max(0, 1 - z) : softplus(-z);
  }
  return sum / samples.count + (ridge / 2) * squared(point, samples.features);
}

/**
 * F with its corners rounded, from below by at most `width`/2 in the hinge and by ε·`width` for every entry in ‖w‖:
 *   hinge  ((1 - z)₊)² / 2μ within μ of its corner      ‖w‖₁  Σ √(w² + μ²) - μ      ‖w‖₂  √(‖w‖² + μ²) - μ
 * @param gradient overwritten
 * @param slopes a_i = -ℓ'(z_i) of each sample, overwritten: in [0,1], what the dual problem asks for
 */
export function smoothed(problem: Problem, point: Float64Array, width: number, gradient: Float64Array, slopes: Float64Array): number {
  const { samples, sign, loss, norm, epsilon, ridge } = problem;
  const { count, features } = samples;
  gradient.fill(0);
  const length = norm === 'l2' ? Math.sqrt(squared(point, features) + width * width) : sumOfRoots(point, features, width);
  const pull = epsilon * (length - width * (norm === 'l2' ? 1 : features));
  let value = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const y = sign[i]!;
    const z = y * (dotRow(samples, i, point) + point[features]!) - pull;
    let slope = 0;
    if (loss === 'hinge') {
      const short = 1 - z;
      slope = Math.max(0, Math.min(1, short / width));
      value += slope === 1 ? short - width / 2 : (slope * short) / 2;
    } else {
      slope = 1 / (1 + Math.exp(z));
      value += softplus(-z);
    }
    slopes[i] = slope;
    total += slope;
    if (slope === 0) continue;
    addRow(samples, i, (-slope * y) / count, gradient);
    gradient[features]! -= (slope * y) / count;
  }
  const push = (epsilon * total) / count;
  for (let j = 0; j < features; j++) {
    const w = point[j]!;
    gradient[j]! += ridge * w + (push * w) / (norm === 'l2' ? length : Math.sqrt(w * w + width * width));
  }
  return value / count + (ridge / 2) * squared(point, features);
}

/**
 * The value of the dual problem at weights α ∈ [0,1]^n of the samples: with u = 1/n Σ α_i y_i x_i, c = ε/n Σ α_i and
 * Σ α_i y_i = 0,
 *   D(α) = 1/n Σ h(α_i) - 1/2λ dist²,   h(α) = α (hinge) or the binary entropy of α (logistic),
 *   dist² = (‖u‖₂ - c)₊² for p = 2 and Σ_j (|u_j| - c)₊² for p = ∞.
 * No (w, b) has a smaller F: ℓ(z) = max_α h(α) - αz, and min over w of c‖w‖_q - u·w + λ/2 ‖w‖² is the last term.
 * @param slopes any numbers in [0,1]; the heavier class is scaled down to balance them
 */
export function dualValue({ samples, sign, loss, norm, epsilon, ridge }: Problem, slopes: Float64Array): number {
  let [plus, minus] = [0, 0];
  for (let i = 0; i < samples.count; i++) {
    if (sign[i]! > 0) plus += slopes[i]!;
    else minus += slopes[i]!;
  }
  const least = Math.min(plus, minus);
  if (least === 0) return 0;
  const [scalePlus, scaleMinus] = [least / plus, least / minus];
  const u = new Float64Array(samples.features);
  let value = 0;
  for (let i = 0; i < samples.count; i++) {
    const alpha = slopes[i]! * (sign[i]! > 0 ? scalePlus : scaleMinus);
    value += loss === 'hinge' ? alpha : entropy(alpha);
    if (alpha > 0) addRow(samples, i, (alpha * sign[i]!) / samples.count, u);
  }
  const c = (2 * epsilon * least) / samples.count;
  const over = norm === 'l2' ? [Math.sqrt(squared(u, u.length)) - c] : Array.from(u, (x) => Math.abs(x) - c);
  return value / samples.count - over.reduce((sum, x) => sum + Math.max(0, x) ** 2, 0) / (2 * ridge);
}

/** ‖w‖_q, dual to the problem's norm. */
export function dualLength({ norm, samples }: Pick<Problem, 'norm' | 'samples'>, point: Float64Array): number {
  return norm === 'l2' ? Math.sqrt(squared(point, samples.features)) : sumOfRoots(point, samples.features, 0);
}

function squared(values: Float64Array, n: number): number {
  let sum = 0;
  for (let j = 0; j < n; j++) sum += values[j]! * values[j]!;
  return sum;
}

function sumOfRoots(values: Float64Array, n: number, width: number): number {
  let sum = 0;
  for (let j = 0; j < n; j++) sum += Math.sqrt(values[j]! * values[j]! + width * width);
  return sum;
}

/** log(1 + e^x) without overflow. */
function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}

function entropy(a: number): number {
  return a <= 0 || a >= 1 ? 0 : -a * Math.log(a) - (1 - a) * Math.log(1 - a);
}
