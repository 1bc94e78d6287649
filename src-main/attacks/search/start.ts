import type { FeatureNorm } from '../../../shared/norms.ts';
import { gaussian } from '../problem/random-stream.ts';

/**
 * A uniform point of the ball ‖δ‖_p ≤ eps, written into δ: l∞ feature by feature; l2 a Gaussian direction and radius
 * eps·u^(1/d); l1 the same with Laplace numbers (Barthe et al. 2005); l0 eps features at random values.
 */
export function randomInBall(norm: FeatureNorm, delta: Float32Array, eps: number, random: () => number): void {
  const d = delta.length;
  if (norm === 'linf') {
    for (let j = 0; j < d; j++) delta[j] = (2 * random() - 1) * eps;
  } else if (norm === 'l0') {
    delta.fill(0);
    for (let n = Math.min(Math.floor(eps), d); n > 0; n--) delta[Math.floor(random() * d)] = 2 * random() - 1;
  } else {
    let size = 0;
    for (let j = 0; j < d; j++) {
      const value = norm === 'l2' ? gaussian(random) : -Math.log(1 - random()) * (random() < 0.5 ? -1 : 1);
      delta[j] = value;
      size += norm === 'l2' ? value * value : Math.abs(value);
    }
    const scale = (eps * random() ** (1 / d)) / (norm === 'l2' ? Math.sqrt(size) : size);
    for (let j = 0; j < d; j++) delta[j]! *= scale;
  }
}
