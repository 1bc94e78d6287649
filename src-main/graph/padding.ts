import type { Graph } from './ir.ts';
import { nodesWithin } from './walk.ts';

const POOLS = ['MaxPool', 'AveragePool'];

/**
 * Whether a pool reads what a Pad has written. onnxruntime makes one node of the two wherever it knows the padding beforehand, and
 * is wrong twice: zeros around a MaxPool become padding, which is never the maximum, and a Pad that is as wide as the window is
 * refused. Derived graphs have fixed sizes, so it knows more paddings there than in the file.
 */
export function poolsPadding(graph: Graph): boolean {
  const padded = new Set<string>();
  for (const node of nodesWithin(graph.nodes)) if (node.opType === 'Pad') padded.add(node.output[0]!);
  if (padded.size === 0) return false;
  for (const node of nodesWithin(graph.nodes)) if (POOLS.includes(node.opType) && padded.has(node.input[0]!)) return true;
  return false;
}
