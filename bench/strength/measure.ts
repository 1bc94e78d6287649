import { attackBatch } from '../../src-main/attacks/problem/batch.ts';
import type { ProblemImage } from '../../src-main/attacks/problem/problem.ts';
import type { Differentiable } from '../../src-main/model/differentiable.ts';
import type { Norm } from '../../shared/norms.ts';
import { valuesOf } from '../../src-main/model/differentiable.ts';

/** An attack or preset with options. */
export interface Contender {
  attack: string;
  options: Record<string, unknown>;
}

/** What one came to on some images: Infinity where it failed. */
export interface Reached {
  float: number[];
  eightBit: number[];
  /** Forward plus backward passes, per image. */
  passes: number;
  seconds: number;
  /** Of a preset: how many pictures each of its attacks found. */
  by: Record<string, number>;
}

/** The first `count` of some pictures that the model gets right. */
export async function rightOnes(model: Differentiable, pictures: readonly ProblemImage[], count: number): Promise<ProblemImage[]> {
  const features = valuesOf(model.shape);
  const right: ProblemImage[] = [];
  for (let start = 0; start < pictures.length && right.length < count; start += model.rows) {
    const block = pictures.slice(start, start + model.rows);
    const pixels = new Float32Array(model.rows * features);
    block.forEach((image, row) => pixels.set(image.pixels, row * features));
    const { logits } = await model.forward(pixels);
    block.forEach((image, row) => {
      const scores = logits.subarray(row * model.classes, (row + 1) * model.classes);
      if (scores.indexOf(Math.max(...scores)) === image.label) right.push(image);
    });
  }
  return right.slice(0, count);
}

export async function reach(
  model: Differentiable,
  images: readonly ProblemImage[],
  norm: Norm,
  eps: readonly number[],
  { attack, options }: Contender,
  seed = 0,
): Promise<Reached> {
  const began = performance.now();
  const gate = { check: () => undefined };
  const found = await attackBatch({ model, images, norm, eps, attack, options, seed, maxQueries: null, gate });
  const by: Record<string, number> = {};
  for (const finding of found) if (finding.by) by[finding.by] = (by[finding.by] ?? 0) + 1;
  return {
    float: found.map(({ float }) => float?.[norm] ?? Infinity),
    eightBit: found.map(({ eightBitDistances }) => eightBitDistances?.[norm] ?? Infinity),
    passes: found.reduce((sum, { forwards, backwards }) => sum + forwards + backwards, 0) / found.length,
    seconds: (performance.now() - began) / 1000 / found.length,
    by,
  };
}

/**
 * AttackBench's optimality (Cinà et al. 2025): A the area under robust accuracy against ε, up to the largest distance of the envelope (the
 * smallest of every image), A* the envelope's own: 1 - (A - A*) / (D - A*), of images that are all right when clean. 1: as good as all together.
 */
export function optimality(sizes: readonly number[], envelope: readonly number[]): number {
  const most = Math.max(...envelope.filter((size) => size < Infinity));
  const area = (values: readonly number[]): number => values.reduce((sum, size) => sum + Math.min(size, most), 0) / values.length;
  const [ours, best] = [area(sizes), area(envelope)];
  return most - best > 1e-6 * most ? 1 - (ours - best) / (most - best) : 1;
}
