import type { ModelProto, NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf';

/** Element types by their ONNX number (TensorProto.DataType), for the types image models use. */
export const DType = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;
export type DType = (typeof DType)[keyof typeof DType];

export const DTYPE_NAME: Record<number, string> = Object.fromEntries(Object.entries(DType).map(([name, n]) => [n, name]));

/** Whether a value of this type can carry a derivative. */
export function isFloat(type: number): boolean {
  return type === DType.float32 || type === DType.float64 || type === DType.float16 || type === DType.bfloat16;
}

/** What is known of a value at the fixed input shape: its type, its dimensions, and, for small tensors that no image reaches, its content. */
export interface ValueFacts {
  type: number;
  dims: number[];
  /** Present for constants only (initializers and values folded from them). */
  data?: ArrayLike<number>;
}

/** Finds out everything `ValueFacts` holds, for every value of a graph, at fixed dimensions of its inputs. */
export type Tracer = (graph: Graph, dims: Record<string, number[]>) => Promise<Map<string, ValueFacts>>;

/**
 * An ONNX graph as data. Nodes and tensors are the protobuf messages themselves, so unknown fields
 * survive; the bytes of a weight stay in the file, and its tensor says where, as external data.
 */
export interface Graph {
  /** The model the graph came from: opset imports, functions, metadata. */
  model: ModelProto;
  /** True inputs: initializers that older files list among the inputs are left out. */
  inputs: ValueInfoProto[];
  outputs: ValueInfoProto[];
  /** In topological order. */
  nodes: NodeProto[];
  initializers: Map<string, TensorProto>;
  /** Absolute path of the file; empty for a graph built in memory. */
  path: string;
}

/** Version of the operator set the graph imports for a domain ('' is ai.onnx); 0 where it imports none. */
export function opset(graph: Graph, domain = ''): number {
  for (const entry of graph.model.opsetImport)
    if (entry.domain === domain || (domain === '' && entry.domain === 'ai.onnx')) return Number(entry.version);
  return 0;
}

/** Name of an operator with its domain where that is not ONNX's own: `Conv`, `com.microsoft:QGemm`. */
export function operatorName(node: NodeProto): string {
  return node.domain === '' || node.domain === 'ai.onnx' ? node.opType : `${node.domain}:${node.opType}`;
}

/** A node as an error message names it; one that was made of another by that other's name (see `GraphBuilder.origin`). */
export function nodeLabel(node: NodeProto): string {
  return node.name.replace(/(?<!^hl)\/hl_\w+$/, '') || node.output.find((o) => o !== '') || '(unnamed)';
}
