import type { CurvePoint, State } from '../../shared/results.ts';
import type { StateAt } from '../../shared/states.ts';
import { stateAt } from '../../shared/states.ts';
import { bounds, robustAccuracy, robustCurve } from '../../shared/stats.ts';
import type { Open } from '../../shared/stats.ts';

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

/** A threat model as far as an image's state depends on it. */
export interface LiveThreat {
  eps: readonly number[];
  /** How many findings each image will have. */
  attacks: number;
  /** Whether all of them are minimum-norm attacks, which look at every budget. */
  minimal: boolean;
}

/** How a tile looks: `waiting` before anything is known, `open` while attacks go on. */
export type TileState = 'waiting' | 'open' | StateAt;

export function emptyImage(id: string): LiveImage {
  return { id, label: null, prediction: null, right: null, distance: {}, states: {} };
}

/** The first of these that an image is in under any threat model is its state. */
const ORDER: readonly TileState[] = [
  'waiting',
  'broken',
  'open',
  'failed',
  'unfinished',
  'beyond',
  'held',
  'wrong-already',
  'target-already',
];

/** State of a tile over all threat models, at the largest budget of each. */
export function tileState(image: LiveImage, threats: readonly LiveThreat[]): TileState {
  const states = threats.map((threat, t) => threatState(image, t, threat));
  return ORDER.find((state) => states.includes(state)) ?? 'waiting';
}

function threatState(image: LiveImage, t: number, { eps, attacks }: LiveThreat): TileState {
  if (image.right === null) return 'waiting';
  if (!image.right) return 'wrong-already';
  const states = image.states[t] ?? [];
  const distance = image.distance[t];
  const found = distance === undefined ? null : stateAt({ state: 'broken', distance }, Math.max(...eps));
  if (found === 'broken') return found;
  if (states.length < attacks) return 'open';
  return found ?? (['wrong-already', 'target-already', 'unfinished', 'held'] as const).find((state) => states.includes(state)) ?? 'failed';
}

/** Images that are attacked, or may be once they are looked at, and of these those that every attack of every threat model is through with. */
export function countDone(images: readonly LiveImage[], threats: readonly LiveThreat[]): { done: number; of: number } {
  const isLeft = ({ right, states }: LiveImage): boolean =>
    right === false || threats.every((_, t) => states[t]?.some((state) => state === 'wrong-already' || state === 'target-already'));
  const attacked = images.filter((image) => !isLeft(image));
  return {
    done: attacked.filter(({ right, states }) => right && threats.every(({ attacks }, t) => (states[t]?.length ?? 0) >= attacks)).length,
    of: attacked.length,
  };
}

/** Between `low` and `high`; `accuracy` is known only where these are one. */
export type LivePoint = Pick<CurvePoint, 'eps' | 'accuracy' | 'low' | 'high'>;

/**
 * Where the robust accuracy of the whole audit can still come to lie: an image that is broken counts at once, one that holds only when
 * every attack is through, so a share of those that are known would lean to either side. At the budgets; as a curve only where every
 * budget is tried. Nothing before there is an image.
 */
export function liveBounds(
  images: readonly LiveImage[],
  t: number,
  { eps: budgets, attacks, minimal }: LiveThreat,
): { points: LivePoint[]; marks: LivePoint[] } {
  if (images.every(({ right }) => right === null)) return { points: [], marks: [] };
  const distances: (number | null)[] = [];
  const open: Open[] = [];
  let [wrong, left] = [0, 0];
  for (const { right, states: all, distance: found } of images) {
    const states = all[t] ?? [];
    const distance = found[t] ?? null;
    const why =
      right === null || states.length < attacks || states.includes('unfinished')
        ? 'unfinished'
        : states.includes('failed')
          ? 'failed'
          : null;
    if (right === false || states.includes('wrong-already')) wrong++;
    else if (states.includes('target-already')) left++;
    else {
      if (why !== null) open.push({ distance, why });
      if (why === null || distance !== null) distances.push(distance);
    }
  }
  const total = distances.length + wrong;
  const ofAll = bounds(open, images.length - left);
  const bound = (point: CurvePoint): LivePoint => {
    const { eps, accuracy, least, most } = ofAll(point);
    if (least === undefined || most === undefined) return { eps, accuracy, low: accuracy ?? 0, high: accuracy ?? 1 };
    return { eps, accuracy: null, low: least, high: most };
  };
  return {
    points: minimal ? robustCurve(distances, total).map(bound) : [],
    marks: budgets.map((eps) => bound(robustAccuracy(distances, total, eps))),
  };
}
