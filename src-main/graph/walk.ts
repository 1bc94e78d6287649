import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto } from 'onnx-buf';

/** The bodies that an attribute holds: of If, Loop and Scan. */
export const bodiesOf = (attribute: AttributeProto): GraphProto[] => (attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs);

/** Nodes with those of their bodies, and theirs, in no order; walked without recursion, whatever the depth. */
export function* nodesWithin(nodes: readonly NodeProto[]): Generator<NodeProto> {
  const open: (readonly NodeProto[])[] = [nodes];
  for (let list = open.pop(); list; list = open.pop())
    for (const node of list) {
      yield node;
      for (const attribute of node.attribute) for (const body of bodiesOf(attribute)) open.push(body.node);
    }
}

/** The node that puts out each value. */
export function producersOf(nodes: readonly NodeProto[]): Map<string, NodeProto> {
  return new Map(nodes.flatMap((node) => node.output.flatMap((name) => (name === '' ? [] : [[name, node] as const]))));
}

/** Every tensor that a model holds: of the graph, its bodies, and its functions. */
export function* tensorsOf(model: ModelProto): Generator<TensorProto> {
  if (model.graph) yield* ofGraph(model.graph);
  for (const { attributeProto } of model.functions) for (const attribute of attributeProto) yield* ofAttribute(attribute);
  for (const nodes of [model.graph?.node ?? [], ...model.functions.map((f) => f.node)])
    for (const node of nodesWithin(nodes)) for (const attribute of node.attribute) yield* ofAttribute(attribute);
}

function* ofGraph(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  for (const { values, indices } of graph.sparseInitializer) for (const part of [values, indices]) if (part) yield part;
}

function* ofAttribute(attribute: AttributeProto): Generator<TensorProto> {
  if (attribute.t) yield attribute.t;
  yield* attribute.tensors;
  for (const sparse of attribute.sparseTensor ? [attribute.sparseTensor, ...attribute.sparseTensors] : attribute.sparseTensors)
    for (const part of [sparse.values, sparse.indices]) if (part) yield part;
  for (const body of bodiesOf(attribute)) yield* ofGraph(body);
}
