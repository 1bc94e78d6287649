import type { Differentiable } from '../model/differentiable.ts';
import { RepeatedImage, unit } from '../attacks/problem/repeated-image.ts';
import type { Gate } from '../attacks/problem/counted.ts';
import type { ProblemImage } from '../attacks/problem/problem.ts';
import { dot } from '../attacks/outputs/jacobian.ts';

export interface SensitivityRequest {
  model: Differentiable;
  image: ProblemImage;
  /** Outputs: random probes for the columns' lengths where there are more features than this or values in the output. */
  probes: number;
  gate: Gate;
}

/** What all maps of one image have in common, however it is cut and however far it may be changed: derivatives at the image itself. */
export class Sensitivity {
  readonly copies: RepeatedImage;
  readonly margin: number;
  readonly gradient: Float32Array;
  /** ‖J_k‖² of each feature, once measured; outputs only. */
  powers: Float64Array | null = null;
  private readonly request: SensitivityRequest;

  private constructor(request: SensitivityRequest, copies: RepeatedImage, margin: number, gradient: Float32Array) {
    this.request = request;
    this.copies = copies;
    this.margin = margin;
    this.gradient = gradient;
  }

  static async at(request: SensitivityRequest): Promise<Sensitivity> {
    const copies = new RepeatedImage(request.model, request.image, 'map', request.gate);
    const { margin, gradient } = await copies.gradient();
    return new Sensitivity(request, copies, margin, gradient);
  }

  /** Measures `powers`, a block of rows at a time: by random probes, row by row, or column by column, whichever is least work. */
  async *measure(): AsyncGenerator<{ done: number; total: number }, void> {
    const { model, image, probes, gate } = this.request;
    // Of its own, so that a measurement begun anew draws the same probes.
    const copies = new RepeatedImage(model, image, 'map', gate);
    const [features, values] = [image.pixels.length, model.products!.width];
    const powers = new Float64Array(features);
    const add =
      (share: number) =>
      (g: Float32Array): void =>
        g.forEach((v, k) => (powers[k]! += v * v * share));
    const total = Math.min(features, values, probes);
    if (Math.min(features, values) > probes) {
      const signs = (random: () => number): Float32Array => Float32Array.from({ length: values }, () => (random() < 0.5 ? -1 : 1));
      for await (const done of copies.pulls(probes, signs, add(1 / probes))) yield { done, total };
    } else if (values <= features) {
      for await (const done of copies.pulls(values, (_, i) => unit(values, i), add(1))) yield { done, total };
    } else {
      for (let start = 0; start < features; start += copies.rows) {
        const here = Array.from({ length: Math.min(copies.rows, features - start) }, (_, k) => start + k);
        (await copies.columns(here)).forEach((column, k) => (powers[start + k] = dot(column, column)));
        yield { done: start + here.length, total };
      }
    }
    this.powers = powers;
  }
}
