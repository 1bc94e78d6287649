import { clone } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import { declaredShape, DType, makeTensor, tensorDims, tensorNumbers, valueInfo } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';

/** The same graph in float64 wherever it was in float32: for functions so flat or so full of kinks that float32 tells nothing of their slope. */
export function doubled(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) => {
    const copy = clone(NodeProtoSchema, node);
    for (const a of copy.attribute) {
      if ((a.name === 'to' || a.name === 'dtype') && Number(a.i) === DType.float32) a.i = BigInt(DType.float64);
      if (a.t?.dataType === DType.float32) a.t = makeTensor(a.t.name, DType.float64, tensorDims(a.t), tensorNumbers(a.t));
    }
    return copy;
  });
  const initializers = new Map(
    [...graph.initializers].map(
      ([name, t]) =>
        [name, t.dataType === DType.float32 ? makeTensor(name, DType.float64, tensorDims(t), tensorNumbers(t, graph)) : t] as const,
    ),
  );
  const inputs = graph.inputs.map((v) =>
    declaredShape(v).type === DType.float32 ? valueInfo(v.name, DType.float64, declaredShape(v).dims) : v,
  );
  return { ...graph, nodes, initializers, inputs };
}
