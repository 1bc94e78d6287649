import { afterAll } from 'vitest';
import { Preprocessing } from '../../shared/plan.ts';
import { loadGraph, parseGraph, saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import type { ImageShape } from '../../src-main/model/differentiable.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import type { OpenModel } from '../../src-main/runtime/differentiable.ts';
import { openOriginal } from '../../src-main/runtime/original.ts';
import type { Original } from '../../src-main/runtime/original.ts';
import { uniform } from '../autodiff/gradient.ts';

const opened: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const model of opened) await model.close();
});

/** The derived graph and the original of one model, closed when the test file is done. `graph` may be a path. */
export async function openBoth(
  source: Graph | string,
  picture: ImageShape,
  spec: object = {},
  rows = 2,
): Promise<{ model: OpenModel; original: Original; graph: Graph }> {
  // A graph built in memory goes through bytes, as a file would.
  const graph = typeof source === 'string' ? loadGraph(source) : parseGraph(saveGraph(source).bytes);
  const request = { graph, input: findImageInput(graph, null), preprocessing: Preprocessing.parse(spec), provider: 'cpu' as const };
  const model = await openDifferentiable({ ...request, picture, rows });
  const original = await openOriginal({ ...request, output: model.pixels.output });
  opened.push(model, original);
  return { model, original, graph };
}

export function pictures({ channels, height, width }: ImageShape, count: number, seed = 4): Float32Array[] {
  const next = uniform(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length: channels * height * width }, next));
}
