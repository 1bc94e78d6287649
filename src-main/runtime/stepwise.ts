import type { GradientCheck } from '../../shared/results.ts';

export const TOLERANCE = { forward: 1e-3, gradient: 1e-3, half: 3e-2 };

/** How often the file's own difference from itself the derived graph may be off, and how much at most. */
const STEPS = 3;
const MOST_STEPS = 0.2;

/** What runs of a derived graph cost, in forward passes. */
export const COST = { forward: 1, gradient: 3, tangent: 5 };

export interface CheckOptions {
  /** Whether the model computes in 16 bits, which loosens the tolerance to 3e-2. */
  half?: boolean;
  /** Random directions wanted. */
  directions?: number;
  /** Whether nothing but the forward pass is checked, since nobody will ask for a gradient. */
  forwardOnly?: boolean;
  /** Share of what the check may take that is gone after runs of the network that cost as many forward passes; at 1 it ends with what it has. */
  spent?: (passes: number) => number;
  /** Told every few runs what is known, and the share of the check that is through. What it throws ends the check. */
  tell?: (soFar: GradientCheck, share: number) => void | Promise<void>;
}

/** Asked between runs: whether the check is to end with what it has. */
export type Late = () => Promise<boolean>;

/** `tiny`: smaller than float32 tells. */
export type Slope = 'some' | 'tiny' | 'zero' | 'not-finite';

/** What is checked, one picture and one direction at a time. */
export interface Checked {
  /** Pictures that the forward passes are compared at. */
  pictures: number;
  /** Whether Jv is checked beside the gradient. */
  tangents: boolean;
  /** Operators that gradients opened so far pass by a surrogate, and nodes that ran on the CPU. */
  straightThrough(): string[];
  fallbacks(): string[];
  /** Relative difference of the two forward passes at a picture. */
  forward(picture: number): Promise<number>;
  /** Relative difference at a picture between the original as it runs and as it runs with nothing fused. */
  ownDifference(picture: number): Promise<number>;
  /** What the gradient is worth at a picture. */
  slope(picture: number): Promise<Slope>;
  /** Whether the original gives another answer when it sees the first picture again. */
  isRandom(): Promise<boolean>;
  /** Relative errors along a direction; `open` when it grew late before they were known, `empty` when there was nothing to be held. */
  direction(k: number, tolerance: number, late: Late): Promise<{ error: number; tangent: number | null; open: boolean; empty: boolean }>;
}

/**
 * Checks as many pictures and directions as there are, or as there is time for. The first fault ends it.
 * @param passes what the runs so far have cost
 */
export async function checkStepwise(checked: Checked, passes: () => number, options: CheckOptions): Promise<GradientCheck> {
  const { half = false, forwardOnly = false, spent = () => 0, tell = () => undefined } = options;
  const wanted = forwardOnly ? 0 : (options.directions ?? 5);
  const tolerance = half ? TOLERANCE.half : TOLERANCE.gradient;
  const known = { forwardError: 0, gradientError: 0, tangentError: checked.tangents ? 0 : null, directions: 0, compared: 0 };
  const slopes = { pictures: 0, zero: 0, tiny: 0 };
  let trouble: GradientCheck['trouble'];
  /** What the forward pass through a surrogate may be off. */
  let granted = TOLERANCE.half;
  /** Whether the file itself, run otherwise, is off by more than rounding: what steps do, where no gradient tells that there are some. */
  let stepped = false;
  let empties = 0;
  const soFar = (): GradientCheck => {
    const verdict = verdictOf();
    return {
      ok: verdict === 'passed' || verdict === 'partly' || verdict === 'unneeded',
      ...known,
      wanted,
      verdict,
      ...(trouble && { trouble }),
      ...(slopes.pictures > 0 && { slopes: { ...slopes } }),
      straightThrough: checked.straightThrough(),
      fallbacks: checked.fallbacks(),
    };
  };
  const verdictOf = (): GradientCheck['verdict'] => {
    if (trouble) return 'failed';
    // Through a surrogate the gradient is deliberately not the derivative, so only the forward pass can be held to account.
    // And a value on the edge of a quantiser's step falls to either side by the last digit of a pixel.
    const rough = checked.straightThrough().length > 0 || stepped;
    const forward = known.forwardError <= (rough ? granted : half ? TOLERANCE.half : TOLERANCE.forward);
    const gradient = rough || (known.gradientError <= tolerance && (known.tangentError ?? 0) <= tolerance);
    if (!forward || !gradient) return 'failed';
    if (forwardOnly) return 'unneeded';
    return known.directions >= wanted ? 'passed' : known.directions === 0 ? 'unchecked' : 'partly';
  };
  const late: Late = async () => {
    const share = spent(passes());
    await tell(soFar(), Math.min(1, Math.max(share, forwardOnly ? known.compared / checked.pictures : known.directions / wanted)));
    return share >= 1;
  };
  for (let k = 0; k < Math.max(wanted, checked.pictures); k++) {
    if (k > 0 && (await late())) break;
    if (k < checked.pictures) {
      known.forwardError = Math.max(known.forwardError, await checked.forward(k));
      known.compared++;
      if (forwardOnly) {
        if (verdictOf() === 'failed') {
          granted = Math.min(MOST_STEPS, STEPS * (await checked.ownDifference(k)));
          stepped = true;
        }
        if (verdictOf() !== 'failed') continue;
      }
      if (verdictOf() === 'failed' && (await checked.isRandom())) {
        trouble = 'random';
        break;
      }
      // Which surrogates there are, and so how much is granted, shows only once a gradient is open.
      const slope = await checked.slope(k);
      // A quantiser's steps may make more of a last digit than that: as much as of how the file itself is run.
      if (checked.straightThrough().length > 0 && known.forwardError > granted)
        granted = Math.max(granted, Math.min(MOST_STEPS, STEPS * (await checked.ownDifference(k))));
      if (verdictOf() === 'failed') break;
      slopes.pictures++;
      if (slope === 'zero' || slope === 'tiny') slopes[slope]++;
      if (slope === 'not-finite') trouble = slope;
    }
    if (k < wanted) {
      const { error, tangent, open, empty } = await checked.direction(k, tolerance, late);
      if (open) break;
      // 0 = 0 is no proof.
      if (empty) {
        empties++;
        continue;
      }
      known.gradientError = Math.max(known.gradientError, error);
      if (tangent !== null) known.tangentError = Math.max(known.tangentError ?? 0, tangent);
      known.directions++;
    }
    if (verdictOf() === 'failed') break;
  }
  // There was time for all of them, and none moved the network by more than rounding.
  if (wanted > 0 && empties === wanted) slopes.tiny = slopes.pictures - slopes.zero;
  return soFar();
}
