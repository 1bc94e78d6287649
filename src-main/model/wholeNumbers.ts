import { create } from '@bufbuild/protobuf';
import { NodeProtoSchema } from 'onnx-buf';
import type { NodeProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import {
  declaredShape,
  DType,
  DTYPE_NAME,
  elementsOf,
  GraphBuilder,
  int,
  operatorName,
  tensorDims,
  tensorNumbers,
  valueInfo,
} from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';

/*
 * Networks that read pictures as whole numbers, bytes mostly, and make floating-point numbers of them themselves. Nothing can be
 * differentiated up to there, but a picture's pixels are whole numbers anyway: the derived graph reads the same numbers as float32, and
 * the original is given them rounded.
 */

/** Largest value of the types that pictures come in as whole numbers; null of all others. */
export function largestWhole(type: number): number | null {
  return type === DType.uint8 ? 255 : type === DType.uint16 ? 65535 : null;
}

/**
 * Added before rounding, by the judge and the derived graph alike: the means of a resize lie just between two whole numbers all the
 * time, where the last bit of either would decide. No mean of whole numbers lies here.
 */
export const TIE = 0.00137;

/** The whole number that is given for a value. */
export function nearestWhole(value: number, largest: number): number {
  return Math.min(largest, Math.max(0, Math.round(value + TIE)));
}

/** Operators that compute the same of a value as a whole number and as a floating-point one. */
const SAME = new Set([
  'Identity',
  'Transpose',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Gather',
  'GatherND',
  'Split',
  'Concat',
  'Pad',
  'Tile',
  'Expand',
  'Clip',
  'Min',
  'Max',
  'MaxPool',
  'DepthToSpace',
  'SpaceToDepth',
]);

/**
 * The graph with an input of whole numbers as one of float32; the original is left as it is.
 * @throws UserError naming an operator that needs whole numbers
 */
export function readAsFloats(graph: Graph, name: string): Graph {
  const input = graph.inputs.find((one) => one.name === name)!;
  const { type, dims } = declaredShape(input);
  if (largestWhole(type) === null) return graph;
  const inputs = graph.inputs.map((one) =>
    one === input
      ? valueInfo(
          name,
          DType.float32,
          dims.map((d) => d ?? '?'),
        )
      : one,
  );
  const builder = new GraphBuilder({ ...graph, inputs, nodes: [], initializers: new Map(graph.initializers) });
  builder.reserveOutputs(graph.nodes);
  const carried = new Set([name]);
  for (const node of graph.nodes) {
    if (!node.input.some((one) => carried.has(one))) builder.append(node);
    else if (asFloats(builder, node, carried, type)) for (const output of node.output) carried.add(output);
  }
  return builder.graph;
}

/** A constant as floating-point numbers. */
function asFloat(builder: GraphBuilder, name: string): string {
  const tensor = builder.graph.initializers.get(name)!;
  return builder.constant(Array.from(tensorNumbers(tensor, builder.graph)), tensorDims(tensor));
}

/** @returns whether what it puts out would be whole numbers still */
function asFloats(builder: GraphBuilder, node: NodeProto, carried: ReadonlySet<string>, type: number): boolean {
  const [value = '', scale = '', zero = ''] = node.input;
  const operator = operatorName(node);
  const as = { outputs: node.output };
  if (operator === 'Cast') {
    const to = int(node, 'to', 0);
    const whole = to !== DType.float16 && to !== DType.bfloat16 && to !== DType.float64;
    builder.node('Cast', [value], { to: whole ? DType.float32 : to }, as);
    return whole && to !== DType.float32;
  }
  if (operator === 'DequantizeLinear' && elementsOf(builder.graph.initializers.get(scale)!) === 1) {
    const offset =
      zero === ''
        ? value
        : builder.node('Sub', [
            value,
            builder.graph.initializers.has(zero) ? asFloat(builder, zero) : builder.node('Cast', [zero], { to: DType.float32 }),
          ]);
    builder.node('Mul', [offset, scale], {}, as);
    return false;
  }
  if (operator === 'Shape' || operator === 'Size') {
    builder.append(node);
    return false;
  }
  if (!SAME.has(operator))
    throw new UserError(
      `The model reads ${DTYPE_NAME[type]} numbers and computes with them as such (${operator}), which cannot be differentiated: export it with a floating-point input.`,
    );
  // Constants beside it are of its type.
  const beside = node.input.map((one) =>
    !carried.has(one) && builder.graph.initializers.get(one)?.dataType === type ? asFloat(builder, one) : one,
  );
  builder.append(create(NodeProtoSchema, { ...node, input: beside }));
  return true;
}
