import { clone, create } from '@bufbuild/protobuf';
import { ModelProtoSchema, OperatorSetIdProtoSchema, TensorProtoSchema, ValueInfoProtoSchema } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import { DType, elementCount, GraphBuilder, opset, prune, tensorDims, tensorNumbers, WORKING_OPSET } from '../../src-main/graph/index.ts';
import type { Graph, ValueFacts } from '../../src-main/graph/index.ts';
import { fold, unrolled, upgrade } from '../../src-main/graph/upgrade/index.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { filled, forward, gradientAt, openPair } from '../../tests/autodiff/gradient.ts';
import type { Numbers, Pair } from '../../tests/autodiff/gradient.ts';
import { signs } from '../../src-main/runtime/direction.ts';
import { doubled } from './doubled.ts';

const ALL = 'hl:all';
const PICTURE = 'hl:picture';

/** A graph of one free input, and its adjoint along a random u of ±1 over its outputs. */
export interface Moved {
  straightThrough: string[];
  u: Float32Array;
  value(x: Numbers): Promise<Numbers>;
  at(x: Numbers): Promise<{ y: Numbers; gradient: Numbers }>;
  /** The same in float64. @throws UserError where onnxruntime has no such kernels */
  exact(): Promise<Pair>;
  close(): Promise<void>;
}

/**
 * A model as the product derives it, one of its inputs free and the others constants, its outputs behind each other in one.
 * @returns that, the test's own value of the input, and the outputs in their order
 * @throws UserError where Hairline refuses it
 */
export async function openPicture(
  graph: Graph,
  values: ReadonlyMap<string, TensorProto>,
  picture: string,
  outputs: string[],
): Promise<{ pair: Moved; x: Numbers; outputs: string[] }> {
  const tensor = values.get(picture)!;
  const dims = tensorDims(tensor);
  const type = tensor.dataType === DType.float64 ? DType.float64 : DType.float32;
  const builder = new GraphBuilder({ ...graph, inputs: [], outputs: [], nodes: [], initializers: new Map(graph.initializers) });
  builder.reserveOutputs(graph.nodes);
  builder.input(PICTURE, type, dims);
  builder.node('Cast', [PICTURE], { to: tensor.dataType }, { outputs: [picture] });
  for (const [name, value] of values) if (name !== picture) builder.tensor(clone(TensorProtoSchema, value));
  for (const node of graph.nodes) builder.append(node);
  const at = { [PICTURE]: dims };
  const whole = { ...inVersion(builder.graph), outputs: outputs.map((name) => create(ValueInfoProtoSchema, { name })) };
  const { graph: fixed, facts } = await unrolled(whole, (written) => traceFacts(written, at));
  const lifted = joined(upgrade(fixed, facts), facts, outputs, type);
  const folded = fold(lifted, await traceFacts(lifted, at));
  const pair = await openPair(folded, await traceFacts(folded, at), ALL, PICTURE);
  // What is no number moves nowhere: that it is the same on both sides is for the forward pass to say.
  const x = filledFrom(tensor, type);
  const y = await forward(pair, x);
  const u = signs(elementCount(pair.dims.of), 101).map((s, i) => (Number.isFinite(y[i]!) ? s : 0));
  return {
    x,
    outputs,
    pair: {
      straightThrough: pair.straightThrough,
      u,
      value: (x) => forward(pair, x),
      at: (x) => gradientAt(pair, x, u),
      async exact() {
        const wide = doubled(folded);
        return openPair(wide, await traceFacts(wide, at), ALL, PICTURE);
      },
      close: async () => {
        await pair.forward.release();
        await pair.backward.release();
      },
    },
  };
}

/** A model of other operators only may name no version of ONNX's own. */
function inVersion(graph: Graph): Graph {
  if (opset(graph) > 0) return graph;
  const own = create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(WORKING_OPSET) });
  return { ...graph, model: Object.assign(create(ModelProtoSchema), graph.model, { opsetImport: [own, ...graph.model.opsetImport] }) };
}

function filledFrom(tensor: TensorProto, type: DType): Numbers {
  const numbers = tensorNumbers(tensor);
  let k = 0;
  return filled(numbers.length, () => numbers[k++]!, type === DType.float64 ? 'float64' : 'float32');
}

/** The graph with those outputs behind each other in one. */
function joined(graph: Graph, facts: ReadonlyMap<string, ValueFacts>, outputs: readonly string[], type: DType): Graph {
  const builder = new GraphBuilder({ ...graph, outputs: [], nodes: [...graph.nodes], initializers: new Map(graph.initializers) });
  const flat = outputs.map((o) =>
    builder.node('Cast', [builder.node('Reshape', [o, builder.ints([elementCount(facts.get(o)!.dims)])])], { to: type }),
  );
  builder.node('Concat', flat, { axis: 0 }, { outputs: [ALL] });
  builder.graph.outputs.push(create(ValueInfoProtoSchema, { name: ALL }));
  prune(builder.graph);
  return builder.graph;
}
