import { readsOf } from '../bodies.ts';
import { absorb } from './absorb.ts';
import { unroll } from './control.ts';
import { DType } from '../ir.ts';
import type { Graph, ValueFacts } from '../ir.ts';
import { makeTensor } from '../tensors.ts';

const WRITABLE: ReadonlySet<number> = new Set([
  DType.float32,
  DType.float64,
  DType.int32,
  DType.int64,
  DType.uint8,
  DType.int8,
  DType.bool,
  DType.int16,
  DType.uint16,
]);

/**
 * Replaces values that are known constants (shape arithmetic, mostly) by initializers, and drops nodes and initializers
 * that no output of the graph needs. A constant that is itself an output of the graph keeps its node. Normalisations are
 * taken into the convolutions before them (see `absorb`), so values between the two disappear; trace the result anew.
 */
export function fold(graph: Graph, facts: ReadonlyMap<string, ValueFacts>): Graph {
  return absorb(foldConstants(unroll(graph, facts), facts), facts);
}

function foldConstants(graph: Graph, facts: ReadonlyMap<string, ValueFacts>): Graph {
  const outputs = new Set(graph.outputs.map((o) => o.name));
  const constant = (name: string) => {
    const known = facts.get(name);
    return known?.data !== undefined && WRITABLE.has(known.type) && !outputs.has(name);
  };
  const needed = new Set(outputs);
  const nodes = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.output.some((o) => needed.has(o) && !constant(o))) continue;
    nodes.push(node);
    for (const name of readsOf(node)) needed.add(name);
  }
  nodes.reverse();
  const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
  const produced = new Set(nodes.flatMap((n) => n.output));
  for (const name of needed) {
    if (initializers.has(name) || produced.has(name) || !constant(name)) continue;
    const { type, dims, data } = facts.get(name)!;
    initializers.set(name, makeTensor(name, type as DType, dims, data!));
  }
  return { ...graph, nodes, initializers };
}
