/** f at x; its gradient goes into `gradient`. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number;

/** Pairs of steps and changes of the gradient that are remembered. */
const MEMORY = 20;

/**
 * Minimises a smooth function by L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5) with the bisection for the weak
 * Wolfe conditions of Lewis and Overton (2013), which needs no curvature to be finite. x is changed in place.
 * (No library: the packages for it on npm have had no release for years, and this is all of it.)
 * @param tolerance ends when no entry of the gradient is larger
 * @param stop asked after every step; true ends the search
 * @returns how many steps were taken
 */
export function lbfgs(f: Smooth, x: Float64Array, tolerance: number, steps: number, stop: (step: number) => boolean): number {
  const n = x.length;
  let gradient = new Float64Array(n);
  let value = f(x, gradient);
  const past: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  const trial = new Float64Array(n);
  let trialGradient = new Float64Array(n);
  for (let step = 0; step < steps; step++) {
    if (gradient.every((g) => Math.abs(g) <= tolerance) || stop(step)) return step;
    const direction = twoLoops(gradient, past);
    const slope = dot(gradient, direction);
    if (!(slope < 0)) return step;
    let [low, high] = [0, Infinity];
    let length = past.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let reached = value;
    let found = false;
    for (let tries = 0; tries < 40; tries++) {
      for (let j = 0; j < n; j++) trial[j] = x[j]! + length * direction[j]!;
      reached = f(trial, trialGradient);
      if (!(reached <= value + 1e-4 * length * slope)) high = length;
      else if (dot(trialGradient, direction) < 0.9 * slope) low = length;
      else {
        found = true;
        break;
      }
      length = high < Infinity ? (low + high) / 2 : 2 * low;
    }
    // Beyond this the function's own rounding decides.
    if (!found && !(reached < value)) return step;
    const s = new Float64Array(n);
    const y = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      s[j] = trial[j]! - x[j]!;
      y[j] = trialGradient[j]! - gradient[j]!;
    }
    const curvature = dot(s, y);
    if (curvature > 0) past.push({ s, y, rho: 1 / curvature });
    if (past.length > MEMORY) past.shift();
    x.set(trial);
    [gradient, trialGradient] = [trialGradient, gradient];
    value = reached;
  }
  return steps;
}

/** -H g, H the remembered estimate of the inverse Hessian. */
function twoLoops(gradient: Float64Array, past: readonly { s: Float64Array; y: Float64Array; rho: number }[]): Float64Array {
  const q = gradient.map((g) => -g);
  const alphas = new Float64Array(past.length);
  for (let k = past.length - 1; k >= 0; k--) {
    const { s, y, rho } = past[k]!;
    alphas[k] = rho * dot(s, q);
    for (let j = 0; j < q.length; j++) q[j]! -= alphas[k]! * y[j]!;
  }
  const last = past.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.y, last.y));
    for (let j = 0; j < q.length; j++) q[j]! *= scale;
  }
  past.forEach(({ s, y, rho }, k) => {
    const beta = alphas[k]! - rho * dot(y, q);
    for (let j = 0; j < q.length; j++) q[j]! += beta * s[j]!;
  });
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
