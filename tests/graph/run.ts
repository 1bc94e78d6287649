import { declaredShape } from '../../src-main/graph/index.ts';
import type { Graph, SavedGraph } from '../../src-main/graph/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import { uniform } from '../autodiff/gradient.ts';

/** The published test models beside the repository; only some machines have them. */
export const MODELS = '../shared/models';

/** Seeded pixels for every input of a graph, free dimensions as 1 (spatial ones as `side`). */
export function feedsFor(graph: Graph, side = 32): Record<string, InstanceType<typeof Tensor>> {
  return Object.fromEntries(
    graph.inputs.map((input) => {
      const dims = declaredShape(input).dims.map((d, i) => (typeof d === 'number' ? d : i > 1 ? side : 1));
      const next = uniform(3);
      return [input.name, new Tensor('float32', Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, next), dims)];
    }),
  );
}

/** First output of a model. */
export async function outputOf(model: SavedGraph | string, feeds: Record<string, InstanceType<typeof Tensor>>): Promise<Float32Array> {
  const session = await openSession(model);
  const out = await session.run(feeds, [session.outputNames[0]!]);
  await session.release();
  return out[session.outputNames[0]!]!.data as Float32Array;
}
