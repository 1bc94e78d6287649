import { formatDistance, over255, significant } from './format.ts';
import { NORM_LABEL } from './norms.ts';
import type { Norm } from './norms.ts';

/*
 * What a budget can reach on 8-bit pictures, whose values are whole multiples of 1/255: told when an audit is planned, and with
 * its results.
 */

interface Shape {
  channels: number;
  height: number;
  width: number;
}

const LEVELS = 255;
/** Budgets of so many levels are usual; more of them, or a number that nobody writes, are not meant as such. */
const USUAL = 64;

/**
 * Why a budget makes no threat model: it lets every picture become any other one. Null where it does not.
 * @param shape of the pictures; without it only what holds for every size is told
 */
export function coversAll(norm: Norm, eps: number, shape: Shape | null = null): string | null {
  if (norm === 'linf')
    return eps >= 1
      ? `A budget of ${significant(eps)} under ${NORM_LABEL.linf} covers every picture, for pixel values run from 0 to 1: ${meant(eps)}`
      : null;
  if (shape === null) return null;
  const { values, what } = whole(norm, shape);
  if (eps <= values) return null;
  const size = `${shape.width} × ${shape.height}${shape.channels === 1 ? '' : ' in colour'}`;
  return `A budget of ${formatDistance(norm, eps)} under ${NORM_LABEL[norm]} covers every picture of ${size}, which has ${what}: give a smaller one.`;
}

function meant(eps: number): string {
  const text = inLevels('linf', eps);
  return text === null ? 'give a budget below 1, such as 8/255.' : `did you mean ${text}?`;
}

/** What somebody may have meant who counts pixel values from 0 to 255; null where nobody can. */
export function inLevels(norm: Norm, eps: number): string | null {
  return norm === 'linf' && eps >= 1 && eps <= USUAL && Number.isInteger(2 * eps) ? `${significant(eps)}/255` : null;
}

/** The largest change there can be. */
function whole(norm: Exclude<Norm, 'linf'>, { channels, height, width }: Shape): { values: number; what: string } {
  const all = channels * height * width;
  if (norm === 'l0Pixels') return { values: height * width, what: `${height * width} pixels` };
  if (norm === 'l2') return { values: Math.sqrt(all), what: `no change longer than ${significant(Math.sqrt(all))}` };
  return { values: all, what: norm === 'l1' ? `no change above ${all}` : `${all} values` };
}

/** Whole levels that an 8-bit picture can use of an l∞ budget, with the slack of `within`. */
export function levels(eps: number): number {
  return Math.floor(LEVELS * (eps * (1 + 1e-6) + 1e-7));
}

/** Whether every 8-bit picture holds within a budget by construction, since none lies within it: then that is no evidence. */
export function isHollow(norm: Norm, eps: number): boolean {
  return norm === 'linf' && levels(eps) === 0;
}

/** Whether 8-bit pictures can use all of a budget. */
export function isWhole(norm: Norm, eps: number): boolean {
  return norm !== 'linf' || Math.abs(eps * LEVELS - levels(eps)) < 1e-3;
}

/** What has to be known of a budget on 8-bit pictures, as a sentence; null where it is what it says. */
export function budgetNote(norm: Norm, eps: number): string | null {
  if (isHollow(norm, eps))
    return `No 8-bit picture lies within ${over255(eps)} of another, so every image holds there by construction: that is no evidence of anything.`;
  return isWhole(norm, eps) ? null : `${over255(eps)} is ${levels(eps)}/255 on 8-bit pictures, whose values are whole multiples of 1/255.`;
}

/** Of all budgets of a plan. */
export function budgetNotes(threats: readonly { norm: Norm; eps: readonly number[] }[]): string[] {
  return [...new Set(threats.flatMap(({ norm, eps }) => eps.flatMap((one) => budgetNote(norm, one) ?? [])))];
}
