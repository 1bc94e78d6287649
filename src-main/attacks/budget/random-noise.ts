import { z } from 'zod';
import { clipBox } from '../../norms/project.ts';
import { length } from '../../norms/distances.ts';
import { defineAttack, featureNorm, rowsOf } from '../attack.ts';
import { gaussian } from '../problem/random-stream.ts';
import type { FeatureNorm } from '../../../shared/norms.ts';
import type { Problem } from '../problem/problem.ts';
import { finishBroken } from '../search/descend.ts';
import { cost } from '../cost.ts';

/**
 * Noise without knowledge of the model, what adversarial changes must be told from (Balda et al., section 6):
 *   l∞  independent signs, η_j = ±ε        l2  a direction uniform on the sphere, ‖η‖₂ = ε
 *   l1  a Laplace direction, ‖η‖₁ = ε       l0  ε features chosen at random, each at one end of the box
 * Clipping to the box may shorten η; nothing is added to make up for it.
 */
export function randomNoise(norm: FeatureNorm, eta: Float32Array, clean: Float32Array, epsilon: number, random: () => number): void {
  const d = eta.length;
  const sign = (): number => (random() < 0.5 ? -1 : 1);
  if (norm === 'linf') for (let j = 0; j < d; j++) eta[j] = epsilon * sign();
  else if (norm === 'l0') {
    eta.fill(0);
    const order = Uint32Array.from({ length: d }, (_, j) => j);
    for (let n = 0; n < Math.min(Math.floor(epsilon), d); n++) {
      // Fisher and Yates: each feature at most once.
      const at = n + Math.floor(random() * (d - n));
      const j = order[at]!;
      order[at] = order[n]!;
      eta[j] = sign() > 0 ? 1 - clean[j]! : -clean[j]!;
    }
  } else {
    for (let j = 0; j < d; j++) eta[j] = norm === 'l2' ? gaussian(random) : -Math.log(1 - random()) * sign();
    const scale = epsilon / length(norm, eta);
    for (let j = 0; j < d; j++) eta[j]! *= scale;
  }
}

/** One draw of noise for every active image, written into η and evaluated. */
export async function tryNoise(problem: Problem, eta: Float32Array, epsilon: number, clip: boolean): Promise<Uint8Array> {
  const clean = rowsOf(problem.clean, problem.count);
  rowsOf(eta, problem.count).forEach((row, image) => {
    if (!problem.active[image]) return;
    randomNoise(featureNorm(problem), row, clean[image]!, epsilon, problem.random(image));
    if (clip) clipBox(row, clean[image]!);
  });
  return (await problem.query(eta)).success;
}

/** The baseline as an attack: several draws, the first that succeeds ends it. */
export const random = defineAttack({
  id: 'random',
  title: 'Random noise',
  norms: ['l0', 'l1', 'l2', 'linf'],
  kind: 'fixed-budget',
  targeted: true,
  access: 'decision',
  summary: 'Noise of full budget that knows nothing of the model: what every other attack must beat by far.',
  source: 'Balda, Behboodi, Mathar 2018 (arXiv 1812.07385), section 6: random signs, random sphere, random pixels',
  options: z.strictObject({
    draws: z.number().int().min(1).max(100_000).default(10).describe('Draws of noise, as long as none has succeeded.'),
  }),
  cost: (_, { draws }) => cost(0, draws),
  async run(problem, { draws, epsilon = 0 }) {
    const eta = new Float32Array(problem.clean.length);
    for (let draw = 0; draw < draws && problem.anyActive; draw++) {
      await tryNoise(problem, eta, epsilon, true);
      finishBroken(problem);
    }
  },
});
