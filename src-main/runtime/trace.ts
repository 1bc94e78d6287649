import { create } from '@bufbuild/protobuf';
import { NodeProtoSchema, ValueInfoProtoSchema } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { declaredShape, DType, elementCount, prune, saveGraph, tensorDims, tensorNumbers, valueInfo } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';
import { withoutBfloat16 } from '../graph/upgrade/index.ts';
import { constantValues } from './constants.ts';
import { ONNX_TYPE, openSession, ortReason } from './ort.ts';
import type { OrtTensor } from './ort.ts';
import { Cut, inferInStages } from './stages.ts';
import type { Inferred } from './stages.ts';
import { numbersOf, zeros } from './values.ts';

/** Constants up to this many elements are read out; shape arithmetic, scales and clip bounds are far smaller. */
const SMALL = 4096;

/**
 * Asks onnxruntime for the type and dimensions of every value of a graph at fixed input dimensions,
 * and for the content of every small value that does not depend on an input's pixels. The library
 * that will run the graph is the only authority on its shapes, so there is no shape inference of our own
 * that could disagree with it.
 *
 * A model in bfloat16 is traced as what runs in its place (see `withoutBfloat16`).
 *
 * @param dims dimensions of each input, by name
 * @throws UserError when the graph does not run at these dimensions.
 */
export async function traceFacts(original: Graph, dims: Record<string, number[]>): Promise<Map<string, ValueFacts>> {
  const graph = withoutBfloat16(original);
  const facts = new Map<string, ValueFacts>();
  for (const [name, tensor] of graph.initializers) {
    const shape = tensorDims(tensor);
    const small = elementCount(shape) <= SMALL && tensor.dataType !== DType.string;
    facts.set(
      name,
      small ? { type: tensor.dataType, dims: shape, data: tensorNumbers(tensor, graph) } : { type: tensor.dataType, dims: shape },
    );
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
  const open = () => [...inferred.values()].some(({ dims: known }) => known === null);
  // What this cannot do, running the network below does, or tells why not.
  if (open()) await inferInStages(fixed, inferred, facts, constant, inferValues).catch(() => undefined);
  const cut = open() ? null : new Cut(fixed, inferred, facts, constant);
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
  const contents = await cut?.contents(missing.map(({ name }) => name)).catch(() => null);
  if (contents) {
    for (const [name, data] of contents) facts.set(name, { ...facts.get(name)!, data });
    return facts;
  }
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
async function inferValues(graph: Graph): Promise<Inferred> {
  // The binding has no name for bfloat16, which is left in casts that round to it; those keep dimensions.
  const rounding = graph.nodes.filter(
    (n) => n.opType === 'Cast' && n.attribute.some((a) => a.name === 'to' && Number(a.i) === DType.bfloat16),
  );
  const names = graph.nodes.filter((n) => !rounding.includes(n)).flatMap((n) => n.output.filter((o) => o !== ''));
  const probe: Graph = { ...graph, outputs: names.map((name) => create(ValueInfoProtoSchema, { name })) };
  const session = await openSession(saveGraph(probe), { optimize: false });
  try {
    const values: Inferred = new Map();
    for (const meta of session.outputMetadata)
      if (meta.isTensor) {
        // The binding gives an unknown rank as no dimensions at all, just like a scalar: ask by running.
        const known = meta.shape.length > 0 && meta.shape.every((d) => typeof d === 'number' && d >= 0);
        values.set(meta.name, { type: ONNX_TYPE[meta.type] ?? 0, dims: known ? (meta.shape as number[]) : null });
      }
    const given = new Map(graph.inputs.map((v) => [v.name, declaredShape(v).dims as number[]]));
    for (const { input, output } of rounding)
      values.set(output[0]!, { type: DType.bfloat16, dims: values.get(input[0]!)?.dims ?? given.get(input[0]!) ?? null });
    return values;
  } finally {
    await session.release();
  }
}
