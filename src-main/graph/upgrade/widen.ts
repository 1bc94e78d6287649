import { clone } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import type { NodeProto, ValueInfoProto } from 'onnx-buf';
import { GraphBuilder, valueInfo } from '../builder.ts';
import { declaredShape } from '../inspect.ts';
import { DType } from '../ir.ts';
import type { Graph } from '../ir.ts';
import { makeTensor, tensorDims, tensorNumbers } from '../tensors.ts';

const isHalf = (type: number): boolean => type === DType.float16 || type === DType.bfloat16;

/**
 * The same graph computing in float32 where it computed in 16 bits, whose range a gradient leaves at both ends.
 * Weights are cast by nodes that onnxruntime folds, so they are still read from the file as they are; an input keeps
 * its type and with it the rounding of the pixels. Values keep their names; outputs in 16 bits are now float32.
 */
export function widen(graph: Graph): Graph {
  const halves = new Set([...graph.inputs.filter((v) => isHalf(declaredShape(v).type)).map((v) => v.name)]);
  for (const [name, tensor] of graph.initializers) if (isHalf(tensor.dataType)) halves.add(name);
  const speaks = graph.nodes.some((node) =>
    node.attribute.some((a) => (a.t && isHalf(a.t.dataType)) || ((a.name === 'to' || a.name === 'dtype') && isHalf(Number(a.i)))),
  );
  if (halves.size === 0 && !speaks) return graph;
  const builder = new GraphBuilder({ ...graph, outputs: graph.outputs.map(widenOutput), initializers: new Map(graph.initializers) });
  builder.reserveOutputs(graph.nodes);
  builder.graph.nodes = [];
  const wide = new Map<string, string>();
  const read = (name: string): string => {
    if (!halves.has(name)) return name;
    let cast = wide.get(name);
    if (cast === undefined) wide.set(name, (cast = builder.node('Cast', [name], { to: DType.float32 }, { hint: 'wide' })));
    return cast;
  };
  for (const node of graph.nodes) {
    const input = node.input.map(read);
    builder.append(widenNode(node, input));
  }
  return builder.graph;
}

/**
 * What onnxruntime's CPU runs in place of a model in bfloat16, for which it has hardly any kernels: the same graph in float32,
 * fed with float32 that is rounded to the 16 bits the model asks for. Other models as they are.
 */
export function withoutBfloat16(graph: Graph): Graph {
  const is = (type: number) => type === DType.bfloat16;
  const inputs = graph.inputs.filter((v) => is(declaredShape(v).type));
  const speaks = graph.nodes.some((node) =>
    node.attribute.some((a) => (a.t && is(a.t.dataType)) || ((a.name === 'to' || a.name === 'dtype') && is(Number(a.i)))),
  );
  if (inputs.length === 0 && !speaks && ![...graph.initializers.values()].some((t) => is(t.dataType))) return graph;
  const wide = widen(graph);
  const builder = new GraphBuilder({
    ...wide,
    nodes: [],
    inputs: wide.inputs.map((v) => (inputs.includes(v) ? valueInfo(v.name, DType.float32, declaredShape(v).dims) : v)),
  });
  builder.reserveOutputs(wide.nodes);
  const rounded = new Map(inputs.map((v) => [v.name, builder.node('Cast', [v.name], { to: DType.bfloat16 }, { hint: 'rounded' })]));
  // Only the casts that `widen` put behind the inputs read them.
  for (const node of wide.nodes)
    builder.append(
      node.input.some((i) => rounded.has(i))
        ? Object.assign(clone(NodeProtoSchema, node), { input: node.input.map((i) => rounded.get(i) ?? i) })
        : node,
    );
  return builder.graph;
}

/** The node with other inputs, and float32 wherever its attributes name a 16-bit type. */
function widenNode(node: NodeProto, input: string[]): NodeProto {
  const copy = clone(NodeProtoSchema, node);
  copy.input = input;
  for (const a of copy.attribute) {
    if ((a.name === 'to' || a.name === 'dtype') && isHalf(Number(a.i))) a.i = BigInt(DType.float32);
    if (a.t && isHalf(a.t.dataType)) a.t = makeTensor(a.t.name, DType.float32, tensorDims(a.t), tensorNumbers(a.t));
  }
  return copy;
}

function widenOutput(output: ValueInfoProto): ValueInfoProto {
  const { type, dims } = declaredShape(output);
  return isHalf(type) ? valueInfo(output.name, DType.float32, dims) : output;
}
