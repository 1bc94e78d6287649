import { create } from '@bufbuild/protobuf';
import {
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorShapeProtoSchema,
  TensorShapeProto_DimensionSchema,
  TypeProtoSchema,
  TypeProto_TensorSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf';
import { attribute } from './attributes.ts';
import type { AttributeValue } from './attributes.ts';
import { DType } from './ir.ts';
import type { Graph, ValueFacts } from './ir.ts';
import { makeTensor } from './tensors.ts';

/** The operator set that derived graphs are written in; older models are lifted to it first (`upgrade`). */
export const WORKING_OPSET = 18;

/** An empty graph to build on. */
export function emptyGraph(name = 'graph', version: number = WORKING_OPSET): Graph {
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'hairline',
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(version) })],
    graph: { name },
  });
  return { model, inputs: [], outputs: [], nodes: [], initializers: new Map(), path: '' };
}

/** Type and shape of a named value; a string is a symbolic dimension. */
export function valueInfo(name: string, type: number, dims: readonly (number | string)[]): ValueInfoProto {
  const dim = dims.map((d) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof d === 'number' ? { case: 'dimValue', value: BigInt(d) } : { case: 'dimParam', value: d },
    }),
  );
  const tensor = create(TypeProto_TensorSchema, { elemType: type, shape: create(TensorShapeProtoSchema, { dim }) });
  return create(ValueInfoProtoSchema, { name, type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } }) });
}

export interface NodeOptions {
  /** Number of outputs (fresh names) or their names. */
  outputs?: number | string[];
  domain?: string;
  /** Part of fresh output names; the operator's name where absent. */
  hint?: string;
}

/**
 * Adds nodes and constants to a graph in place, with fresh names. Operators are written in the form
 * of `WORKING_OPSET`: axes, clip bounds, pads and the like are inputs.
 */
export class GraphBuilder {
  readonly graph: Graph;
  /** What is known of values; callers that know the shape of what they emit may add to it. */
  readonly facts: Map<string, ValueFacts>;
  /** Label of the model's node that new nodes stand for; it goes into their names, by which an error message finds it. */
  origin = 'hl';
  private readonly used = new Set<string>();
  private readonly counters = new Map<string, number>();
  private readonly constants = new Map<string, string>();

  constructor(graph: Graph = emptyGraph(), facts: Map<string, ValueFacts> = new Map()) {
    this.graph = graph;
    this.facts = facts;
    for (const v of graph.inputs) this.used.add(v.name);
    for (const name of graph.initializers.keys()) this.used.add(name);
    for (const node of graph.nodes) for (const output of node.output) this.used.add(output);
  }

  /** A name no value of the graph has. */
  fresh(hint: string): string {
    for (;;) {
      const n = (this.counters.get(hint) ?? 0) + 1;
      this.counters.set(hint, n);
      const name = `hl_${hint}_${n}`;
      if (!this.used.has(name)) {
        this.used.add(name);
        return name;
      }
    }
  }

  /** Keeps a name from being taken by `fresh`: a node that will be appended puts it out. */
  reserve(name: string): void {
    this.used.add(name);
  }

  /** The same for everything that nodes put out which will be appended, as they are or written anew. */
  reserveOutputs(nodes: readonly NodeProto[]): void {
    for (const node of nodes) for (const name of node.output) this.reserve(name);
  }

  /** Appends a node and gives the names of all its outputs. */
  nodes(op: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}, options: NodeOptions = {}): string[] {
    const hint = options.hint ?? op.toLowerCase();
    const wanted = options.outputs ?? 1;
    const output = typeof wanted === 'number' ? Array.from({ length: wanted }, () => this.fresh(hint)) : wanted;
    for (const name of output) this.used.add(name);
    this.graph.nodes.push(
      create(NodeProtoSchema, {
        opType: op,
        domain: options.domain ?? '',
        name: `${this.origin}/${output[0] ?? op}`,
        input: [...inputs],
        output,
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      }),
    );
    return output;
  }

  /** Appends a node with one output of interest and gives that output's name. */
  node(op: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}, options: NodeOptions = {}): string {
    return this.nodes(op, inputs, attributes, options)[0]!;
  }

  /** Appends a copy of an existing node message as it is. */
  append(node: NodeProto): void {
    for (const output of node.output) this.used.add(output);
    this.graph.nodes.push(node);
  }

  /** A constant as an initializer; equal small constants are shared. */
  constant(data: ArrayLike<number>, dims: readonly number[], type: DType = DType.float32, hint = 'const'): string {
    const key =
      data.length <= 64
        ? `${type}:${dims.join(',')}:${Array.from(data)
            .map((v) => (Object.is(v, -0) ? '-0' : v))
            .join(',')}`
        : '';
    const known = key ? this.constants.get(key) : undefined;
    if (known !== undefined) return known;
    const name = this.fresh(hint);
    this.graph.initializers.set(name, makeTensor(name, type, dims, data));
    this.facts.set(name, data.length <= 4096 ? { type, dims: [...dims], data } : { type, dims: [...dims] });
    if (key) this.constants.set(key, name);
    return name;
  }

  /** A tensor message as an initializer under a fresh name. */
  tensor(tensor: TensorProto): string {
    this.used.add(tensor.name);
    this.graph.initializers.set(tensor.name, tensor);
    return tensor.name;
  }

  scalar(value: number, type: DType = DType.float32): string {
    return this.constant([value], [], type, 'scalar');
  }

  /** One-dimensional int64 constant: axes, shapes, pads. */
  ints(values: readonly number[]): string {
    return this.constant(values, [values.length], DType.int64, 'ints');
  }

  input(name: string, type: DType, dims: readonly (number | string)[]): string {
    this.used.add(name);
    this.graph.inputs.push(valueInfo(name, type, dims));
    if (dims.every((d) => typeof d === 'number')) this.facts.set(name, { type, dims: dims as number[] });
    return name;
  }

  /** Declares a value as an output of the graph, under its own name. */
  output(name: string, type: DType, dims: readonly (number | string)[]): string {
    this.graph.outputs.push(valueInfo(name, type, dims));
    return name;
  }
}
