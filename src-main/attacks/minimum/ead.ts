import { z } from 'zod';
import { cleanOf, defineAttack } from '../attack.ts';
import type { Problem } from '../problem/problem.ts';
import { bisectBoundary } from '../search/bisect-boundary.ts';
import { Plateau, TradeOff, tradeOffOptions } from '../search/trade-off.ts';
import { atDelta, runSearches } from '../search/run-searches.ts';
import type { Ask, Reply, Search } from '../search/run-searches.ts';
import { cost } from '../cost.ts';
import { room } from '../../norms/projectBox.ts';

/**
 * Elastic-net attack (Chen et al. 2018, algorithm 1): for a weight c found by bisection, FISTA on
 *   c max(L + κ, 0) + ‖δ‖₂² + β ‖δ‖₁,   x the iterate, y = x + i/(i+3) (x - x_before) where the gradient is taken,
 *   x ← S_{αβ}( y - α ∇ )  inside the box,   α falling by a square root;
 * of all successes the one with the least l1 is kept (the paper's L1 decision rule).
 * Differences from the authors' and Foolbox's code: theirs shrinks by β itself whatever the step is, which at their β 0.01 and step
 * 0.01 is a weight of 1 at first and without bound in the end; here β is the weight of the l1 norm. Only the points y are asked, so a
 * step costs two passes and not three. An image's descent ends by its own objective, not by that of the batch. The best point is drawn
 * towards the clean image by bisection at the end.
 */
export const ead = defineAttack({
  id: 'ead',
  title: 'EAD',
  norms: ['l1'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Small l1 change by shrinkage and thresholding of an elastic net. An old acquaintance of many papers; PDPGD finds less.',
  source: 'Chen et al. 2018, algorithm 1, decided by l1, with the step in the threshold and a final bisection',
  options: z.strictObject({
    ...tradeOffOptions,
    beta: z.number().positive().max(1000).default(1).describe('Weight of the l1 norm beside the squared l2 norm.'),
    rate: z.number().positive().max(10).default(0.01).describe('First step size α.'),
    settle: z.number().int().min(0).max(30).default(8).describe('Forward passes of the final bisection.'),
  }),
  cost: (_, { steps, searches, settle }) => cost(steps * searches, searches + settle),
  async run(problem, options) {
    await runSearches(problem, atDelta(problem), (image) => search(problem, image, options));
    await bisectBoundary(problem, options.settle, 0.97);
  },
});

interface Setting {
  steps: number;
  searches: number;
  initial: number;
  confidence: number;
  abort: boolean;
  beta: number;
  rate: number;
}

function* search(problem: Problem, image: number, setting: Setting): Search {
  const clean = cleanOf(problem, image);
  const tradeOff = new TradeOff(setting.initial);
  for (let n = 0; n < setting.searches; n++) tradeOff.learn(yield* fista(clean, tradeOff.c, setting));
}

/**
 * Fast iterative shrinkage-thresholding from the image itself (Beck and Teboulle 2009), asked at the extrapolated points y.
 * @returns whether any of them succeeded
 */
function* fista(clean: Float32Array, c: number, { steps, confidence, abort, beta, rate }: Setting): Generator<Ask, boolean, Reply> {
  const y = new Float32Array(clean.length);
  const x = new Float32Array(clean.length);
  const plateau = new Plateau(steps);
  let found = false;
  for (let i = 0; i < steps; i++) {
    const { margin, success, gradient } = yield { point: y, gradient: true };
    found ||= success && margin <= -confidence;
    const alpha = rate * Math.sqrt(1 - i / steps);
    const pull = margin > -confidence ? c : 0;
    const momentum = i / (i + 3);
    let loss = c * Math.max(0, margin + confidence);
    for (let j = 0; j < y.length; j++) {
      const from = y[j]!;
      loss += from * from + beta * Math.abs(from);
      const gone = from - alpha * (pull * gradient[j]! + 2 * from);
      const size = Math.min(Math.max(Math.abs(gone) - alpha * beta, 0), room(clean[j]!, gone));
      const to = gone < 0 ? -size : size;
      y[j] = to + momentum * (to - x[j]!);
      x[j] = to;
    }
    if (abort && plateau.reached(i, loss)) break;
  }
  const { success, margin } = yield { point: x, gradient: false };
  return found || (success && margin <= -confidence);
}
