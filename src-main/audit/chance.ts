import { binomialTail, wilson } from '../../shared/stats.ts';

/** Fewer pictures than this say nothing. */
export const FEWEST = 8;
/** What happens more often than this by chance is no evidence. */
export const LEVEL = 0.05;
/** Standard deviations that are exceeded so often. */
const LEVEL_Z = 1.645;
/** Pictures of other classes, of which a model that knew one in two would have shown it: half to the power of it is below the level. */
const OTHERS = 5;

/** A model's answer for a picture whose class is known; null where it gives none. */
export interface Answer {
  prediction: number | null;
  label: number;
}

/** Whether a model knows no more than somebody who guesses, or who names the commonest class every time. */
export interface Chance {
  right: number;
  of: number;
  /** Pictures of the commonest class, where it is that which does as well; null: guessing among the classes does. */
  commonest: number | null;
  /** How often so many are hit by that. */
  p: number;
}

/**
 * Null where a model is better than chance, and where so few pictures cannot tell it from a sound one: both a test against chance must
 * fail (one-sided, binomial), and the model's accuracy lie, as far as can be told (Wilson's interval), less than half way from chance to
 * being always right. Against the commonest class answers that go with the labels are enough (matches under a random permutation).
 * @param classes of the model
 */
export function chanceOf(answers: readonly Answer[], classes: number): Chance | null {
  const of = answers.length;
  if (of < FEWEST) return null;
  const right = answers.filter(({ prediction, label }) => prediction === label).length;
  const guessing = binomialTail(right, of, 1 / classes);
  if (guessing > LEVEL && isFar(right, of, 1 / classes)) return { right, of, commonest: null, p: guessing };
  const labels = counted(answers.map(({ label }) => label));
  const commonest = Math.max(...labels.values());
  // Of pictures of one class alone the class is no guess.
  if (labels.size === 1) return null;
  const p = binomialTail(right, of, commonest / of);
  const constant = new Set(answers.map(({ prediction }) => prediction)).size === 1 && of - commonest >= OTHERS;
  return p > LEVEL && (constant || isFar(right, of, commonest / of)) && !goTogether(answers, right) ? { right, of, commonest, p } : null;
}

/** Whether the accuracy is nearer to chance than to being always right. */
function isFar(right: number, of: number, chance: number): boolean {
  return wilson(right, of)[1] < (1 + chance) / 2;
}

/** Whether more answers match than would if they were dealt out anew at random. */
function goTogether(answers: readonly Answer[], matches: number): boolean {
  const n = answers.length;
  const [said, were] = [counted(answers.map(({ prediction }) => prediction)), counted(answers.map(({ label }) => label))];
  const products = [...were].map(([k, count]) => ({
    one: count * (said.get(k) ?? 0),
    two: count * (count - 1) * (said.get(k) ?? 0) * ((said.get(k) ?? 0) - 1),
  }));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const ones = products.map(({ one }) => one);
  const mean = sum(ones) / n;
  const pairs = sum(products.map(({ two }) => two)) + sum(ones) ** 2 - sum(ones.map((one) => one ** 2));
  const variance = mean + pairs / (n * (n - 1)) - mean ** 2;
  return variance > 1e-9 && matches - 0.5 - mean > LEVEL_Z * Math.sqrt(variance);
}

function counted<K>(values: readonly K[]): Map<K, number> {
  const counts = new Map<K, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
