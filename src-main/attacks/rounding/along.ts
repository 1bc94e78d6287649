import type { Search } from '../search/run-searches.ts';
import { scaled } from './levels.ts';
import type { EightBit } from './levels.ts';
import { attempt } from './moves.ts';
import { cost } from '../cost.ts';

const PUSHES = [1, 1.01, 1.03, 1.06, 1.12, 1.25, 1.5, 2, 3, 5];
const HALVINGS = 7;
/** At most. */
export const ALONG_COST = cost(0, PUSHES.length + HALVINGS);

/** l1, l2: the shortest rounded multiple of δ, by trying longer ones until one holds and halving the last gap. */
export function* along(best: EightBit, delta: Float32Array): Search {
  let fails = 0.9;
  let works = 0;
  for (const push of PUSHES) {
    if (best.distance < Infinity && best.safe && push * lengthOf(best, delta) > best.distance * 1.05) return;
    if (yield* attempt(best, scaled(best.clean, delta, push))) {
      works = push;
      break;
    }
    fails = push;
  }
  for (let i = 0; i < HALVINGS && works > 0; i++) {
    const middle = i === 0 && works === 1 ? fails : (fails + works) / 2;
    if (yield* attempt(best, scaled(best.clean, delta, middle))) works = middle;
    else fails = middle;
  }
}

function lengthOf(best: EightBit, delta: Float32Array): number {
  return best.distanceOf(scaled(best.clean, delta, 1));
}
