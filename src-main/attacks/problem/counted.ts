import type { Norm } from '../../../shared/norms.ts';
import type { Differentiable, ImageShape, Objective, Products } from '../../model/differentiable.ts';
import { Best } from './best.ts';
import { allFinite as finite, place } from '../../simd/index.ts';
import { LowestMargin } from './lowest-margin.ts';
import { randomStream } from './random-stream.ts';
import type { GradientQuery, Pair, Query, Problem } from './problem.ts';

/** Asked before every block of a query: waits while the run is paused, throws Cancelled when it is cancelled. */
export interface Gate {
  check(): Promise<void> | void;
}

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

export interface ProblemSetting {
  norm: Norm;
  /** Fixed budget: a success counts only within it. */
  epsilon?: number | undefined;
  /** Audit seed and what else tells this run from others; the image's hash is added. */
  stream: string;
  /** Forward plus backward passes each image may spend; null: no bound. */
  limits: readonly number[] | null;
  gate: Gate;
  /** false: δ is not clipped to the box, as in published experiments that do not; such a success is no picture. */
  boxed?: boolean;
  /** Whether the nearest miss within ε is kept, too; under a fixed budget only. */
  keepLowestMargin?: boolean;
}

/** How far from the image the gradient of a goal on the output is taken at the image itself: half a grey level. */
const HAIR = 0.5 / 255;

/**
 * The problem over a differentiable graph (design rule 1). Active images are packed into blocks of exactly
 * `model.rows` rows, the last one filled up with repeats of its first row; rows do not influence each other, so an
 * image's numbers are the same whatever else is in the batch.
 * @throws RangeError on an empty batch, or goals for some images only
 */
export class CountedProblem implements Problem {
  readonly count: number;
  readonly shape: ImageShape;
  readonly features: number;
  readonly classes: number;
  readonly norm: Norm;
  readonly epsilon: number | undefined;
  readonly targeted: boolean;
  readonly clean: Float32Array;
  readonly label: Int32Array;
  readonly goal: Int32Array | null;
  readonly active: Uint8Array;
  /** Passes spent by each image. */
  readonly forwards: Uint32Array;
  readonly backwards: Uint32Array;
  /** Why an image failed: its outputs or gradients were no numbers. */
  readonly failure: (string | null)[];
  readonly found: Best;
  /** The nearest misses, where they were asked for. */
  readonly lowestMargin: LowestMargin | null;

  private readonly model: Differentiable;
  private readonly gate: Gate;
  private readonly limits: readonly number[] | null;
  private readonly streams: (() => number)[];
  /** Passes set aside for `revive`. */
  private reserve = 0;
  private readonly pixels: Float32Array;
  private readonly answer: GradientQuery;
  private readonly confined: (Uint8Array | null)[];
  private readonly boxed: boolean;
  /** 1 where the point being evaluated is not the one asked about, see `tilt`. */
  private readonly tilted: Uint8Array;
  private readonly block: { pixels: Float32Array; label: Int32Array; towards: Int32Array; reference: Float32Array | undefined };
  readonly reference: Float32Array | null;

  constructor(model: Differentiable, images: readonly ProblemImage[], setting: ProblemSetting) {
    const { channels, height, width } = model.shape;
    this.model = model;
    this.gate = setting.gate;
    this.limits = setting.limits;
    this.count = images.length;
    this.shape = model.shape;
    this.features = channels * height * width;
    this.classes = model.classes;
    this.norm = setting.norm;
    this.epsilon = setting.epsilon;
    this.targeted = images[0]?.goal != null;
    if (images.length === 0) throw new RangeError('A problem needs images.');
    if (images.some((image) => (image.goal != null) !== this.targeted)) throw new RangeError('Either every image has a goal or none.');
    this.clean = new Float32Array(this.count * this.features);
    images.forEach((image, i) => this.clean.set(image.pixels, i * this.features));
    this.label = Int32Array.from(images, (image) => image.label);
    this.goal = this.targeted ? Int32Array.from(images, (image) => image.goal!) : null;
    this.active = new Uint8Array(this.count).fill(1);
    this.forwards = new Uint32Array(this.count);
    this.backwards = new Uint32Array(this.count);
    this.failure = images.map(() => null);
    this.confined = images.map(() => null);
    this.boxed = setting.boxed ?? true;
    this.tilted = new Uint8Array(this.count);
    this.streams = images.map((image) => randomStream(`${setting.stream}:${image.hash}`));
    this.found = new Best(this.norm, this.epsilon, this.clean, this.count, this.shape.channels);
    this.lowestMargin =
      setting.keepLowestMargin && this.epsilon !== undefined ? new LowestMargin(this.norm, this.epsilon, this.shape.channels) : null;
    this.pixels = new Float32Array(this.clean.length);
    this.answer = {
      logits: new Float32Array(this.count * this.classes),
      margin: new Float64Array(this.count),
      success: new Uint8Array(this.count),
      loss: new Float64Array(this.count),
      gradient: new Float32Array(this.clean.length),
    };
    this.block = {
      pixels: new Float32Array(model.rows === 1 ? 0 : model.rows * this.features),
      label: new Int32Array(model.rows),
      towards: new Int32Array(model.rows),
      reference: undefined,
    };
    const values = this.width;
    this.reference = values > 0 ? new Float32Array(this.count * values) : null;
    if (this.reference === null) return;
    this.block.reference = new Float32Array(model.rows * values);
    images.forEach(({ reference }, i) => {
      if (reference?.length !== values)
        throw new RangeError(`The output has ${values} values an image and the reference ${reference?.length ?? 'none'}.`);
      this.reference!.set(reference, i * values);
    });
  }

  /** Values of the output that the goal is on; 0 for classifiers. */
  get width(): number {
    return this.model.products?.width ?? 0;
  }

  get anyActive(): boolean {
    return this.active.includes(1);
  }

  finish(image: number): void {
    this.active[image] = 0;
  }

  /** Keeps passes back from the attack, for what comes after `revive`. */
  setAside(passes: number): void {
    this.reserve = passes;
  }

  /** Opens every image that did not fail to further queries again, the reserve included. */
  revive(): void {
    this.reserve = 0;
    for (let i = 0; i < this.count; i++) this.active[i] = this.failure[i] === null ? 1 : 0;
  }

  async query(delta: Float32Array, only?: Uint8Array): Promise<Query> {
    await this.evaluate(delta, true, null, only, null);
    return this.answer;
  }

  async gradient(delta: Float32Array, loss: Objective, only?: Uint8Array, towards?: Int32Array): Promise<GradientQuery> {
    await this.evaluate(delta, true, loss, only, towards ?? this.goal);
    return this.answer;
  }

  /** Like `query` and `gradient` for pixels that are known to lie in the box, such as decoded 8-bit images. */
  async at(pixels: Float32Array, loss: Objective | null, only?: Uint8Array): Promise<GradientQuery> {
    await this.evaluate(pixels, false, loss, only, this.goal);
    return this.answer;
  }

  bestDistance(image: number): number {
    return this.found.distance(image);
  }

  best(image: number): Float32Array | null {
    const pixels = this.found.pixels(image);
    if (!pixels) return null;
    const start = image * this.features;
    return pixels.map((p, j) => p - this.clean[start + j]!);
  }

  random(image: number): () => number {
    return this.streams[image]!;
  }

  /** @param points δ of every image, or its pixels */
  private async evaluate(
    points: Float32Array,
    areDeltas: boolean,
    loss: Objective | null,
    only: Uint8Array | undefined,
    towards: Int32Array | null,
  ): Promise<void> {
    const images = this.affordable(loss === null ? 1 : 2, only);
    for (const i of images) this.place(i, points, areDeltas);
    if (loss !== null && areDeltas && this.reference) for (const i of images) this.tilt(i, points);
    const { rows } = this.model;
    for (let start = 0; start < images.length; start += rows) {
      await this.gate.check();
      await this.runBlock(loss, images.slice(start, start + rows), towards);
    }
    this.tilted.fill(0);
  }

  /**
   * At the clean image itself the output may equal its reference, and there the distance has a kink: every J'u / √D with
   * ‖u‖₂ ≤ 1 is a subgradient of it and what is computed is the zero one, or the direction of a rounding error. So for
   * δ = 0 the gradient is taken a hair away, at x + d with d uniform in ±HAIR, which gives the u along Jd: the dithering
   * of Balda et al., eq. 10 and section 3.2, and the first step of a power iteration on J'J.
   */
  private tilt(image: number, delta: Float32Array): void {
    const { features, pixels } = this;
    const [start, end] = [image * features, (image + 1) * features];
    for (let j = start; j < end; j++) if (delta[j] !== 0) return;
    this.tilted[image] = 1;
    const random = this.streams[image]!;
    for (let j = start; j < end; j++) pixels[j] = Math.min(1, Math.max(0, pixels[j]! + (2 * random() - 1) * HAIR));
  }

  /** The images asked about that take part and have so many passes left; those without drop out. */
  private affordable(cost: number, only: Uint8Array | undefined): number[] {
    const images: number[] = [];
    for (let i = 0; i < this.count; i++) {
      if (!this.active[i] || (only && !only[i])) continue;
      if (this.limits && this.forwards[i]! + this.backwards[i]! + cost > this.limits[i]! - this.reserve) this.active[i] = 0;
      else images.push(i);
    }
    return images;
  }

  /** Writes the pixels to be evaluated: clip(clean + δ, 0, 1), or as given. */
  private place(image: number, points: Float32Array, areDeltas: boolean): void {
    const [pixels, clean, point] = [this.pixels, this.clean, points].map((all) => this.part(all, image)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    if (!areDeltas) pixels.set(point);
    else if (this.boxed) place(clean, point, pixels);
    else for (let j = 0; j < pixels.length; j++) pixels[j] = clean[j]! + point[j]!;
  }

  private async runBlock(loss: Objective | null, images: readonly number[], towards: Int32Array | null): Promise<void> {
    const { features, classes, block, answer } = this;
    for (let row = 0; row < this.model.rows; row++) {
      const image = images[row] ?? images[0]!;
      block.label[row] = this.label[image]!;
      if (towards) block.towards[row] = towards[image]!;
      this.refer(row, image);
    }
    const pixels = this.packed(images);
    const out =
      loss === null ? null : await this.model.gradient(loss, pixels, block.label, towards && block.towards, block.reference, this.own);
    const { logits } = out ?? (await this.model.forward(pixels, block.reference));
    for (let row = 0; row < images.length; row++) {
      const image = images[row]!;
      this.forwards[image]!++;
      answer.logits.set(logits.subarray(row * classes, (row + 1) * classes), image * classes);
      if (out) {
        this.backwards[image]!++;
        answer.loss[image] = out.loss[row]!;
        const gradient = this.masked(image, this.part(out.gradient, row));
        // A lone picture's gradient is handed on as it comes.
        if (this.count === 1) answer.gradient = gradient;
        else answer.gradient.set(gradient, image * features);
      }
      this.judge(image, out !== null);
    }
  }

  /** What is an image's of an array of all images, or a row's of a block. */
  private part(all: Float32Array, image: number): Float32Array {
    return all.subarray(image * this.features, (image + 1) * this.features);
  }

  /** The pixels of a block's images. Of a photograph, which is a block by itself, they are not copied. */
  private packed(images: readonly number[]): Float32Array {
    const { pixels, block, features } = this;
    if (this.model.rows === 1) return this.part(pixels, images[0]!);
    for (let row = 0; row < this.model.rows; row++) block.pixels.set(this.part(pixels, images[row] ?? images[0]!), row * features);
    return block.pixels;
  }

  /** Where the gradient of a lone picture may be written: the one that it had before is over, as it is with more of them. */
  private get own(): Float32Array | undefined {
    return this.count === 1 && this.model.rows === 1 ? this.answer.gradient : undefined;
  }

  private refer(row: number, image: number): void {
    const { width, block } = this;
    if (this.reference) block.reference!.set(this.reference.subarray(image * width, (image + 1) * width), row * width);
  }

  async vjp(delta: Float32Array, u: Float32Array, only?: Uint8Array): Promise<{ output: Float32Array; gradient: Float32Array }> {
    const gradient = new Float32Array(this.clean.length);
    const output = await this.product(delta, u, this.width, only, async (products, pixels, block, rows) => {
      const out = await products.vjp(pixels, block);
      rows.forEach((image, row) =>
        gradient.set(this.masked(image, out.gradient.subarray(row * this.features, (row + 1) * this.features)), image * this.features),
      );
      return { output: out.output, sound: (row) => allFinite(out.gradient, row * this.features, this.features) };
    });
    return { output, gradient };
  }

  async jvp(delta: Float32Array, v: Float32Array, only?: Uint8Array): Promise<{ output: Float32Array; tangent: Float32Array }> {
    const { width } = this;
    const tangent = new Float32Array(this.count * width);
    const output = await this.product(delta, v, this.features, only, async (products, pixels, block, rows) => {
      const out = await products.jvp(pixels, block);
      rows.forEach((image, row) => tangent.set(out.tangent.subarray(row * width, (row + 1) * width), image * width));
      return { output: out.output, sound: (row) => allFinite(out.tangent, row * width, width) };
    });
    return { output, tangent };
  }

  /** Blocks of a product of every image's Jacobian with its own vector of `length` values; each costs a forward and a backward pass. */
  private async product(
    delta: Float32Array,
    vectors: Float32Array,
    length: number,
    only: Uint8Array | undefined,
    run: (
      products: Products,
      pixels: Float32Array,
      vectors: Float32Array,
      images: readonly number[],
    ) => Promise<{ output: Float32Array; sound(row: number): boolean }>,
  ): Promise<Float32Array> {
    const { products, rows } = this.model;
    if (!products) throw new Error('Only a goal on the output of a network has products with its Jacobian.');
    const { width } = this;
    const output = new Float32Array(this.count * width);
    const images = this.affordable(2, only);
    for (const i of images) this.place(i, delta, true);
    const block = new Float32Array(rows * length);
    for (let start = 0; start < images.length; start += rows) {
      await this.gate.check();
      const part = images.slice(start, start + rows);
      for (let row = 0; row < rows; row++) {
        const image = part[row] ?? part[0]!;
        block.set(vectors.subarray(image * length, (image + 1) * length), row * length);
      }
      const out = await run(products, this.packed(part), block, part);
      part.forEach((image, row) => {
        this.forwards[image]!++;
        this.backwards[image]!++;
        output.set(out.output.subarray(row * width, (row + 1) * width), image * width);
        if (!allFinite(out.output, row * width, width)) this.fail(image, 'The model put out NaN or infinity');
        else if (!out.sound(row)) this.fail(image, 'A product with the Jacobian was NaN or infinite');
      });
    }
    return output;
  }

  /** Margin, success, the best so far; takes an image out that got NaN or infinity. */
  private judge(image: number, withGradient: boolean): void {
    const { classes, features, answer } = this;
    const start = image * features;
    if (!allFinite(answer.logits, image * classes, classes)) return this.fail(image, 'The model put out NaN or infinite logits');
    if (withGradient && !(allFinite(answer.gradient, start, features) && Number.isFinite(answer.loss[image]!)))
      return this.fail(image, 'The gradient was NaN or infinite');
    const own = this.goal ? this.goal[image]! : this.label[image]!;
    const first = image * classes;
    let other = -Infinity;
    let rival = -1;
    for (let k = 0; k < classes; k++) {
      if (k === own || answer.logits[first + k]! <= other) continue;
      other = answer.logits[first + k]!;
      rival = k;
    }
    const ahead = answer.logits[first + own]! - other;
    // The first index wins a tie, as arg-max does.
    const isOwn = ahead > 0 || (ahead === 0 && own < rival);
    answer.margin[image] = this.goal ? -ahead : ahead;
    answer.success[image] = isOwn === this.targeted ? 1 : 0;
    const here = this.pixels.subarray(start, start + features);
    if (!answer.success[image]) this.lowestMargin?.offer(image, here, answer.margin[image]!, this.clean.subarray(start, start + features));
    // A success beside the point asked about is nobody's.
    if (this.tilted[image]) answer.success[image] = 0;
    if (answer.success[image]) this.found.offer(image, here, answer.margin[image]!);
  }

  private fail(image: number, what: string): void {
    this.failure[image] = `${what} at forward pass ${this.forwards[image]!}.`;
    this.active[image] = 0;
    this.answer.success[image] = 0;
  }

  confine(image: number, mayMove: Uint8Array): void {
    this.confined[image] = mayMove;
  }

  private masked(image: number, gradient: Float32Array): Float32Array {
    const mayMove = this.confined[image];
    if (mayMove) for (let j = 0; j < gradient.length; j++) if (!mayMove[j]) gradient[j] = 0;
    return gradient;
  }

  async differences(
    delta: Float32Array,
    pairs: readonly Pair[],
    visit: (pair: Pair, value: number, gradient: Float32Array) => void,
  ): Promise<void> {
    let waiting: Pair[] = [];
    const open = new Uint32Array(this.count);
    for (const pair of pairs) {
      const { image } = pair;
      if (!this.active[image]) continue;
      const spent = this.forwards[image]! + this.backwards[image]! + 2 * open[image]!;
      if (this.limits && spent + 2 > this.limits[image]! - this.reserve) {
        this.active[image] = 0;
        continue;
      }
      open[image]!++;
      waiting.push(pair);
      if (waiting.length < this.model.rows) continue;
      await this.runPairs(delta, waiting, visit);
      waiting = [];
      open.fill(0);
    }
    if (waiting.length > 0) await this.runPairs(delta, waiting, visit);
  }

  private async runPairs(
    delta: Float32Array,
    pairs: readonly Pair[],
    visit: (pair: Pair, value: number, gradient: Float32Array) => void,
  ): Promise<void> {
    const { features, classes, block, answer } = this;
    await this.gate.check();
    for (let row = 0; row < this.model.rows; row++) {
      const { image, class: towards } = pairs[row] ?? pairs[0]!;
      this.place(image, delta, true);
      block.label[row] = this.label[image]!;
      block.towards[row] = towards;
      this.refer(row, image);
    }
    const out = await this.model.gradient(
      'difference',
      this.packed(pairs.map((pair) => pair.image)),
      block.label,
      block.towards,
      block.reference,
    );
    pairs.forEach((pair, row) => {
      const { image } = pair;
      const gradient = this.masked(image, this.part(out.gradient, row));
      this.forwards[image]!++;
      this.backwards[image]!++;
      answer.logits.set(out.logits.subarray(row * classes, (row + 1) * classes), image * classes);
      answer.loss[image] = out.loss[row]!;
      answer.gradient.set(gradient, image * features);
      this.judge(image, true);
      if (this.failure[image] === null) visit(pair, out.loss[row]!, gradient);
    });
  }
}

function allFinite(values: Float32Array, start: number, length: number): boolean {
  return finite(values.subarray(start, start + length));
}
