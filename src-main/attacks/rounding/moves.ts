import type { Norm } from '../../../shared/norms.ts';
import type { Ask, Reply, Search } from '../search/run-searches.ts';
import { largestLogit, toPixels } from './levels.ts';
import type { EightBit } from './levels.ts';

/** Asks for one picture; true when it is a safe success. */
export function* attempt(best: EightBit, levels: Uint8Array): Generator<Ask, boolean, Reply> {
  if (!best.inBudget(levels)) return false;
  return best.offer(levels, yield { point: toPixels(levels), gradient: false });
}

export const MEND_ROUNDS = 10;

/**
 * Newton steps on the lattice: bump the features that lower the linearised margin most per unit of the norm by one
 * level each, as many as it takes, and look again. Under l0 a change costs the same however far it goes: those that are changed already
 * go first, and of others one, two, four, ... a round, for where the gradient nearly vanishes a linearised margin would ask for hundreds.
 * Nothing without gradients.
 */
export function* mend(best: EightBit, levels: Uint8Array, norm: Norm): Search {
  if (best.access !== 'gradient') return;
  for (let round = 0; round < MEND_ROUNDS; round++) {
    const reply = yield { point: toPixels(levels), gradient: true };
    if (best.offer(levels, reply)) return;
    levels = bumped(best.clean, levels, reply, norm, 2 ** round);
  }
}

/** @param more features that are not changed yet, at most, under l0 */
function bumped(clean: Uint8Array, levels: Uint8Array, reply: Reply, norm: Norm, more: number): Uint8Array {
  const g = reply.gradient;
  const isNew = (j: number): boolean => norm === 'l0' && levels[j] === clean[j];
  const room = (j: number): number => (g[j]! < 0 ? 255 - levels[j]! : levels[j]!);
  const worth = (j: number): number =>
    norm === 'l0' ? room(j) * (isNew(j) ? 1e-6 : 1) : 1 / (norm === 'l2' ? 2 * Math.abs(levels[j]! - clean[j]!) + 1 : 1);
  const value = Float64Array.from(g, (slope, j) => Math.abs(slope) * worth(j));
  const order = Uint32Array.from(value.keys()).sort((a, b) => value[b]! - value[a]! || a - b);
  const next = levels.slice();
  let drop = 1.2 * reply.margin + 4e-4 * largestLogit(reply);
  for (const j of order) {
    if (drop <= 0 || value[j] === 0) break;
    if (isNew(j) && more-- === 0) break;
    // l0 does not care how far a feature moves, the others pay per level.
    const move = norm === 'l0' ? room(j) : Math.min(1, room(j));
    next[j]! += g[j]! < 0 ? move : -move;
    drop -= (Math.abs(g[j]!) * move) / 255;
  }
  return next;
}
