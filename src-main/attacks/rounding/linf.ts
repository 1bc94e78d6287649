import { attempt } from './moves.ts';
import { clampLevel, toPixels } from './levels.ts';
import type { EightBit } from './levels.ts';
import type { Ask, Reply, Search } from '../search/run-searches.ts';
import { cost, times } from '../cost.ts';

/** Gradient steps tried in the ball of one whole number of levels before the next one is tried. */
const STEPS = 3;
/** Whole numbers of levels tried above the first that did not hold, and most below one that did: attacks leave little there. */
const UP = [1, 2, 3, 5, 8, 12, 20, 40];
const DOWN = 16;
/** Pictures tried at most: without gradients, and with. */
export const FLAT_TRIES = 1 + Math.max(UP.length, DOWN);
export const FLAT_COST = times(FLAT_TRIES, cost(STEPS, 1 + STEPS));

/**
 * l∞: the distance of an 8-bit picture is a whole number k of levels, so the least k is sought from the one just above
 * the float distance: upwards until one holds, downwards while one does.
 */
export function* flat(best: EightBit, delta: Float32Array): Search {
  const size = delta.reduce((most, d) => Math.max(most, Math.abs(d)), 0) * 255;
  let k = Math.max(1, Math.ceil(size - 1e-3));
  if (yield* holds(best, delta, size, k)) {
    for (let down = 0; down < DOWN && k > 1 && (yield* holds(best, delta, size, k - 1)); down++) k--;
    return;
  }
  for (const up of UP) {
    if (k + up > 255 || (best.safe && best.distance * 255 <= k + up)) return;
    if (yield* holds(best, delta, size, k + up)) return;
  }
}

/** Whether a safe success is found within k levels: δ stretched to k, then sign steps inside the ball. */
function* holds(best: EightBit, delta: Float32Array, size: number, k: number): Generator<Ask, boolean, Reply> {
  const { clean } = best;
  const levels = clean.map((level, j) => clampLevel(level + clip(Math.round((delta[j]! * 255 * k) / size), k)));
  if (yield* attempt(best, levels)) return true;
  return yield* stepInside(best, levels, k, STEPS);
}

/** Sign steps of half the radius and shorter, clipped to k levels around the clean picture; none without gradients. */
export function* stepInside(best: EightBit, levels: Uint8Array, k: number, steps: number): Generator<Ask, boolean, Reply> {
  const { clean } = best;
  if (best.access !== 'gradient') return false;
  for (let i = 0; i < steps; i++) {
    const { gradient } = yield { point: toPixels(levels), gradient: true };
    const step = Math.max(1, Math.round(k / 2 ** (i + 1)));
    levels = levels.map((level, j) => clampLevel(clean[j]! + clip(level - step * Math.sign(gradient[j]!) - clean[j]!, k)));
    if (yield* attempt(best, levels)) return true;
  }
  return false;
}

function clip(value: number, most: number): number {
  return value > most ? most : value < -most ? -most : value;
}
