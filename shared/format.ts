import type { Norm } from './norms.ts';
import { isCount, NORM_LABEL } from './norms.ts';
import type { Knowledge } from './plan.ts';
import type { CurvePoint } from './results.ts';
import type { StateAt } from './states.ts';

/*
 * How numbers and words are written for people, the same in the window, the PDF and on the terminal.
 * Only formatting: no number is computed here. The machine's locale never matters, so that a report
 * reads the same everywhere.
 */

/** Stands for a number that is missing. */
export const NONE = '–';
/** No line break between a number and its unit. */
export const NBSP = '\u00a0';

/** `12,345`. */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** At most `digits` significant digits, no trailing zeros: 0.5, 1.234, 0.00123, 1.2e-7. */
export function significant(x: number, digits = 4): string {
  if (x !== 0 && (Math.abs(x) < 1e-4 || Math.abs(x) >= 1e7)) return x.toExponential(digits - 1).replace(/\.?0+e/, 'e');
  return Math.abs(x) >= 10 ** (digits - 1) ? String(Math.round(x)) : String(Number(x.toPrecision(digits)));
}

/** A share of 1 as `42.0 %`. Never rounds to 0 or 100 what is not. */
export function percent(share: number, digits = 1): string {
  return `${percentNumber(share, digits)}${NBSP}%`;
}

function percentNumber(share: number, digits: number): string {
  const step = 10 ** -digits;
  const text = (share * 100).toFixed(digits);
  if (share > 0 && Number(text) === 0) return step.toFixed(digits);
  if (share < 1 && Number(text) === 100) return (100 - step).toFixed(digits);
  return text;
}

/** Robust accuracy of a point; a dash where no image counts, which older results call 0. */
export function accuracyText({ accuracy, total }: Pick<CurvePoint, 'accuracy' | 'total'>): string {
  return accuracy === null || total === 0 ? NONE : percent(accuracy);
}

/** What a point is of all images, where some are unknown: `between 38.0 and 47.0 %: an attack failed on 9 images`; null where all are known. */
export function boundsText({
  least,
  most,
  failed = 0,
  unfinished = 0,
}: Pick<CurvePoint, 'least' | 'most' | 'failed' | 'unfinished'>): string | null {
  if (least === undefined || most === undefined) return null;
  const images = (n: number) => `${count(n)} ${n === 1 ? 'image' : 'images'}`;
  const why = [
    ...(failed > 0 ? [`an attack failed on ${images(failed)}`] : []),
    ...(unfinished > 0 ? [`${images(unfinished)} not finished`] : []),
  ];
  return `between ${percentNumber(least, 1)} and ${percent(most)}: ${why.join(', ')}`;
}

/** The 95 % interval of a point: `35.4–48.9 %`. */
export function interval(point: Pick<CurvePoint, 'low' | 'high'>, digits = 1): string {
  return `${(point.low * 100).toFixed(digits)}–${(point.high * 100).toFixed(digits)}${NBSP}%`;
}

/** A probability of a class: `0.9312`, never 1 or 0 when it is not. */
export function probability(p: number): string {
  if (p > 0 && p < 0.0001) return '<0.0001';
  if (p < 1 && p > 0.9999) return '>0.9999';
  return p.toFixed(4);
}

/** A length in [0,1] in units of 1/255: `8/255`, `7.65/255`. */
export function over255(x: number): string {
  const levels = x * 255;
  const whole = Math.round(levels);
  return `${Math.abs(levels - whole) < 1e-3 ? whole : significant(levels)}/255`;
}

/** A budget, short: `8/255` for l∞, a count for both l0, pixel units of [0,1] for l1 and l2. */
export function formatEps(norm: Norm, eps: number): string {
  return formatDistance(norm, eps);
}

/** A budget in both units: `8/255 = 0.03137`, `0.5 = 127.5/255`, `10 values`. */
export function formatEpsLong(norm: Norm, eps: number): string {
  if (isCount(norm)) return `${significant(eps, 6)} ${counted(norm, eps)}`;
  return norm === 'linf' ? `${over255(eps)} = ${significant(eps)}` : `${significant(eps)} = ${over255(eps)}`;
}

/** What an l0 counts, in the number of `n`. */
function counted(norm: 'l0' | 'l0Pixels', n: number): string {
  return `${norm === 'l0' ? 'value' : 'pixel'}${n === 1 ? '' : 's'}`;
}

/** A distance in the units of `formatEps`; null (none found) as a dash. */
export function formatDistance(norm: Norm, distance: number | null): string {
  if (distance === null) return NONE;
  if (isCount(norm)) return Number.isInteger(distance) ? count(distance) : significant(distance);
  return norm === 'linf' ? over255(distance) : significant(distance);
}

/** `ℓ∞ ≤ 8/255`. */
export function formatBudget(norm: Norm, eps: number): string {
  return `${NORM_LABEL[norm]} ≤ ${formatEps(norm, eps)}`;
}

/** What a norm measures, after "the": "largest change of any pixel value". */
export const NORM_MEANING: Record<Norm, string> = {
  l0: 'number of pixel values changed (each colour channel of a pixel counts)',
  l0Pixels: 'number of pixels changed (in any colour channel)',
  l1: 'sum of the changes of all pixel values',
  l2: 'Euclidean length of the change over all pixel values',
  linf: 'largest change of any single pixel value',
};

/** A budget as the start of a sentence: "With changes of at most 8/255 in any pixel value". */
export function budgetWords(norm: Norm, eps: number): string {
  const size = formatEps(norm, eps);
  if (isCount(norm)) return `With at most ${size} ${norm === 'l0' ? 'pixel ' : ''}${counted(norm, eps)} changed`;
  if (norm === 'l1') return `With changes that add up to at most ${size} over all pixel values`;
  if (norm === 'l2') return `With changes of Euclidean length at most ${size} over all pixel values`;
  return `With changes of at most ${size} in any pixel value`;
}

/** A distance inside a sentence, after "within": "a Euclidean length of 0.2818". */
export function distanceWords(norm: Norm, distance: number): string {
  const size = formatDistance(norm, distance);
  if (isCount(norm)) return `${size} changed ${norm === 'l0' ? 'pixel ' : ''}${counted(norm, distance)}`;
  if (norm === 'l1') return `changes that add up to ${size}`;
  return norm === 'l2' ? `a Euclidean length of ${size}` : `${size} in any pixel value`;
}

/** What the attacker knows, in a few words. */
export function knowledgeWords(knowledge: Knowledge): string {
  if (knowledge.kind === 'white-box') return 'white-box (the model and its gradients)';
  const names = knowledge.surrogates.map(({ model }) => model.split(/[/\\]/).at(-1));
  return `transfer (the model's answers, and the gradients of ${names.join(', ')})`;
}

/** The states as people read them, at a budget: `broken within 8/255`. @param budget in words; null where the budget stands beside it */
export function stateLabel(state: StateAt, budget: string | null): string {
  return budget !== null && state in STATE_AT ? `${STATE_AT[state]!} ${budget}` : STATE_LABEL[state];
}

const STATE_AT: Partial<Record<StateAt, string>> = { broken: 'broken within', beyond: 'broken only beyond' };
/** The same where the budget stands beside them. */
export const STATE_LABEL: Record<StateAt, string> = {
  'wrong-already': 'wrong already',
  broken: 'broken within ε',
  beyond: 'broken only beyond ε',
  held: 'held',
  failed: 'failed',
  unfinished: 'not finished',
  'target-already': 'of the target class already',
};

/** A class with its name when there is one: `cat`, `class 3`. */
export function className(names: readonly string[] | null, index: number): string {
  return names?.[index]?.trim() || `class ${index}`;
}

/** A class with number and name: `3 cat`, or `3`. */
export function classLabel(names: readonly string[] | null, index: number): string {
  const name = names?.[index]?.trim();
  return name && name !== String(index) ? `${index} ${name}` : String(index);
}

/** `45.1 MB` (powers of 1000). */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let power = 0;
  while (n >= 999.5 && power < units.length - 1) {
    n /= 1000;
    power += 1;
  }
  return `${power === 0 ? n : significant(n, 3)}${NBSP}${units[power]}`;
}

/** `0.8 s`, `1 min 12 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? significant(seconds, 2) : Math.round(seconds)}${NBSP}s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}${NBSP}min ${whole % 60}${NBSP}s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)}${NBSP}h ${minutes % 60}${NBSP}min`;
}

/** An ISO time as `2026-03-01 14:05 UTC`, whatever the machine's time zone. */
export function dateTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
