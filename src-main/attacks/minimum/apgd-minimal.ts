import { z } from 'zod';
import type { FeatureNorm } from '../../../shared/norms.ts';
import { length } from '../../norms/distances.ts';
import { projectBox } from '../../norms/projectBox.ts';
import { defineAttack, featureNorm, rowsOf } from '../attack.ts';
import { apgdSearchOptions } from '../budget/apgd.ts';
import { cost, rivalsAt } from '../cost.ts';
import { checkLoss, lossOption } from '../losses.ts';
import { autoPgd } from '../search/apgd.ts';
import type { Apgd } from '../search/apgd.ts';
import { boxRadius } from '../search/box-radius.ts';
import { finishOff, finishOption, finishPasses } from '../search/finish.ts';
import { nearestBoundary } from '../search/nearest.ts';
import { startRivals } from '../search/rivals.ts';
import { randomInBall } from '../search/start.ts';
import type { Problem } from '../problem/problem.ts';

/** A bracket so narrow is opened again, from another start: that one ball holds no success for a search does not say that there is none. */
const [NARROW, REOPENED] = [0.01, 0.9];

/**
 * The smallest ball in which Auto-PGD succeeds, by bisection of its radius for every image (adversarial-library's minimal APGD).
 * Differences: the first ball is twice as large as the nearest linearised boundary is far; a run ends at its first success, and the
 * passes that it saves go to further balls; each run starts from the best success, drawn into the smaller ball.
 */
export const apgdMinimal = defineAttack({
  id: 'apgd-minimal',
  title: 'APGD, smallest ball',
  norms: ['l1', 'l2', 'linf'],
  kind: 'minimum-norm',
  targeted: true,
  access: 'gradient',
  summary: 'Smallest l1, l2 or l∞ change by bisection: APGD in ball after ball.',
  source:
    'Croce and Hein 2020 (arXiv 2003.01690), algorithm 1, in a bisection of ε as in adversarial-library’s minimal_apgd; and a final one',
  options: z.strictObject({
    steps: z.number().int().min(1).max(100_000).default(50).describe('Gradient steps in one ball.'),
    searches: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(10)
      .describe('Balls in which all steps may be taken; where they are not, there are more.'),
    rivals: startRivals,
    loss: lossOption('cross-entropy'),
    ...apgdSearchOptions,
    finish: finishOption,
  }),
  cost: (scene, { steps, searches, rivals, finish }) =>
    cost(rivalsAt(scene, rivals) + steps * searches, searches + finishPasses(scene.norm, finish)),
  async run(problem, { searches, rivals, finish, ...how }) {
    checkLoss(how.loss, problem);
    const delta = await nearestBoundary(problem, rivals);
    await bisect(problem, delta, searches * how.steps, how);
    await finishOff(problem, finish);
  },
});

type Setting = Pick<Apgd, 'steps' | 'loss' | 'rho' | 'alpha' | 'checkpoint' | 'direction' | 'share'>;

/** @param total steps of an image in all balls together */
async function bisect(problem: Problem, delta: Float32Array, total: number, how: Setting): Promise<void> {
  const norm = featureNorm(problem) as Exclude<FeatureNorm, 'l0'>;
  const { count } = problem;
  const [rows, clean] = [rowsOf(delta, count), rowsOf(problem.clean, count)];
  const worst = Float64Array.from(clean, (x) => boxRadius(norm, x));
  const epsilon = Float64Array.from(rows, (row, image) => Math.min(2 * length(norm, row) || 0.1 * worst[image]!, worst[image]!));
  const low = new Float64Array(count);
  const left = new Int32Array(count).fill(total);
  const broken = new Uint8Array(count);
  const isOver: Apgd['isOver'] = (image, { success }) => {
    left[image]!--;
    broken[image] = success[image]!;
    return success[image] === 1;
  };
  for (;;) {
    const only = Uint8Array.from(left, (steps, image) => (problem.active[image] && steps >= how.steps ? 1 : 0));
    if (!only.includes(1)) return;
    broken.fill(0);
    await autoPgd(problem, delta, { ...how, epsilon, only, isOver });
    for (let image = 0; image < count; image++) {
      if (!only[image] || !problem.active[image]) continue;
      if (!broken[image]) low[image] = epsilon[image]!;
      const high = problem.bestDistance(image);
      let again = false;
      if (high === Infinity) {
        again = epsilon[image] === worst[image];
        epsilon[image] = Math.min(2 * epsilon[image]!, worst[image]!);
      } else {
        again = high - low[image]! < NARROW * high;
        if (again) low[image] = REOPENED * high;
        epsilon[image] = (low[image]! + high) / 2;
      }
      const best = problem.best(image);
      if (again) randomInBall(norm, rows[image]!, epsilon[image]!, problem.random(image));
      else if (best) rows[image]!.set(best);
      projectBox(norm, rows[image]!, clean[image]!, epsilon[image]!);
    }
  }
}
