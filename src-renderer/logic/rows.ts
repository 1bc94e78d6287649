import type { Finding, ImageResult, Results } from '../../shared/results.ts';
import { stateAt, type StateAt } from '../../shared/states.ts';

/** One image under one threat: a row of the table, a tile of the gallery. */
export interface Row {
  image: ImageResult;
  /** At the budget that was chosen. */
  state: StateAt;
  /** Attack with the smallest change, within the budget or not; null where none was found. */
  best: string | null;
  distance: number | null;
  /** The finding of `best`. */
  finding: Finding | null;
}

export interface Filter {
  state: StateAt | 'all';
  /** True class, or null for all. */
  label: number | null;
  /** Part of the source, name of the class, or id. */
  text: string;
}

export type SortKey = 'worst' | 'source' | 'label' | 'state' | 'distance';

/** Worst first: broken by the smallest change, then beyond the budget, held, failed, unfinished, and what was not attacked. */
const RANK: Record<StateAt, number> = { broken: 0, beyond: 1, held: 2, failed: 3, unfinished: 4, 'wrong-already': 5, 'target-already': 6 };

/** Every image of the results under one threat and at one budget, in image order. */
export function rowsOf(results: Results, threat: number, eps: number): Row[] {
  const findings = new Map<string, Finding>();
  for (const finding of results.findings) {
    if (finding.threat === threat) findings.set(`${finding.attack}\n${finding.image}`, finding);
  }
  return results.images.flatMap((image) => {
    const outcome = image.outcomes.find((one) => one.threat === threat);
    if (!outcome) return [];
    const { best, distance } = outcome;
    const state = stateAt(outcome, eps);
    return [{ image, state, best, distance, finding: (best !== null && findings.get(`${best}\n${image.id}`)) || null }];
  });
}

export function filterRows(rows: readonly Row[], filter: Filter, names: readonly string[] | null): Row[] {
  const text = filter.text.trim().toLowerCase();
  return rows.filter(({ image, state }) => {
    if (filter.state !== 'all' && state !== filter.state) return false;
    if (filter.label !== null && image.label !== filter.label) return false;
    if (text === '') return true;
    return [image.source, image.id, names?.[image.label] ?? ''].some((part) => part.toLowerCase().includes(text));
  });
}

/** A sorted copy; equal rows keep their order. */
export function sortRows(rows: readonly Row[], key: SortKey, down = false): Row[] {
  const far = Number.POSITIVE_INFINITY;
  const byDistance = (a: Row, b: Row): number => compare(a.distance ?? far, b.distance ?? far);
  const orders: Record<SortKey, (a: Row, b: Row) => number> = {
    worst: (a, b) => RANK[a.state] - RANK[b.state] || byDistance(a, b),
    state: (a, b) => RANK[a.state] - RANK[b.state],
    distance: byDistance,
    label: (a, b) => compare(a.image.label, b.image.label),
    source: (a, b) => (a.image.source < b.image.source ? -1 : a.image.source > b.image.source ? 1 : 0),
  };
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => sign * orders[key](a, b));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
