import { create } from '@bufbuild/protobuf';
import { NodeProtoSchema, ValueInfoProtoSchema } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { declaredShape, DType, elementCount, halfToFloat, prune, saveGraph, tensorDims, tensorNumbers, valueInfo } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';
import { ONNX_TYPE, openSession, ORT_TYPE, ortReason, Tensor } from './ort.ts';
import type { OrtTensor } from './ort.ts';

/** Constants up to this many elements are read out; shape arithmetic, scales and clip bounds are far smaller. */
const SMALL = 4096;

/**
 * Asks onnxruntime for the type and dimensions of every value of a graph at fixed input dimensions,
 * and for the content of every small value that does not depend on an input's pixels. The library
 * that will run the graph is the only authority on its shapes, so there is no shape inference of our own
 * that could disagree with it.
 *
 * @param dims dimensions of each input, by name
 * @throws UserError when the graph does not run at these dimensions.
 */
export async function traceFacts(graph: Graph, dims: Record<string, number[]>): Promise<Map<string, ValueFacts>> {
  const facts = new Map<string, ValueFacts>();
  for (const [name, tensor] of graph.initializers) {
    const shape = tensorDims(tensor);
    const small = elementCount(shape) <= SMALL && tensor.dataType !== DType.string;
    facts.set(name, small ? { type: tensor.dataType, dims: shape, data: tensorNumbers(tensor, graph) } : { type: tensor.dataType, dims: shape });
  }
  const feeds: Record<string, OrtTensor> = {};
  for (const input of graph.inputs) {
    const { type } = declaredShape(input);
    const shape = dims[input.name];
    if (!shape) throw new UserError(`The model has an input ${input.name} that got no value.`);
    facts.set(input.name, { type, dims: shape });
    feeds[input.name] = zeros(type, shape);
  }
  const fixed: Graph = { ...graph, inputs: graph.inputs.map((i) => valueInfo(i.name, declaredShape(i).type, dims[i.name]!)) };
  const inferred = await inferValues(fixed);
  const constant = constantValues(graph);
  const probe: Graph = { ...fixed, nodes: [...graph.nodes], outputs: [] };
  const missing: { name: string; shape: string | null; content: boolean }[] = [];
  for (const [name, { type, dims: known }] of inferred) {
    const content = constant.has(name) && type !== DType.string && (known === null || elementCount(known) <= SMALL);
    if (known !== null) facts.set(name, { type, dims: known });
    if (known !== null && !content) continue;
    const shape = known === null ? `hl_shape_of:${name}` : null;
    if (shape !== null) {
      probe.nodes.push(create(NodeProtoSchema, { opType: 'Shape', name: shape, input: [name], output: [shape] }));
      probe.outputs.push(valueInfo(shape, DType.int64, ['?']));
    }
    if (content) probe.outputs.push(create(ValueInfoProtoSchema, { name }));
    missing.push({ name, shape, content });
  }
  if (missing.length === 0) return facts;
  prune(probe); // a probe for shape arithmetic must not run the network
  const session = await openSession(saveGraph(probe), { optimize: false });
  try {
    const out = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!])));
    for (const { name, shape, content } of missing) {
      const type = inferred.get(name)!.type;
      const size = shape === null ? facts.get(name)!.dims : Array.from(out[shape]!.data as BigInt64Array, Number);
      const value: ValueFacts = { type, dims: size };
      if (content && elementCount(size) <= SMALL) value.data = numbersOf(out[name]!);
      facts.set(name, value);
    }
  } catch (error) {
    throw new UserError(`The model does not run on an input of shape ${shapesText(graph, dims)}: ${ortReason(error)}`);
  } finally {
    await session.release();
  }
  return facts;
}

function shapesText(graph: Graph, dims: Record<string, number[]>): string {
  return graph.inputs.map((i) => `[${(dims[i.name] ?? []).join(', ')}]`).join(' and ');
}

/** Element type and, where onnxruntime can infer them, dimensions of every tensor a node puts out; sequences and maps are left out. */
async function inferValues(graph: Graph): Promise<Map<string, { type: number; dims: number[] | null }>> {
  const names = graph.nodes.flatMap((n) => n.output.filter((o) => o !== ''));
  const probe: Graph = { ...graph, outputs: names.map((name) => create(ValueInfoProtoSchema, { name })) };
  const session = await openSession(saveGraph(probe), { optimize: false });
  try {
    const values = new Map<string, { type: number; dims: number[] | null }>();
    for (const meta of session.outputMetadata)
      if (meta.isTensor) {
        // The binding gives an unknown rank as no dimensions at all, just like a scalar: ask by running.
        const known = meta.shape.length > 0 && meta.shape.every((d) => typeof d === 'number' && d >= 0);
        values.set(meta.name, { type: ONNX_TYPE[meta.type] ?? 0, dims: known ? (meta.shape as number[]) : null });
      }
    return values;
  } finally {
    await session.release();
  }
}

/** Names of values that no pixel reaches. The shape of a value is constant even where its content is not. */
function constantValues(graph: Graph): Set<string> {
  const constant = new Set<string>(graph.initializers.keys());
  constant.add('');
  for (const node of graph.nodes) {
    const shapeOnly = (node.opType === 'Shape' || node.opType === 'Size') && node.domain === '';
    const random = /^(Random|Multinomial|Bernoulli)/.test(node.opType);
    const hasBody = node.attribute.some((a) => a.g || a.graphs.length > 0);
    if (shapeOnly || (!random && !hasBody && node.input.every((i) => constant.has(i)))) for (const output of node.output) constant.add(output);
  }
  for (const input of graph.inputs) constant.delete(input.name);
  constant.delete('');
  return constant;
}

/** A tensor of zeros as onnxruntime-node takes it. */
export function zeros(type: number, dims: readonly number[]): OrtTensor {
  const count = elementCount(dims);
  const name = ORT_TYPE[type];
  switch (name) {
    case 'float32':
      return new Tensor('float32', new Float32Array(count), dims);
    case 'float64':
      return new Tensor('float64', new Float64Array(count), dims);
    case 'int64':
      return new Tensor('int64', new BigInt64Array(count), dims);
    case 'int32':
      return new Tensor('int32', new Int32Array(count), dims);
    case 'uint8':
      return new Tensor('uint8', new Uint8Array(count), dims);
    case 'int8':
      return new Tensor('int8', new Int8Array(count), dims);
    case 'bool':
      return new Tensor('bool', new Uint8Array(count), dims);
    case 'float16':
      return new Tensor('float16', new Uint16Array(count) as never, dims);
    default:
      throw new UserError(`The model takes an input of type ${name ?? type}, which Hairline cannot feed.`);
  }
}

/** Content of a small tensor as plain numbers. */
function numbersOf(tensor: OrtTensor): ArrayLike<number> {
  const data = tensor.data as ArrayLike<number | bigint>;
  if (tensor.type === 'float16' && data instanceof Uint16Array) return Float32Array.from(data, halfToFloat);
  return Array.from(data, Number);
}

