import { z } from 'zod';

/**
 * The norms a threat model can bound. `l0` counts features (values of any channel that changed), `l0Pixels` positions
 * changed in any channel. Each is also the name of its distance in `Distances`.
 */
export const NORMS = ['l0', 'l0Pixels', 'l1', 'l2', 'linf'] as const;
export const Norm = z.enum(NORMS);
export type Norm = z.infer<typeof Norm>;
/** The norms that look at features one by one; `l0Pixels` takes the channels of a position together. */
export type FeatureNorm = Exclude<Norm, 'l0Pixels'>;

/** Whether a norm counts what changed: its budgets are whole numbers. */
export function isCount(norm: string): norm is 'l0' | 'l0Pixels' {
  return norm === 'l0' || norm === 'l0Pixels';
}

/** How a norm is written for people. */
export const NORM_LABEL: Record<Norm, string> = { l0: 'ℓ₀', l0Pixels: 'ℓ₀ px', l1: 'ℓ₁', l2: 'ℓ₂', linf: 'ℓ∞' };

/** More than any two pictures can be apart; what is drawn and averaged stays finite. */
export const Distance = z.number().min(0).max(1e12);

/** Distance between two images in every norm, pixel units of [0,1]; l0 are counts. */
export const Distances = z.object({
  l0: z.number().int().min(0),
  l0Pixels: z.number().int().min(0),
  l1: Distance,
  l2: Distance,
  linf: Distance,
});
export type Distances = z.infer<typeof Distances>;

/**
 * Slack when a distance is compared with a budget ε: float32 pixels cannot hold ε exactly.
 * A distance counts as within ε when it is at most ε·(1 + 1e-6) + 1e-7.
 */
export function within(distance: number, eps: number): boolean {
  return distance <= eps * (1 + 1e-6) + 1e-7;
}
