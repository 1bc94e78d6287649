import { create } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import type { NodeProto } from 'onnx-buf';
import type { Graph } from '../graph/index.ts';

/** What onnxruntime's WebGPU provider (1.30) takes on and then cannot run: a MaxPool that is asked for its indices. */
const fails = (node: NodeProto) => node.opType === 'MaxPool' && (node.output[1] ?? '') !== '';

/**
 * The same graph with a name on every node that WebGPU has to leave to the CPU, and those names:
 * the provider is told by name what not to take.
 */
export function leaveToCpu(graph: Graph): { graph: Graph; names: string[] } {
  const names: string[] = [];
  const nodes = graph.nodes.map((node) => {
    if (!fails(node)) return node;
    const name = `hl/cpu/${names.length}`;
    names.push(name);
    return Object.assign(create(NodeProtoSchema), node, { name });
  });
  return { graph: { ...graph, nodes }, names };
}
