import type { Differentiable } from '../../model/differentiable.ts';
import { place } from '../../simd/index.ts';
import type { ProblemImage } from './problem.ts';

/**
 * What a block of the model is made of: the images' pixels as they are evaluated, and blocks of exactly `model.rows` rows packed
 * from those that are asked about, the last one filled up with repeats of its first row.
 */
export class Blocks {
  readonly rows: number;
  readonly count: number;
  readonly features: number;
  /** count x features, planes CHW in [0,1]. */
  readonly clean: Float32Array;
  /** The points being evaluated. */
  readonly pixels: Float32Array;
  /** Class that each image has, and what its output is held against: count x `width`; null for classifiers. */
  readonly label: Int32Array;
  readonly reference: Float32Array | null;
  /** Of the block at hand. */
  readonly labels: Int32Array;
  readonly towards: Int32Array;
  readonly references: Float32Array | undefined;
  /** Values of the output that the goal is on; 0 for classifiers. */
  readonly width: number;
  private readonly boxed: boolean;
  private readonly block: Float32Array;

  /** @throws RangeError for a reference of another length than the output */
  constructor(model: Differentiable, images: readonly ProblemImage[], boxed: boolean) {
    const { channels, height, width } = model.shape;
    this.rows = model.rows;
    this.count = images.length;
    this.features = channels * height * width;
    this.boxed = boxed;
    this.clean = new Float32Array(this.count * this.features);
    images.forEach((image, i) => this.clean.set(image.pixels, i * this.features));
    this.pixels = new Float32Array(this.clean.length);
    this.label = Int32Array.from(images, (image) => image.label);
    this.block = new Float32Array(this.rows === 1 ? 0 : this.rows * this.features);
    this.labels = new Int32Array(this.rows);
    this.towards = new Int32Array(this.rows);
    const values = model.products?.width ?? 0;
    this.width = values;
    this.reference = values > 0 ? new Float32Array(this.count * values) : null;
    this.references = values > 0 ? new Float32Array(this.rows * values) : undefined;
    if (this.reference === null) return;
    images.forEach(({ reference }, i) => {
      if (reference?.length !== values)
        throw new RangeError(`The output has ${values} values an image and the reference ${reference?.length ?? 'none'}.`);
      this.reference!.set(reference, i * values);
    });
  }

  /** What is an image's of an array of all images, or a row's of a block. */
  part(all: Float32Array, image: number): Float32Array {
    return all.subarray(image * this.features, (image + 1) * this.features);
  }

  /** Writes the pixels to be evaluated: clip(clean + δ, 0, 1), or as given. */
  place(image: number, points: Float32Array, areDeltas: boolean): void {
    const [pixels, clean, point] = [this.pixels, this.clean, points].map((all) => this.part(all, image)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    if (!areDeltas) pixels.set(point);
    else if (this.boxed) place(clean, point, pixels);
    else for (let j = 0; j < pixels.length; j++) pixels[j] = clean[j]! + point[j]!;
  }

  /**
   * Makes the block of at most `rows` images: labels and references, and the classes it goes towards.
   * @param towards class of the row at a place in `images`; null: none
   * @returns its pixels. Of a photograph, which is a block by itself, they are not copied.
   */
  pack(images: readonly number[], towards: ((at: number) => number) | null): Float32Array {
    const { pixels, block, features, width } = this;
    for (let row = 0; row < this.rows; row++) {
      const at = row < images.length ? row : 0;
      const image = images[at]!;
      this.labels[row] = this.label[image]!;
      if (towards) this.towards[row] = towards(at);
      if (this.reference) this.references!.set(this.reference.subarray(image * width, (image + 1) * width), row * width);
      if (this.rows > 1) block.set(this.part(pixels, image), row * features);
    }
    return this.rows === 1 ? this.part(pixels, images[0]!) : block;
  }

  /** As many vectors as the block has rows, of every image's own. @param length of one */
  vectors(images: readonly number[], all: Float32Array, length: number): Float32Array {
    const out = new Float32Array(this.rows * length);
    for (let row = 0; row < this.rows; row++) {
      const image = images[row] ?? images[0]!;
      out.set(all.subarray(image * length, (image + 1) * length), row * length);
    }
    return out;
  }
}
