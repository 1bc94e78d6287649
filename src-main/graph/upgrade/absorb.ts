import { clone } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import type { NodeProto } from 'onnx-buf';
import { float, int } from '../attributes.ts';
import { readsOf } from '../bodies.ts';
import { GraphBuilder } from '../builder.ts';
import { DType } from '../ir.ts';
import type { Graph, ValueFacts } from '../ir.ts';
import { producersOf } from '../walk.ts';

/**
 * Takes a BatchNormalization that follows a convolution into the convolution's weights and bias (Jacob et al. 2018,
 * section 3.2), as onnxruntime does for the forward pass anyway. Done before differentiating, the adjoint is one convolution
 * too, and not a convolution and a scaling. The new weights are written as nodes, which onnxruntime folds: nothing is copied.
 */
export function absorb(graph: Graph, facts: ReadonlyMap<string, ValueFacts>): Graph {
  const readers = new Map<string, number>();
  for (const node of graph.nodes) for (const input of readsOf(node)) readers.set(input, (readers.get(input) ?? 0) + 1);
  for (const output of graph.outputs) readers.set(output.name, (readers.get(output.name) ?? 0) + 1);
  const producers = producersOf(graph.nodes);
  // Weights in 16 bits are cast first (see `widen`).
  const constant = (name: string) =>
    graph.initializers.has(name) || (producers.get(name)?.opType === 'Cast' && graph.initializers.has(producers.get(name)!.input[0]!));
  const convOf = (bn: NodeProto): NodeProto | null => {
    const conv = producers.get(bn.input[0]!);
    const fits = conv?.opType === 'Conv' && conv.domain === '' && readers.get(conv.output[0]!) === 1;
    const fixed = [...bn.input.slice(1), ...(conv?.input.slice(1) ?? [])].every((name) => name === '' || constant(name));
    return fits && fixed && facts.get(bn.input[0]!)?.type === DType.float32 && int(bn, 'training_mode', 0) === 0 ? conv : null;
  };
  const absorbed = new Map<NodeProto, NodeProto>();
  for (const node of graph.nodes) {
    const conv = node.opType === 'BatchNormalization' && node.domain === '' ? convOf(node) : null;
    if (conv) absorbed.set(conv, node);
  }
  if (absorbed.size === 0) return graph;
  const builder = new GraphBuilder({ ...graph, initializers: new Map(graph.initializers) });
  const gone = new Set(absorbed.values());
  builder.graph.nodes = [];
  for (const node of graph.nodes) {
    const bn = absorbed.get(node);
    if (bn) merge(builder, node, bn, facts);
    else if (!gone.has(node)) builder.append(node);
  }
  return builder.graph;
}

/** W' = W f and b' = shift + (b - mean) f, with f = scale / sqrt(variance + epsilon) per output channel. */
function merge(builder: GraphBuilder, conv: NodeProto, bn: NodeProto, facts: ReadonlyMap<string, ValueFacts>): void {
  const [, scale, shift, mean, variance] = bn.input as [string, string, string, string, string];
  const put = (op: string, ...inputs: string[]) => builder.node(op, inputs, {}, { hint: 'absorbed' });
  const factor = put('Div', scale, put('Sqrt', put('Add', variance, builder.scalar(float(bn, 'epsilon', 1e-5)))));
  const weights = conv.input[1]!;
  const column = facts.get(weights)!.dims.map((_, i) => (i === 0 ? -1 : 1));
  const merged = clone(NodeProtoSchema, conv);
  const bias = conv.input[2];
  const offset = put('Mul', bias ? put('Sub', bias, mean) : put('Neg', mean), factor);
  merged.input = [conv.input[0]!, put('Mul', weights, put('Reshape', factor, builder.ints(column))), put('Add', shift, offset)];
  merged.output = [bn.output[0]!];
  builder.append(merged);
}
