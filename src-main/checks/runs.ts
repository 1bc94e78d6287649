import { cost, sum } from '../attacks/cost.ts';
import type { Cost, Scene } from '../attacks/cost.ts';
import { optionsOf, stageOf } from '../attacks/registry.ts';

/** An attack with fixed options that checks compare with others; at every budget, or without a bound. */
export interface CheckRun {
  attack: string;
  options: Record<string, unknown>;
  /** One run, in a ball that holds every picture. */
  unbounded?: true;
  /** Of its losses the value `falling` is told. */
  traced?: true;
}

/**
 * All follow the margin, so that two of them differ in what is compared and in nothing else. What they find is a point in floating
 * point and ends there: a check asks whether the search works, not whether a picture can be exported.
 */
export const RUNS = {
  /** One step along the gradient. */
  'one-step': { attack: 'fgsm', options: { loss: 'margin' } },
  iterative: { attack: 'pgd', options: { steps: 20, confidence: 0 } },
  /** From the image itself: a random start in so large a ball would be another picture already. */
  unbounded: { attack: 'pgd', options: { steps: 40, confidence: 0, randomStart: false, stepSize: 0.1 }, unbounded: true },
  longer: { attack: 'pgd', options: { steps: 40, confidence: 0 }, traced: true },
  /** From another random start: each run has a stream of its own. */
  again: { attack: 'pgd', options: { steps: 20, confidence: 0 } },
  /** Knows nothing of the model. */
  noise: { attack: 'random', options: { draws: 10 } },
} as const satisfies Record<string, CheckRun>;
export type RunName = keyof typeof RUNS;

/** What a run spends on one image at most, at all budgets. */
export function runCost({ attack, options, unbounded }: CheckRun, scene: Omit<Scene, 'epsilon'>, budgets: readonly number[]): Cost {
  const full = optionsOf(attack, options, scene.norm);
  return sum(cost(0), ...(unbounded ? [1] : budgets).map((epsilon) => stageOf(attack).cost({ ...scene, epsilon }, full)));
}
