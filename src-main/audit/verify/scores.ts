import type { Finding, ImageResult } from '../../../shared/results.ts';
import type { Scores } from '../../model/scores.ts';
import { areNumbers } from '../cleanJob.ts';
import { NO_CLASS } from '../records.ts';

/**
 * How far scores may lie apart that another machine's kernels have computed, relative to the largest; other providers than the
 * CPU round more coarsely.
 */
const SLACK = { exact: 1e-3, coarse: 2e-2 };
/** Classes below this probability have logarithms that rounding decides. */
const FAINT = 1e-6;
/** How many classes are told. */
const TOLD = 5;

/**
 * What is told of a picture against the model's scores for it.
 * @param exact whether the audit's scores were computed on a CPU
 * @returns `tie`: that another class is told, which lies as near as rounding goes
 */
export function scoreProblems(
  name: string,
  told: Pick<Finding | ImageResult, 'prediction' | 'top'>,
  scores: Scores,
  exact: boolean,
): { problems: string[]; tie: boolean } {
  const { prediction, logits, probabilities } = scores;
  if (!areNumbers(scores))
    return {
      problems:
        told.prediction === NO_CLASS && told.top.length === 0
          ? []
          : [`${name}: the model gives NaN or infinity, the report class ${told.prediction}.`],
      tie: false,
    };
  const share = exact ? SLACK.exact : SLACK.coarse;
  const slack = share * logits.reduce((most, z) => Math.max(most, Math.abs(z)), 1);
  const near = told.prediction !== null && logits[prediction]! - (logits[told.prediction] ?? -Infinity) <= 2 * slack;
  const tie = told.prediction !== prediction && near;
  const problems =
    told.prediction === prediction || tie ? [] : [`${name}: the model says class ${prediction}, the report ${told.prediction}.`];
  const wrong = told.top.find((one) => {
    const [z, p] = [logits[one.class], probabilities[one.class]];
    if (z === undefined || p === undefined || Math.abs(p - one.probability) > share) return true;
    return Math.min(p, 1 - p) > FAINT && Math.abs(z - one.logit) > slack;
  });
  if (wrong) {
    const own = probabilities[wrong.class];
    problems.push(
      `${name}: for class ${wrong.class} the report says a probability of ${percent(wrong.probability)} (logit ${wrong.logit}), the model ${own === undefined ? 'has no such class' : `${percent(own)} (logit ${logits[wrong.class]})`}.`,
    );
  } else if (!isTop(told.top, logits, slack))
    problems.push(`${name}: the classes that the report names are not the model's ${Math.min(TOLD, logits.length)} most likely ones.`);
  return { problems, tie };
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(6))} %`;

/** Whether these are the best classes, each once, the likeliest first, as far as rounding goes. */
function isTop(top: ImageResult['top'], logits: Float64Array, slack: number): boolean {
  if (top.length !== Math.min(TOLD, logits.length)) return false;
  const named = new Set(top.map((one) => one.class));
  const least = Math.min(...top.map((one) => logits[one.class]!));
  const sorted = top.every((one, i) => i === 0 || one.logit <= top[i - 1]!.logit);
  return named.size === top.length && sorted && logits.every((z, k) => named.has(k) || z <= least + 2 * slack);
}
