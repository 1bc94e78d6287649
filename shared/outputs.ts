import { count } from './format.ts';
import { figureText } from './goalWords.ts';
import type { NetworkOutput, ScoresFound } from './results.ts';

/*
 * The words for networks that put out pictures or vectors, and for goals on their output: the same in the window, the
 * PDF and on the terminal.
 */

/** What a network that is no classifier puts out: `a picture of 32 × 32, RGB (output)`. */
export function networkOutputWords({ name, dims, width, picture }: Pick<NetworkOutput, 'name' | 'dims' | 'width' | 'picture'>): string {
  if (picture === null) return `${count(width)} ${width === 1 ? 'value' : 'values'} (${name} [${dims.join(', ')}])`;
  const colours = { 1: 'grey', 3: 'RGB' }[picture.channels] ?? `${picture.channels} channels`;
  return `a picture of ${picture.width} × ${picture.height}, ${colours} (${name})`;
}

/** Which output the class scores are taken from, as the end of a sentence on classes. */
export function scoresWords({ output, why, others = [], threshold }: ScoresFound): string {
  const since = why === undefined ? '' : `, since ${why}`;
  const rest = others.length === 0 ? '' : `; ${others.join(', ')} may hold class scores, too`;
  return `, from ${output}${since}${threshold === undefined ? '' : `, the second above ${threshold}`}${rest}`;
}

const DB = { unit: 'dB', digits: 2, cut: true };

/** Decibels: `19.98 dB`; null (no difference at all) as `∞ dB`. Cut, not rounded, as the figure of a goal is. */
export const decibels = (psnr: number | null, digits?: number): string => figureText(DB, psnr, digits);
