import type { Products } from '../../model/differentiable.ts';
import { allFinite } from '../../simd/index.ts';
import type { Blocks } from './blocks.ts';

/** What the products have to ask of the problem that they belong to. */
export interface Counting {
  /** Images that can pay for so many passes; their points are placed. */
  placed(passes: number, delta: Float32Array, only: Uint8Array | undefined): number[];
  /** Before a block. @throws Cancelled */
  check(): Promise<void> | void;
  /** A forward and a backward pass of an image. */
  spend(image: number): void;
  fail(image: number, what: string): void;
  /** An image's gradient with what may not move set to 0. */
  masked(image: number, gradient: Float32Array): Float32Array;
}

type Product = (pixels: Float32Array, vectors: Float32Array) => Promise<{ output: Float32Array; product: Float32Array }>;

/** J'u and Jv of every image's Jacobian with a vector of its own, in blocks; nothing is judged. */
export class JacobianProducts {
  private readonly products: Products;
  private readonly blocks: Blocks;
  private readonly counting: Counting;

  constructor(products: Products, blocks: Blocks, counting: Counting) {
    this.products = products;
    this.blocks = blocks;
    this.counting = counting;
  }

  async vjp(delta: Float32Array, u: Float32Array, only?: Uint8Array): Promise<{ output: Float32Array; gradient: Float32Array }> {
    const { features, width } = this.blocks;
    const run: Product = async (pixels, vectors) => {
      const { output, gradient } = await this.products.vjp(pixels, vectors);
      return { output, product: gradient };
    };
    const { output, product } = await this.each(delta, { vectors: u, length: width, out: features }, only, run, (image, row) =>
      this.counting.masked(image, row),
    );
    return { output, gradient: product };
  }

  async jvp(delta: Float32Array, v: Float32Array, only?: Uint8Array): Promise<{ output: Float32Array; tangent: Float32Array }> {
    const { features, width } = this.blocks;
    const run: Product = async (pixels, vectors) => {
      const { output, tangent } = await this.products.jvp(pixels, vectors);
      return { output, product: tangent };
    };
    const { output, product } = await this.each(delta, { vectors: v, length: features, out: width }, only, run, (_, row) => row);
    return { output, tangent: product };
  }

  /** @param sizes the vectors of all images, the length of one, and of one of what comes of it */
  private async each(
    delta: Float32Array,
    sizes: { vectors: Float32Array; length: number; out: number },
    only: Uint8Array | undefined,
    run: Product,
    taken: (image: number, row: Float32Array) => Float32Array,
  ): Promise<{ output: Float32Array; product: Float32Array }> {
    const { blocks, counting } = this;
    const { width, rows } = blocks;
    const output = new Float32Array(blocks.count * width);
    const product = new Float32Array(blocks.count * sizes.out);
    const images = counting.placed(2, delta, only);
    for (let start = 0; start < images.length; start += rows) {
      await counting.check();
      const part = images.slice(start, start + rows);
      const found = await run(blocks.pack(part, null), blocks.vectors(part, sizes.vectors, sizes.length));
      part.forEach((image, row) => {
        counting.spend(image);
        const [own, of] = [
          found.output.subarray(row * width, (row + 1) * width),
          found.product.subarray(row * sizes.out, (row + 1) * sizes.out),
        ];
        output.set(own, image * width);
        product.set(taken(image, of), image * sizes.out);
        if (!allFinite(own)) counting.fail(image, 'The model put out NaN or infinity');
        else if (!allFinite(of)) counting.fail(image, 'A product with the Jacobian was NaN or infinite');
      });
    }
    return { output, product };
  }
}
