import type { CurvePoint, State } from '../../shared/results.ts';
import { robustAccuracy, robustCurve } from '../../shared/stats.ts';

/** What is known of one image while an audit runs. */
export interface LiveImage {
  id: string;
  label: number | null;
  prediction: number | null;
  /** Null until the clean image was predicted. */
  right: boolean | null;
  /** Smallest 8-bit distance per threat, of the findings so far. */
  distance: Record<number, number>;
  /** States per threat, one for every attack that is through. */
  states: Record<number, State[]>;
}

/** How a tile looks: `waiting` before anything is known, `open` while attacks go on. */
export type TileState = 'waiting' | 'open' | State;

export function emptyImage(id: string): LiveImage {
  return { id, label: null, prediction: null, right: null, distance: {}, states: {} };
}

/** State of a tile over all threats (`threat` null) or under one; `attacks` says how many findings each threat will have. */
export function tileState(image: LiveImage, threat: number | null, attacks: readonly number[]): TileState {
  if (image.right === null) return 'waiting';
  if (!image.right) return 'wrong-already';
  const chosen = threat === null ? attacks.map((_, index) => index) : [threat];
  const states = chosen.flatMap((index) => image.states[index] ?? []);
  if (states.includes('broken')) return 'broken';
  const wanted = chosen.reduce((sum, index) => sum + (attacks[index] ?? 0), 0);
  if (states.length < wanted) return 'open';
  if (states.includes('failed')) return 'failed';
  return states.includes('unfinished') ? 'unfinished' : 'held';
}

/**
 * Robust accuracy so far: over the images that every attack of the threat is through with, and those
 * that were wrong already; the whole curve, and at the budgets. Empty while there is no such image.
 */
export function liveCurve(images: Iterable<LiveImage>, threat: number, attacks: number, budgets: readonly number[]): { points: CurvePoint[]; marks: CurvePoint[] } {
  const distances: (number | null)[] = [];
  let total = 0;
  for (const image of images) {
    if (image.right === null) continue;
    if (image.right && (image.states[threat]?.length ?? 0) < attacks) continue;
    total += 1;
    if (image.right) distances.push(image.distance[threat] ?? null);
  }
  if (total === 0) return { points: [], marks: [] };
  return { points: robustCurve(distances, total), marks: budgets.map((eps) => robustAccuracy(distances, total, eps)) };
}
