/**
 * Losses an attack can follow, each written so that the attacker wants it SMALL:
 * - margin: f_y - max_{k≠y} f_k untargeted, max_{k≠t} f_k - f_t targeted; adversarial iff negative.
 * - cross-entropy: log p_y untargeted, -log p_t targeted.
 * - dlr: (f_y - max_{k≠y} f_k) / (f_(1) - f_(3)) untargeted, (f_y - f_t) / (f_(1) - (f_(3) + f_(4)) / 2) targeted
 *   (Croce and Hein 2020, eq. 5 and 6); needs 3 and 4 classes.
 * - probability-margin: p_y - max_{k≠y} p_k untargeted, max_{k≠t} p_k - p_t targeted, p the softmax (PMA, arXiv 2411.15210).
 */
export const LOSSES = ['margin', 'cross-entropy', 'dlr', 'probability-margin'] as const;
export type Loss = (typeof LOSSES)[number];
/**
 * The losses, and what other attacks are made of (Balda et al. 2018):
 * - difference: f_y - f_t, both classes given (their eq. 2 with l fixed);
 * - logit: f_y untargeted, -f_t targeted (their Algorithm 2).
 */
export type Objective = Loss | 'difference' | 'logit';

/** Shape of one image in the pixel domain. */
export interface ImageShape {
  channels: number;
  height: number;
  width: number;
}

/** Values of one image. */
export function valuesOf({ channels, height, width }: ImageShape): number {
  return channels * height * width;
}

/** Values of the largest of some images; 0 where there is none. */
export function mostValues(images: readonly ImageShape[]): number {
  return images.reduce((most, image) => Math.max(most, valuesOf(image)), 0);
}

/** What came out for a block of rows. Arrays are fresh copies: the caller may keep them. */
export interface Forward {
  /** rows x classes */
  logits: Float32Array;
}
export interface Gradient extends Forward {
  /** rows */
  loss: Float32Array;
  /** rows x (channels*height*width): d loss[row] / d pixels[row] */
  gradient: Float32Array;
}

/**
 * The output itself of a network f, for attacks that use more of it than a loss: f(x), J'u and Jv, row by row
 * (D values a row; J is the Jacobian with respect to the pixels).
 */
export interface Products {
  /** D */
  readonly width: number;
  /** @param pixels rows x features @returns rows x D */
  output(pixels: Float32Array): Promise<Float32Array>;
  /** @param u rows x D @returns output, and J'u, rows x features */
  vjp(pixels: Float32Array, u: Float32Array): Promise<{ output: Float32Array; gradient: Float32Array }>;
  /** @param v rows x features @returns output, and Jv, rows x D */
  jvp(pixels: Float32Array, v: Float32Array): Promise<{ output: Float32Array; tangent: Float32Array }>;
}

/**
 * The differentiable graph as attacks see it: pixels in [0,1] in, logits and pixel gradients out.
 * Always called with exactly `rows` rows (the one batch shape of the audit; unused rows are padding),
 * and no row's result depends on another row.
 */
export interface Differentiable {
  readonly shape: ImageShape;
  readonly classes: number;
  readonly rows: number;
  /** Goals on an output: its values and products, and each row's reference goes with every call. Absent for classifiers. */
  readonly products?: Products;
  /** @param pixels rows x (channels*height*width), values in [0,1] @param reference rows x D, where there are products */
  forward(pixels: Float32Array, reference?: Float32Array): Promise<Forward>;
  /**
   * @param label class y of each row @param target class t of each row, or null when untargeted
   * @param into an array of the gradient's length that it may be written into: that of a photograph is large
   */
  gradient(
    loss: Objective,
    pixels: Float32Array,
    label: Int32Array,
    target: Int32Array | null,
    reference?: Float32Array,
    into?: Float32Array,
  ): Promise<Gradient>;
}
