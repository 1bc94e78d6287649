import type { Differentiable } from '../model/differentiable.ts';
import { rowsOf } from './attack.ts';
import { CountedTarget } from './counted.ts';
import type { Gate, TargetImage } from './counted.ts';

/** What the model says of a changed image. */
export interface Verdict {
  delta: Float32Array;
  margin: number;
  success: boolean;
}

/**
 * A target of as many copies of one image as a block has rows, so that no row is idle when many things are asked of it.
 * @throws Cancelled from every question when the gate says so; Error where the model gives no numbers
 */
export class Copies {
  private readonly target: CountedTarget;

  /** @param stream names the random vectors */
  constructor(model: Differentiable, image: TargetImage, stream: string, gate: Gate) {
    const images = Array.from({ length: model.rows }, () => image);
    this.target = new CountedTarget(model, images, { norm: 'linf', stream, limits: null, gate });
  }

  /** Rows of a block. */
  get rows(): number {
    return this.target.count;
  }

  /** Margin and its gradient at the image itself. */
  async gradient(): Promise<{ margin: number; gradient: Float32Array }> {
    const { target } = this;
    const one = this.first(1);
    const { gradient } = await target.gradient(new Float32Array(target.clean.length), 'margin', one);
    const g = gradient.slice(0, target.features);
    const { margin } = await target.query(new Float32Array(target.clean.length), one);
    this.sound();
    return { margin: margin[0]!, gradient: g };
  }

  async judge(deltas: readonly Float32Array[]): Promise<Verdict[]> {
    const out: Verdict[] = [];
    for (let start = 0; start < deltas.length; start += this.rows) {
      const here = deltas.slice(start, start + this.rows);
      const { margin, success } = await this.target.query(this.block(here), this.first(here.length));
      this.sound();
      here.forEach((delta, row) => out.push({ delta, margin: margin[row]!, success: success[row] === 1 }));
    }
    return out;
  }

  /** Jv for unit vectors v: columns of the Jacobian. */
  async columns(features: readonly number[]): Promise<Float32Array[]> {
    const out: Float32Array[] = [];
    const { target } = this;
    for (let start = 0; start < features.length; start += this.rows) {
      const here = features.slice(start, start + this.rows).map((k) => unit(target.features, k));
      const { tangent } = await target.push(new Float32Array(target.clean.length), this.block(here), this.first(here.length));
      this.sound();
      out.push(...rowsOf(tangent, target.count).slice(0, here.length));
    }
    return out;
  }

  /** J'u for several u, a block at a time; each block gives how many are done. */
  async *pulls(
    count: number,
    u: (random: () => number, i: number) => Float32Array,
    visit: (gradient: Float32Array) => void,
  ): AsyncGenerator<number, void> {
    const { target } = this;
    const random = target.random(0);
    for (let start = 0; start < count; start += this.rows) {
      const here = Array.from({ length: Math.min(this.rows, count - start) }, (_, i) => u(random, start + i));
      const { gradient } = await target.pull(new Float32Array(target.clean.length), this.block(here), this.first(here.length));
      this.sound();
      rowsOf(gradient, target.count).slice(0, here.length).forEach(visit);
      yield start + here.length;
    }
  }

  private block(rows: readonly Float32Array[]): Float32Array {
    const block = new Float32Array(this.rows * rows[0]!.length);
    rows.forEach((row, at) => block.set(row, at * row.length));
    return block;
  }

  private first(rows: number): Uint8Array {
    return Uint8Array.from({ length: this.rows }, (_, row) => (row < rows ? 1 : 0));
  }

  private sound(): void {
    const reason = this.target.failure.find((failure) => failure !== null);
    if (reason) throw new Error(reason);
  }
}

/** 1 at one place, else 0. */
export function unit(length: number, at: number): Float32Array {
  const e = new Float32Array(length);
  e[at] = 1;
  return e;
}
