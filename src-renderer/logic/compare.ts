import { formatDistance } from '../../shared/format.ts';
import type { CurvePoint, ImageResult, Results, ThreatResult } from '../../shared/results.ts';
import { stateAt, type StateAt } from '../../shared/states.ts';

/** A threat model that two audits have in common: same norm, same goal. Budgets and attacks may differ. */
export interface SharedThreat {
  a: ThreatResult;
  b: ThreatResult;
  /** Their places in their own audits. */
  at: [number, number];
}

export function sharedThreats(a: Results, b: Results): SharedThreat[] {
  const taken = new Set<number>();
  return a.threats.flatMap((mine, i) => {
    const j = b.threats.findIndex(
      (other, index) => !taken.has(index) && other.norm === mine.norm && JSON.stringify(other.goal) === JSON.stringify(mine.goal),
    );
    if (j < 0) return [];
    taken.add(j);
    return [{ a: mine, b: b.threats[j]!, at: [i, j] }];
  });
}

/** The same picture in both audits: same pixels, whatever the file is called. */
export function sharedImages(a: Results, b: Results): [ImageResult, ImageResult][] {
  const others = new Map<string, ImageResult[]>();
  for (const image of b.images) others.set(image.hash, [...(others.get(image.hash) ?? []), image]);
  return a.images.flatMap((image) => {
    const other = others.get(image.hash)?.shift();
    return other ? [[image, other] as [ImageResult, ImageResult]] : [];
  });
}

export interface Side {
  image: ImageResult;
  state: StateAt;
  distance: number | null;
}

/** One picture under one threat in both audits. */
export interface ComparedRow {
  id: string;
  a: Side;
  b: Side;
  /** From the first audit to the second: another state, and whether it holds less or more. */
  turn: 'same' | 'worse' | 'better' | 'other';
}

/** How much a state says for the model; failed and unfinished say nothing. */
const HOLDS: Partial<Record<StateAt, number>> = { 'wrong-already': 0, broken: 1, beyond: 2, held: 2 };

/** @param eps only what broke within this budget counts as broken; null: at any distance */
export function compareRows(pairs: readonly [ImageResult, ImageResult][], { at }: SharedThreat, eps: number | null): ComparedRow[] {
  return pairs.flatMap(([first, second]) => {
    const [a, b] = [side(first, at[0], eps), side(second, at[1], eps)];
    return a && b ? [{ id: first.id, a, b, turn: turnOf(a.state, b.state) }] : [];
  });
}

function side(image: ImageResult, threat: number, eps: number | null): Side | null {
  const outcome = image.outcomes.find((one) => one.threat === threat);
  if (!outcome) return null;
  return { image, state: stateAt(outcome, eps ?? Infinity), distance: outcome.distance };
}

function turnOf(a: StateAt, b: StateAt): ComparedRow['turn'] {
  const [from, to] = [HOLDS[a], HOLDS[b]];
  if (a === b || (from !== undefined && from === to)) return 'same';
  return from === undefined || to === undefined ? 'other' : to < from ? 'worse' : 'better';
}

/** Every budget of either audit with what each has there; a budget only one of them has leaves the other empty. */
export function budgetRows({ a, b }: SharedThreat): { eps: number; a: CurvePoint | null; b: CurvePoint | null }[] {
  const same = (x: number, y: number): boolean => formatDistance(a.norm, x) === formatDistance(a.norm, y);
  const all = [...a.points, ...b.points].map(({ eps }) => eps).sort((x, y) => x - y);
  const budgets = all.filter((eps, index) => index === 0 || !same(eps, all[index - 1]!));
  const at = (threat: ThreatResult, eps: number): CurvePoint | null => threat.points.find((point) => same(point.eps, eps)) ?? null;
  return budgets.map((eps) => ({ eps, a: at(a, eps), b: at(b, eps) }));
}

/** The budget that tells the two apart most; null when they share none. */
export function tellingBudget(threat: SharedThreat): number | null {
  const shared = budgetRows(threat).flatMap(({ eps, a, b }) =>
    a?.accuracy == null || b?.accuracy == null ? [] : [{ eps, gap: Math.abs(a.accuracy - b.accuracy) }],
  );
  return shared.sort((x, y) => y.gap - x.gap || x.eps - y.eps)[0]?.eps ?? null;
}
