import type { Norm } from '../../shared/norms.ts';
import type { ImageShape } from '../model/differentiable.ts';

/**
 * What an attack spends on one image, at most: points looked at with their gradient or a product with the Jacobian (a forward
 * and a backward pass each), and points looked at without (a forward pass). Attacks end early where nothing is left to find.
 */
export interface Cost {
  gradients: number;
  forwards: number;
}

/** What the cost of an attack depends on beside its options. */
export interface Scene {
  norm: Norm;
  targeted: boolean;
  /** 2 where the goal is on an output. */
  classes: number;
  shape: ImageShape;
  /** Values of the output that the goal is on; 0 of classifiers. */
  outputs: number;
  /** Of a fixed-budget attack. */
  epsilon: number | undefined;
}

export const cost = (gradients: number, forwards = 0): Cost => ({ gradients, forwards });

export function sum(...costs: readonly Cost[]): Cost {
  return costs.reduce((a, b) => cost(a.gradients + b.gradients, a.forwards + b.forwards), cost(0));
}

export function times(n: number, { gradients, forwards }: Cost): Cost {
  return cost(n * gradients, n * forwards);
}

/** Forward and backward passes together, as findings count them. */
export function passes({ gradients, forwards }: Cost): number {
  return 2 * gradients + forwards;
}

export function features({ shape: { channels, height, width } }: Pick<Scene, 'shape'>): number {
  return channels * height * width;
}

/** Other classes that an attack looks at: targeted, the goal alone. */
export function rivalsAt({ targeted, classes }: Scene, rivals: number): number {
  return targeted ? Math.min(1, rivals) : Math.min(rivals, classes - 1);
}
