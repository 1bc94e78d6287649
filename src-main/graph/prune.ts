import { readsOf } from './bodies.ts';
import type { Graph } from './ir.ts';

/**
 * Keeps the nodes, inputs and initializers that the graph's outputs need, in place:
 * onnxruntime runs every node it is given, wanted or not.
 */
export function prune(graph: Graph): void {
  const needed = new Set(graph.outputs.map((o) => o.name));
  const kept = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.output.some((o) => needed.has(o))) continue;
    kept.push(node);
    for (const name of readsOf(node)) needed.add(name);
  }
  graph.nodes = kept.reverse();
  graph.inputs = graph.inputs.filter((i) => needed.has(i.name));
  graph.initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
}
