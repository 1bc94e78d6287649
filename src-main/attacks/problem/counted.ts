import type { Norm } from '../../../shared/norms.ts';
import type { Differentiable, ImageShape, Objective } from '../../model/differentiable.ts';
import { Best } from './best.ts';
import { allFinite } from '../../simd/index.ts';
import type { Access } from '../../../shared/access.ts';
import { Blocks } from './blocks.ts';
import { LowestMargin } from './lowest-margin.ts';
import { JacobianProducts } from './products.ts';
import { randomStream } from './random-stream.ts';
import type { GradientQuery, Pair, Problem, ProblemImage, Query } from './problem.ts';

/** Asked before every block of a query: waits while the run is paused, throws Cancelled when it is cancelled. */
export interface Gate {
  check(): Promise<void> | void;
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
  /** What may be asked: see `Access`; everything where it is not said. */
  access?: Access;
  /** A success of each image that is known already, pixels CHW and its margin: what is found has to be nearer. */
  known?: readonly (Known | null)[];
  /** Whether the nearest miss within ε is kept, too; under a fixed budget only. */
  keepLowestMargin?: boolean;
}

export interface Known {
  pixels: Float32Array;
  margin: number;
}

/** How far from the image the gradient of a goal on the output is taken at the image itself: half a grey level. */
const HAIR = 0.5 / 255;

/**
 * The problem over a differentiable graph (design rule 1). Active images are packed into blocks; rows do not influence each
 * other, so an image's numbers are the same whatever else is in the batch. What the attack's access does not cover cannot be asked.
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
  readonly access: Access;
  readonly clean: Float32Array;
  readonly label: Int32Array;
  readonly goal: Int32Array | null;
  readonly reference: Float32Array | null;
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
  private readonly blocks: Blocks;
  private readonly products: JacobianProducts | null;
  private readonly gate: Gate;
  private readonly limits: readonly number[] | null;
  private readonly streams: (() => number)[];
  /** Passes set aside for `revive`. */
  private reserve = 0;
  private readonly answer: GradientQuery;
  /** Scores as the model gives them, which an attack on decisions alone does not see. */
  private readonly logits: Float32Array;
  private readonly confined: (Uint8Array | null)[];
  /** 1 where the point being evaluated is not the one asked about, see `tilt`. */
  private readonly tilted: Uint8Array;

  constructor(model: Differentiable, images: readonly ProblemImage[], setting: ProblemSetting) {
    this.targeted = images[0]?.goal != null;
    if (images.length === 0) throw new RangeError('A problem needs images.');
    if (images.some((image) => (image.goal != null) !== this.targeted)) throw new RangeError('Either every image has a goal or none.');
    this.model = model;
    this.blocks = new Blocks(model, images, setting.boxed ?? true);
    this.gate = setting.gate;
    this.limits = setting.limits;
    this.count = images.length;
    this.shape = model.shape;
    this.features = this.blocks.features;
    this.classes = model.classes;
    this.norm = setting.norm;
    this.epsilon = setting.epsilon;
    this.access = setting.access ?? 'gradient';
    this.clean = this.blocks.clean;
    this.label = this.blocks.label;
    this.reference = this.blocks.reference;
    this.goal = this.targeted ? Int32Array.from(images, (image) => image.goal!) : null;
    this.active = new Uint8Array(this.count).fill(1);
    this.forwards = new Uint32Array(this.count);
    this.backwards = new Uint32Array(this.count);
    this.failure = images.map(() => null);
    this.confined = images.map(() => null);
    this.tilted = new Uint8Array(this.count);
    this.streams = images.map((image) => randomStream(`${setting.stream}:${image.hash}`));
    this.found = new Best(this.norm, this.epsilon, this.clean, this.count, this.shape.channels);
    setting.known?.forEach((known, image) => known && this.found.offer(image, known.pixels, known.margin));
    this.lowestMargin =
      setting.keepLowestMargin && this.epsilon !== undefined ? new LowestMargin(this.norm, this.epsilon, this.shape.channels) : null;
    this.logits = new Float32Array(this.count * this.classes);
    this.answer = {
      logits: this.access === 'decision' ? new Float32Array(this.count * this.classes).fill(NaN) : this.logits,
      margin: new Float64Array(this.count),
      success: new Uint8Array(this.count),
      loss: new Float64Array(this.count),
      gradient: new Float32Array(this.access === 'gradient' ? this.clean.length : 0),
    };
    this.products =
      model.products === undefined
        ? null
        : new JacobianProducts(model.products, this.blocks, {
            placed: (passes, delta, only) => this.placed(passes, delta, true, only),
            check: () => this.gate.check(),
            spend: (image) => this.spend(image),
            fail: (image, what) => this.fail(image, what),
            masked: (image, gradient) => this.masked(image, gradient),
          });
  }

  /** Values of the output that the goal is on; 0 for classifiers. */
  get width(): number {
    return this.blocks.width;
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

  vjp(delta: Float32Array, u: Float32Array, only?: Uint8Array): Promise<{ output: Float32Array; gradient: Float32Array }> {
    return this.demandProducts().vjp(delta, u, only);
  }

  jvp(delta: Float32Array, v: Float32Array, only?: Uint8Array): Promise<{ output: Float32Array; tangent: Float32Array }> {
    return this.demandProducts().jvp(delta, v, only);
  }

  confine(image: number, mayMove: Uint8Array): void {
    this.confined[image] = mayMove;
  }

  async differences(
    delta: Float32Array,
    pairs: readonly Pair[],
    visit: (pair: Pair, value: number, gradient: Float32Array) => void,
  ): Promise<void> {
    this.demandGradients();
    let waiting: Pair[] = [];
    const open = new Uint32Array(this.count);
    for (const pair of pairs) {
      const { image } = pair;
      if (!this.active[image]) continue;
      if (!this.affords(image, 2 * open[image]! + 2)) {
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

  /** @param points δ of every image, or its pixels */
  private async evaluate(
    points: Float32Array,
    areDeltas: boolean,
    loss: Objective | null,
    only: Uint8Array | undefined,
    towards: Int32Array | null,
  ): Promise<void> {
    if (loss !== null) this.demandGradients();
    const images = this.placed(loss === null ? 1 : 2, points, areDeltas, only);
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
    const { features } = this;
    const { pixels } = this.blocks;
    const [start, end] = [image * features, (image + 1) * features];
    for (let j = start; j < end; j++) if (delta[j] !== 0) return;
    this.tilted[image] = 1;
    const random = this.streams[image]!;
    for (let j = start; j < end; j++) pixels[j] = Math.min(1, Math.max(0, pixels[j]! + (2 * random() - 1) * HAIR));
  }

  /** The images asked about that take part and have so many passes left, their points placed; those without drop out. */
  private placed(passes: number, points: Float32Array, areDeltas: boolean, only: Uint8Array | undefined): number[] {
    const images: number[] = [];
    for (let i = 0; i < this.count; i++) {
      if (!this.active[i] || (only && !only[i])) continue;
      if (this.affords(i, passes)) images.push(i);
      else this.active[i] = 0;
    }
    for (const i of images) this.blocks.place(i, points, areDeltas);
    return images;
  }

  private affords(image: number, passes: number): boolean {
    return this.limits === null || this.forwards[image]! + this.backwards[image]! + passes <= this.limits[image]! - this.reserve;
  }

  private async runBlock(loss: Objective | null, images: readonly number[], towards: Int32Array | null): Promise<void> {
    const { features, classes, blocks, answer } = this;
    const pixels = blocks.pack(images, towards && ((at) => towards[images[at]!]!));
    const { labels, references } = blocks;
    const out = loss === null ? null : await this.model.gradient(loss, pixels, labels, towards && blocks.towards, references, this.own);
    const { logits } = out ?? (await this.model.forward(pixels, references));
    for (let row = 0; row < images.length; row++) {
      const image = images[row]!;
      this.logits.set(logits.subarray(row * classes, (row + 1) * classes), image * classes);
      if (out) {
        this.spend(image);
        answer.loss[image] = out.loss[row]!;
        const gradient = this.masked(image, blocks.part(out.gradient, row));
        // A lone picture's gradient is handed on as it comes.
        if (this.count === 1) answer.gradient = gradient;
        else answer.gradient.set(gradient, image * features);
      } else this.forwards[image]!++;
      this.judge(image, out !== null);
    }
  }

  /** Where the gradient of a lone picture may be written: the one that it had before is over, as it is with more of them. */
  private get own(): Float32Array | undefined {
    return this.count === 1 && this.model.rows === 1 ? this.answer.gradient : undefined;
  }

  private async runPairs(
    delta: Float32Array,
    pairs: readonly Pair[],
    visit: (pair: Pair, value: number, gradient: Float32Array) => void,
  ): Promise<void> {
    const { features, classes, blocks, answer } = this;
    await this.gate.check();
    for (const { image } of pairs) blocks.place(image, delta, true);
    const pixels = blocks.pack(
      pairs.map(({ image }) => image),
      (at) => pairs[at]!.class,
    );
    const out = await this.model.gradient('difference', pixels, blocks.labels, blocks.towards, blocks.references);
    pairs.forEach((pair, row) => {
      const { image } = pair;
      const gradient = this.masked(image, blocks.part(out.gradient, row));
      this.spend(image);
      this.logits.set(out.logits.subarray(row * classes, (row + 1) * classes), image * classes);
      answer.loss[image] = out.loss[row]!;
      answer.gradient.set(gradient, image * features);
      this.judge(image, true);
      if (this.failure[image] === null) visit(pair, out.loss[row]!, gradient);
    });
  }

  /** Margin, success, the best so far; takes an image out that got NaN or infinity. */
  private judge(image: number, withGradient: boolean): void {
    const { classes, answer, blocks, logits } = this;
    const first = image * classes;
    if (!allFinite(logits.subarray(first, first + classes))) return this.fail(image, 'The model put out NaN or infinite logits');
    if (withGradient && !(allFinite(blocks.part(answer.gradient, image)) && Number.isFinite(answer.loss[image]!)))
      return this.fail(image, 'The gradient was NaN or infinite');
    const own = this.goal ? this.goal[image]! : this.label[image]!;
    let other = -Infinity;
    let rival = -1;
    for (let k = 0; k < classes; k++) {
      if (k === own || logits[first + k]! <= other) continue;
      other = logits[first + k]!;
      rival = k;
    }
    const ahead = logits[first + own]! - other;
    // The first index wins a tie, as arg-max does.
    const isOwn = ahead > 0 || (ahead === 0 && own < rival);
    const success = isOwn === this.targeted;
    answer.success[image] = success ? 1 : 0;
    const margin = this.targeted ? -ahead : ahead;
    // Whoever sees decisions alone is told by how much as little as everything else that could rest on it.
    answer.margin[image] = this.access === 'decision' ? (success ? -1 : 1) : margin;
    const here = blocks.part(blocks.pixels, image);
    if (!success) this.lowestMargin?.offer(image, here, answer.margin[image]!, blocks.part(this.clean, image));
    // A success beside the point asked about is nobody's.
    if (this.tilted[image]) answer.success[image] = 0;
    if (answer.success[image]) this.found.offer(image, here, answer.margin[image]!);
  }

  /** One forward and one backward pass. */
  private spend(image: number): void {
    this.forwards[image]!++;
    this.backwards[image]!++;
  }

  private fail(image: number, what: string): void {
    this.failure[image] = `${what} at forward pass ${this.forwards[image]!}.`;
    this.active[image] = 0;
    this.answer.success[image] = 0;
  }

  private masked(image: number, gradient: Float32Array): Float32Array {
    const mayMove = this.confined[image];
    if (mayMove) for (let j = 0; j < gradient.length; j++) if (!mayMove[j]) gradient[j] = 0;
    return gradient;
  }

  private demandGradients(): void {
    if (this.access !== 'gradient')
      throw new RangeError(`An attack that sees ${this.access === 'scores' ? 'scores' : 'decisions'} alone has asked for a gradient.`);
  }

  private demandProducts(): JacobianProducts {
    this.demandGradients();
    if (!this.products) throw new Error('Only a goal on the output of a network has products with its Jacobian.');
    return this.products;
  }
}
