import type { Differentiable } from '../../model/differentiable.ts';
import { rowsOf } from '../attack.ts';
import { CountedProblem } from './counted.ts';
import type { Gate } from './counted.ts';
import type { ProblemImage } from './problem.ts';

/** What the model says of a changed image. */
export interface Verdict {
  delta: Float32Array;
  margin: number;
  success: boolean;
}

/**
 * A problem of as many copies of one image as a block has rows, so that no row is idle when many things are asked of it.
 * @throws Cancelled from every question when the gate says so; Error where the model gives no numbers
 */
export class RepeatedImage {
  private readonly problem: CountedProblem;

  /** @param stream names the random vectors */
  constructor(model: Differentiable, image: ProblemImage, stream: string, gate: Gate) {
    const images = Array.from({ length: model.rows }, () => image);
    this.problem = new CountedProblem(model, images, { norm: 'linf', stream, limits: null, gate });
  }

  /** Rows of a block. */
  get rows(): number {
    return this.problem.count;
  }

  /** Margin and its gradient at the image itself. */
  async gradient(): Promise<{ margin: number; gradient: Float32Array }> {
    const { problem } = this;
    const one = this.first(1);
    const { gradient } = await problem.gradient(new Float32Array(problem.clean.length), 'margin', one);
    const g = gradient.slice(0, problem.features);
    const { margin } = await problem.query(new Float32Array(problem.clean.length), one);
    this.sound();
    return { margin: margin[0]!, gradient: g };
  }

  async judge(deltas: readonly Float32Array[]): Promise<Verdict[]> {
    const out: Verdict[] = [];
    for (let start = 0; start < deltas.length; start += this.rows) {
      const here = deltas.slice(start, start + this.rows);
      const { margin, success } = await this.problem.query(this.block(here), this.first(here.length));
      this.sound();
      here.forEach((delta, row) => out.push({ delta, margin: margin[row]!, success: success[row] === 1 }));
    }
    return out;
  }

  /** Jv for unit vectors v: columns of the Jacobian. */
  async columns(features: readonly number[]): Promise<Float32Array[]> {
    const out: Float32Array[] = [];
    const { problem } = this;
    for (let start = 0; start < features.length; start += this.rows) {
      const here = features.slice(start, start + this.rows).map((k) => unit(problem.features, k));
      const { tangent } = await problem.jvp(new Float32Array(problem.clean.length), this.block(here), this.first(here.length));
      this.sound();
      out.push(...rowsOf(tangent, problem.count).slice(0, here.length));
    }
    return out;
  }

  /** J'u for several u, a block at a time; each block gives how many are done. */
  async *pulls(
    count: number,
    u: (random: () => number, i: number) => Float32Array,
    visit: (gradient: Float32Array) => void,
  ): AsyncGenerator<number, void> {
    const { problem } = this;
    const random = problem.random(0);
    for (let start = 0; start < count; start += this.rows) {
      const here = Array.from({ length: Math.min(this.rows, count - start) }, (_, i) => u(random, start + i));
      const { gradient } = await problem.vjp(new Float32Array(problem.clean.length), this.block(here), this.first(here.length));
      this.sound();
      rowsOf(gradient, problem.count).slice(0, here.length).forEach(visit);
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
    const reason = this.problem.failure.find((failure) => failure !== null);
    if (reason) throw new Error(reason);
  }
}

/** 1 at one place, else 0. */
export function unit(length: number, at: number): Float32Array {
  const e = new Float32Array(length);
  e[at] = 1;
  return e;
}
