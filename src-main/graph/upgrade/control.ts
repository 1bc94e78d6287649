import type { NodeProto } from 'onnx-buf';
import { GraphBuilder } from '../builder.ts';
import { nodeLabel } from '../ir.ts';
import type { Graph, ValueFacts } from '../ir.ts';
import { courseOf, isControl } from './courses.ts';
import { Pen } from './pen.ts';

/**
 * The graph with If, Loop and Scan written out where their course is known beforehand: the branch that is always taken, the
 * body as often as it runs. What depends on the image's values is left, and refused by name when it is differentiated.
 */
export function unroll(graph: Graph, facts: ReadonlyMap<string, ValueFacts>): Graph {
  if (!graph.nodes.some(isControl)) return graph;
  const builder = new GraphBuilder({ ...graph, initializers: new Map(graph.initializers) });
  builder.reserveOutputs(graph.nodes);
  builder.graph.nodes = [];
  const written = { nodes: 0 };
  let changed = false;
  const put = (node: NodeProto): void => {
    const course = isControl(node) ? courseOf(node, builder.graph, facts) : 'no control flow';
    if (typeof course === 'string') return builder.append(node);
    changed = true;
    const around = builder.origin;
    builder.origin = nodeLabel(node);
    course(new Pen(node, builder, put, written));
    builder.origin = around;
  };
  for (const node of graph.nodes) put(node);
  return changed ? builder.graph : graph;
}

/**
 * The same until nothing is left that could be written out, with the facts of what has become of it: what a step of a loop makes of
 * its number may decide a branch in its body, and what stands in a body is brought to today's forms by the dimensions it gets there.
 * @param trace asked for the facts of a graph's values
 */
export async function unrolled(
  graph: Graph,
  trace: (graph: Graph) => Promise<Map<string, ValueFacts>>,
): Promise<{ graph: Graph; facts: Map<string, ValueFacts> }> {
  const facts = await trace(graph);
  const written = unroll(graph, facts);
  return written === graph ? { graph, facts } : unrolled(written, trace);
}
