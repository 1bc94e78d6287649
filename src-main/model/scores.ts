import type { ClassScore } from '../../shared/results.ts';
import { thresholdLogit } from './output.ts';
import type { ClassifierOutput } from './output.ts';

/** Smallest probability whose logarithm is still a plain number in float32. */
export const LEAST = 1e-38;

/** A model's answer for one image. */
export interface Scores {
  /** Class by arg-max of what the model puts out; the first wins a tie. */
  prediction: number;
  logits: Float64Array;
  probabilities: Float64Array;
}

/**
 * Reads one row of a model's own output as logits and probabilities, whatever its last layer is.
 * @param row `output.width` values
 */
export function readScores(row: ArrayLike<number>, output: Pick<ClassifierOutput, 'kind' | 'width' | 'threshold' | 'smallest'>): Scores {
  if (output.width === 1) return readNumber(row[0]!, output);
  const raw = Float64Array.from(row, (value) => (output.smallest ? -value : value));
  const prediction = argMax(raw);
  switch (output.kind) {
    case 'logits':
      return { prediction, logits: raw, probabilities: softmax(raw) };
    case 'log-softmax':
      return { prediction, logits: raw, probabilities: raw.map(Math.exp) };
    case 'softmax':
      return { prediction, logits: raw.map((p) => Math.log(Math.max(p, LEAST))), probabilities: raw };
    case 'sigmoid':
      return { prediction, logits: raw.map(logOdds), probabilities: raw };
  }
}

/** A single number tells two classes apart, as the file decides: what rounding does to the logit must not matter. */
function readNumber(value: number, output: Pick<ClassifierOutput, 'kind' | 'threshold' | 'smallest'>): Scores {
  const { threshold = 0.5, smallest = false } = output;
  const sign = smallest ? -1 : 1;
  const logits = Float64Array.of(sign * thresholdLogit(output), sign * (output.kind === 'sigmoid' ? logOdds(value) : value));
  return { prediction: (smallest ? value < threshold : value > threshold) ? 1 : 0, logits, probabilities: softmax(logits) };
}

/** The best classes, most likely first. */
export function topScores(scores: Scores, count = 5): ClassScore[] {
  return Array.from(scores.logits, (logit, k) => ({ class: k, logit, probability: scores.probabilities[k]! }))
    .sort((a, b) => b.logit - a.logit || a.class - b.class)
    .slice(0, count);
}

/** By how many logits a class is ahead of all others; negative where one of them is ahead. */
export function leadOf({ logits }: Scores, own: number): number {
  return logits[own]! - logits.reduce((most, logit, k) => (k === own ? most : Math.max(most, logit)), -Infinity);
}

/** Index of the largest value; the first wins a tie, and NaN never wins. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (!Number.isNaN(values[k]!) && !(values[best]! >= values[k]!)) best = k;
  return best;
}

export function softmax(logits: ArrayLike<number>): Float64Array {
  let max = -Infinity;
  for (let k = 0; k < logits.length; k++) max = Math.max(max, logits[k]!);
  const e = Float64Array.from(logits, (z) => Math.exp(z - max));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

function logOdds(p: number): number {
  return Math.log(Math.max(p, LEAST)) - Math.log(Math.max(1 - p, LEAST));
}
