import { elementCount, tensorNumbers } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';

/** A single constant number of a graph; null for what is computed, or holds several. */
export function constantOf(name: string, { graph }: { graph: Graph }): number | null {
  const tensor = graph.initializers.get(name);
  return tensor && elementCount(tensor.dims.map(Number)) === 1 ? Number(tensorNumbers(tensor, graph)[0]) : null;
}

/** Whether a value is one of the file's own numbers, one or several. */
export const isConstant = (name: string, { graph }: { graph: Graph }): boolean => graph.initializers.has(name);
