import { create } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import type { NodeProto } from 'onnx-buf';
import { int } from './attributes.ts';
import { GraphBuilder } from './builder.ts';
import type { Graph, ValueFacts } from './ir.ts';

/**
 * Lets a Reshape whose shape begins with the batch the model was exported with (`[1, 256]`, mostly) copy that dimension
 * from its input instead. At the model's own batch this is the same by construction; at another one it is what the
 * exporter meant, and has to be tried: see `chooseRows`.
 *
 * @param facts of the graph, traced with its own batch
 * @param own that batch
 */
export function freeBatch(graph: Graph, facts: ReadonlyMap<string, ValueFacts>, own: number): Graph {
  const builder = new GraphBuilder({ ...graph, nodes: [], initializers: new Map(graph.initializers) });
  builder.reserveOutputs(graph.nodes);
  for (const node of graph.nodes) {
    const [value = '', shape = ''] = node.input;
    const to = Array.from(facts.get(shape)?.data ?? []);
    // With `allowzero` a 0 means an empty tensor.
    const empty = int(node, 'allowzero', 0) === 1 && to.includes(0);
    const fixed = node.opType === 'Reshape' && to[0] === own && facts.get(value)?.dims[0] === own && !empty;
    builder.append(fixed ? freed(node, [value, builder.ints([0, ...to.slice(1)])]) : node);
  }
  return builder.graph;
}

/** 0 stands for the dimension of the input. */
function freed(node: NodeProto, input: string[]): NodeProto {
  return Object.assign(create(NodeProtoSchema), node, { input, attribute: node.attribute.filter((a) => a.name !== 'allowzero') });
}
