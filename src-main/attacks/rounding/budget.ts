import type { Norm } from '../../../shared/norms.ts';
import { attempt, mend } from './moves.ts';
import { stepInside } from './linf.ts';
import { scaled, toLevels } from './levels.ts';
import type { EightBit } from './levels.ts';
import type { Search } from '../search/run-searches.ts';
import { cost } from '../cost.ts';

/** Sign steps inside an l∞ budget. */
const STEPS = 10;
/** Of those, at most. */
export const INSIDE_COST = cost(STEPS, STEPS);

/**
 * Fixed budget: any picture inside ε will do. The deepest success is rounded first, then the nearest; what rounding
 * carries over the edge is drawn back towards the clean picture. l∞ then takes sign steps among the whole levels
 * inside ε, the other norms bump single features as far as ε allows.
 */
export function* withinBudget(best: EightBit, norm: Norm, epsilon: number, deepest: Float32Array, nearest: Float32Array): Search {
  for (const point of [deepest, nearest]) if (yield* attempt(best, fitted(best, norm, epsilon, point))) return;
  if (norm === 'linf') yield* stepInside(best, fitted(best, norm, epsilon, deepest), wholeLevels(epsilon), STEPS);
  else yield* mend(best, fitted(best, norm, epsilon, nearest), norm);
}

/** Whole levels inside ε; the slack is that of `within`. */
function wholeLevels(epsilon: number): number {
  return Math.floor((epsilon * (1 + 1e-6) + 1e-7) * 255);
}

function fitted(best: EightBit, norm: Norm, epsilon: number, point: Float32Array): Uint8Array {
  const { clean } = best;
  if (norm === 'linf') {
    const k = wholeLevels(epsilon);
    return toLevels(point).map((level, j) => Math.max(clean[j]! - k, Math.min(clean[j]! + k, level)));
  }
  const delta = point.map((p, j) => p - clean[j]! / 255);
  for (let scale = 1; scale > 0.5; scale -= 0.002) {
    const levels = scaled(clean, delta, scale);
    if (best.inBudget(levels)) return levels;
  }
  return toLevels(point);
}
