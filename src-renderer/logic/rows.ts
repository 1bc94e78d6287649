import type { Finding, ImageResult, Results, State } from '../../shared/results.ts';

/** One image under one threat: a row of the table, a tile of the gallery. */
export interface Row {
  image: ImageResult;
  state: State;
  /** Attack with the smallest change; null unless broken. */
  best: string | null;
  distance: number | null;
  /** The finding of `best`. */
  finding: Finding | null;
}

export interface Filter {
  state: State | 'all';
  /** True class, or null for all. */
  label: number | null;
  /** Part of the source, name of the class, or id. */
  text: string;
}

export type SortKey = 'worst' | 'source' | 'label' | 'state' | 'distance';

/** Worst first: broken by the smallest change, then held, failed, unfinished, wrong already. */
const RANK: Record<State, number> = { broken: 0, held: 1, failed: 2, unfinished: 3, 'wrong-already': 4 };

/** Every image of the results under one threat, in image order. */
export function rowsOf(results: Results, threat: number): Row[] {
  const findings = new Map<string, Finding>();
  for (const finding of results.findings) {
    if (finding.threat === threat) findings.set(`${finding.attack}\n${finding.image}`, finding);
  }
  return results.images.flatMap((image) => {
    const outcome = image.outcomes.find((one) => one.threat === threat);
    if (!outcome) return [];
    const { state, best, distance } = outcome;
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
