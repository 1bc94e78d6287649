import { attempt } from './moves.ts';
import { clampLevel, scaled, toPixels } from './levels.ts';
import type { EightBit } from './levels.ts';
import type { Search } from '../search/run-searches.ts';
import { cost } from '../cost.ts';

/** At most, see below: without gradients, and with. */
export const SPARSE_TRIES = 5;
export const SPARSE_COST = cost(1, SPARSE_TRIES + 1);

/**
 * l0: only which features change counts, not how far. So the support stays and its members move as far as it helps:
 * rounded as they are, then at least one level, then further out, then to the end of the box that the gradient says.
 */
export function* sparse(best: EightBit, delta: Float32Array): Search {
  const { clean } = best;
  if (yield* attempt(best, scaled(clean, delta, 1))) return;
  const away = clean.map((level, j) =>
    delta[j] === 0 ? level : clampLevel(level + Math.sign(delta[j]!) * Math.max(1, Math.ceil(Math.abs(delta[j]!) * 255))),
  );
  if (yield* attempt(best, away)) return;
  for (const push of [1.05, 1.5, 300]) if (yield* attempt(best, scaled(clean, delta, push))) return;
  if (best.access !== 'gradient') return;
  const { gradient } = yield { point: toPixels(away), gradient: true };
  yield* attempt(
    best,
    clean.map((level, j) => (delta[j] === 0 ? level : gradient[j]! > 0 ? 0 : 255)),
  );
}
