import { z } from 'zod';

/** Neither weight gets below this share of the other. */
const LEAST = 1e-6;
const AVERAGED = 0.9;

/**
 * The two weights of the Lagrangian λ₀ ‖δ‖_p + λ₁ loss, λ₀ + λ₁ = 1, of one image (Matyasko and Chau 2021): gradient ascent of
 * log(λ₁ / λ₀) by the sign of the violated constraint, the weights themselves averaged over the last steps.
 */
export class DualWeights {
  distance: number;
  loss: number;
  private log: number;

  /** @param ratio λ₀ / λ₁ at first */
  constructor(ratio: number) {
    this.log = bounded(-Math.log(ratio));
    this.loss = 1 / (1 + Math.exp(-this.log));
    this.distance = 1 - this.loss;
  }

  /** After a step that began adversarial the distance weighs more, after another one the loss. */
  ascend(success: boolean, rate: number): void {
    this.log = bounded(this.log + (success ? -rate : rate));
    const loss = 1 / (1 + Math.exp(-this.log));
    this.loss = AVERAGED * this.loss + (1 - AVERAGED) * loss;
    this.distance = AVERAGED * this.distance + (1 - AVERAGED) * (1 - loss);
  }
}

function bounded(log: number): number {
  return Math.min(-Math.log(LEAST), Math.max(Math.log(LEAST), log));
}

/** How the two players step: δ by a rate that decays exponentially, the weights by one that falls along a line. */
export interface Rates {
  steps: number;
  rate: number;
  rateEnd: number;
  dualRate: number;
  dualRateEnd: number;
}

export const rateOptions = {
  rate: z.number().positive().max(10).default(0.1).describe("Adam's first step size, in pixel values."),
  rateEnd: z.number().positive().max(1).default(0.01).describe('Its last step as a share of the first.'),
  dualRate: z.number().positive().max(10).default(0.1).describe('First step of the weights: by what share distance and loss trade places.'),
  dualRateEnd: z.number().positive().max(1).default(0.1).describe('Their last step as a share of the first.'),
};

export function rateAt({ steps, rate, rateEnd }: Rates, i: number): number {
  return rate * rateEnd ** (i / steps);
}

export function dualRateAt({ steps, dualRate, dualRateEnd }: Rates, i: number): number {
  return dualRate * (1 + (dualRateEnd - 1) * (i / Math.max(1, steps - 1)));
}

/** How much softplus(margin) falls with the margin; nothing is asked of a success. */
export function lossSlope(margin: number, success: boolean): number {
  return success ? 0 : 1 / (1 + Math.exp(-margin));
}
