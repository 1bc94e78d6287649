import type { LinearModel } from '../norms/exactLinear.ts';
import type { Labelled } from './accuracy.ts';
import type { Problem } from './objective.ts';
import { samplesOf } from './samples.ts';
import { train } from './train.ts';

export type Recipe = Pick<Problem, 'loss' | 'norm' | 'epsilon' | 'ridge'>;

export interface TrainedModel {
  model: LinearModel;
  /** Sums over the binary problems that were solved: F, its proven lower bound, steps. */
  value: number;
  bound: number;
  steps: number;
}

/**
 * Trains a linear classifier: two classes by one binary problem, whose score is split evenly between both logits so that
 * their difference is f; more by one problem for each class against all others, each solved on its own.
 * @param gap how far each problem may stay above its minimum, as a share of it @param told see `train`; and which class
 * @throws UserError when a class has no picture
 */
export function trainClasses(
  items: readonly Labelled[],
  classes: number,
  recipe: Recipe,
  gap: number,
  told?: (steps: number, value: number, bound: number, one: number) => void,
): TrainedModel {
  const samples = samplesOf(items.map(({ pixels }) => pixels));
  const solve = (one: number) =>
    train(
      { ...recipe, samples, sign: Int8Array.from(items, ({ label }) => (label === one ? 1 : -1)) },
      gap,
      told && ((steps, value, bound) => told(steps, value, bound, one)),
    );
  const weights = new Float64Array(classes * samples.features);
  const bias = new Float64Array(classes);
  const parts = classes === 2 ? [solve(1)] : Array.from({ length: classes }, (_, k) => solve(k));
  if (classes === 2) {
    const [{ weights: w, bias: b }] = parts as [(typeof parts)[0]];
    weights.set([...w.map((x) => -x / 2), ...w.map((x) => x / 2)]);
    bias.set([-b / 2, b / 2]);
  } else
    parts.forEach((part, k) => {
      weights.set(part.weights, k * samples.features);
      bias[k] = part.bias;
    });
  const sum = (of: (part: (typeof parts)[0]) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    model: { classes, weights, bias },
    value: sum((part) => part.value),
    bound: sum((part) => part.bound),
    steps: sum((part) => part.steps),
  };
}
