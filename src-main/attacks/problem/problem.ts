import type { Norm } from '../../../shared/norms.ts';
import type { ImageShape, Objective } from '../../model/differentiable.ts';

export interface ProblemImage {
  /** Planes CHW in [0,1]. */
  pixels: Float32Array;
  /** Names the image in its random stream. */
  hash: string;
  label: number;
  /** Class to reach; null: any but `label`. */
  goal: number | null;
  /** What its output is held against, where the model's goal is on its output. */
  reference?: Float32Array;
}

/** What one query told about every image of the batch; entries of inactive images are stale and must not be read. */
export interface Query {
  /** count x classes */
  logits: Float32Array;
  /** Margin in logits, negative when the goal is reached: f_y - max_{k≠y} f_k, targeted max_{k≠t} f_k - f_t. */
  margin: Float64Array;
  /** 1 where the goal is reached (by arg-max, first index wins a tie). */
  success: Uint8Array;
}
export interface GradientQuery extends Query {
  /** The loss asked for, small is good for the attacker. */
  loss: Float64Array;
  /** count x features: gradient of each image's own loss with respect to its pixels. */
  gradient: Float32Array;
}

/** The difference f_y - f_t of an image's own class y and another class t. */
export interface Pair {
  image: number;
  class: number;
}

/**
 * A batch of images under attack, counted and bounded (design rule 1). Every query clamps
 * clean + δ to the box, counts one forward (and one backward) for each active image, remembers each
 * image's best perturbation over every query, and lets the run be cancelled or paused.
 * Nothing is computed across images: an image's result does not depend on its neighbours.
 */
export interface Problem {
  readonly count: number;
  readonly shape: ImageShape;
  /** channels * height * width */
  readonly features: number;
  readonly classes: number;
  readonly norm: Norm;
  readonly targeted: boolean;
  /** count x features, clean pixels in [0,1], planes CHW. */
  readonly clean: Float32Array;
  /** Class each image has, and class it shall get (null when untargeted). */
  readonly label: Int32Array;
  readonly goal: Int32Array | null;
  /** 1 while an image still takes part: neither out of queries, nor finished by the attack, nor failed. */
  readonly active: Uint8Array;
  readonly anyActive: boolean;
  /** Takes an image out of further queries. */
  finish(image: number): void;
  /**
   * δ: count x features. The pixels that are evaluated are clip(clean + δ, 0, 1). With `only`, images whose entry is 0
   * are left out: neither counted nor changed in the answer. The answer's arrays are overwritten by the next query,
   * and an image may have become inactive in it: look at `active` before reading.
   */
  query(delta: Float32Array, only?: Uint8Array): Promise<Query>;
  /**
   * With `towards`, the loss is the targeted one for these classes; margin and success still tell of the goal. On goals
   * with a reference the answer for δ = 0 is that of a random point half a grey level around the image, for the distance
   * from the reference has a kink where the output equals it and no gradient; such a point is never a success.
   */
  gradient(delta: Float32Array, loss: Objective, only?: Uint8Array, towards?: Int32Array): Promise<GradientQuery>;
  /**
   * The differences of several classes at the images' points, packed so that no row of a block is idle when few images
   * are left; each pair costs its image a forward and a backward pass. `visit` gets each pair's value and gradient,
   * a view that the next block overwrites. Pairs of images that are inactive, or become so, are left out.
   */
  differences(
    delta: Float32Array,
    pairs: readonly Pair[],
    visit: (pair: Pair, value: number, gradient: Float32Array) => void,
  ): Promise<void>;
  /** Values D of the output that the goal is on; 0 for classifiers, which have no reference and no products. */
  readonly width: number;
  /** count x D: the y that each image's output is held against (Balda et al., section 3); null for classifiers. */
  readonly reference: Float32Array | null;
  /**
   * J'u at each image's point, J the Jacobian of the output with respect to the pixels, and the output itself; a forward
   * and a backward pass each. Nothing is judged: what a point comes to, `query` tells. @param u count x D
   */
  vjp(delta: Float32Array, u: Float32Array, only?: Uint8Array): Promise<{ output: Float32Array; gradient: Float32Array }>;
  /** Jv likewise. @param v count x features @returns tangent, count x D */
  jvp(delta: Float32Array, v: Float32Array, only?: Uint8Array): Promise<{ output: Float32Array; tangent: Float32Array }>;
  /** From now on the image's gradient is 0 wherever `mayMove` is: what rounds its picture keeps off those features. */
  confine(image: number, mayMove: Uint8Array): void;
  /** Smallest success so far in the problem's norm; Infinity while there is none. */
  bestDistance(image: number): number;
  /** δ of that success (after the clamp), or null. */
  best(image: number): Float32Array | null;
  /** The image's own random stream: uniform in [0,1). Seeded by (audit seed, image hash, attack). */
  random(image: number): () => number;
}
