import { isCount, type Norm } from '../../shared/norms.ts';

export interface Shape {
  width: number;
  height: number;
  channels: number;
}

/** Twenty-two steps a decade, the whole and the half numbers among them. */
const DECADE = [1, 1.1, 1.2, 1.4, 1.6, 1.8, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 9];
/** ℓ∞ in levels: a tenth of a level for what only a float can hold, then whole and half ones. */
const FINE = 0.2;
const COARSE = 64;

/**
 * The budgets that a slider has, ascending, each a little larger than the one before: from a change that no picture of this
 * size feels to one that anybody sees. Other budgets are typed.
 */
export function budgetStops(norm: Norm, { width, height, channels }: Shape): number[] {
  if (isCount(norm)) return counts(Math.max(8, Math.ceil((norm === 'l0' ? width * height * channels : width * height) / 4)));
  const length = Math.sqrt(width * height * channels);
  if (norm === 'linf')
    return decades(FINE, 16)
      .concat(evenly(17, 32, 1), evenly(34, COARSE, 2))
      .map((levels) => levels / 255);
  const stretch = norm === 'l2' ? [1, 1] : [4, 8];
  return decades((FINE / 255) * length * stretch[0]!, (COARSE / 255) * length * stretch[1]!);
}

function decades(from: number, to: number): number[] {
  const out: number[] = [];
  for (let power = Math.floor(Math.log10(from)); 10 ** power <= to; power++)
    for (const step of DECADE) out.push(Number((step * 10 ** power).toPrecision(3)));
  return out.filter((value) => value >= from * 0.999 && value <= to);
}

function evenly(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

/** Every number at first, then whole ones of the decades. */
function counts(most: number): number[] {
  const all = [...evenly(1, 10, 1), ...decades(10, Math.max(10, most)).map(Math.round), most];
  return [...new Set(all)].filter((n) => n <= most).sort((a, b) => a - b);
}

/** The stop that is nearest to a budget, by ratio. */
export function nearestStop(stops: readonly number[], eps: number): number {
  const off = (stop: number): number => Math.abs(Math.log(stop / eps));
  return stops.reduce((best, stop, index) => (off(stop) < off(stops[best]!) ? index : best), 0);
}

/** So many of the stops to be named, both ends among them; fewer where there are fewer. */
export function namedStops(stops: readonly number[], howMany: number): number[] {
  const all = Array.from({ length: howMany }, (_, i) => stops[Math.round((i / (howMany - 1)) * (stops.length - 1))]!);
  return all.filter((stop, index) => stop !== all[index - 1]);
}

/** Where a budget lies on the slider, 0 to 1; what lies beyond an end is there. */
export function placeOf(stops: readonly number[], eps: number): number {
  const above = stops.findIndex((stop) => stop >= eps);
  if (above === 0 || stops.length < 2) return 0;
  if (above < 0) return 1;
  const [low, high] = [stops[above - 1]!, stops[above]!];
  return (above - 1 + Math.log(eps / low) / Math.log(high / low)) / (stops.length - 1);
}
