import type { Graph } from './ir.ts';
import { elementBytes, elementsOf } from './tensors.ts';

/**
 * From here on memory counts more than time: weights are read where they lie in the file, by the forward pass and the
 * adjoint alike, and neither packed for the processor nor turned around, since each of these would be one more copy.
 */
const LARGE = 256 * 2 ** 20;

/** Whether a graph has so many weights that they should be in memory only once. */
export function isLarge(graph: Graph): boolean {
  let bytes = 0;
  for (const tensor of graph.initializers.values()) bytes += elementsOf(tensor) * elementBytes(tensor.dataType);
  return bytes >= LARGE;
}
