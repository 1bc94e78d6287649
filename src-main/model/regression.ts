import { differentiate, tangent } from '../autodiff/index.ts';
import { DType, GraphBuilder, multiplications, prune } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import type { ImageShape } from './differentiable.ts';
import { composeNetwork, PORT, settled } from './compose.ts';
import type { ComposeRequest, GradientGraph, ScoredModel } from './compose.ts';
import { findOutput } from './field.ts';
import type { NetworkOutput } from './field.ts';
import type { NetworkInput } from './network.ts';

/** Pixels in [0,1] to a row of D values as one graph: the f(x) of Balda et al., section 3, "regression". */
export interface OutputModel {
  /** Input `PORT.pixels` [rows, C, H, W], output `PORT.output` [rows, D] float32. */
  graph: Graph;
  picture: ImageShape;
  rows: number;
  output: NetworkOutput;
  network: NetworkInput;
  /** Multiplications of a forward pass of all rows, about. */
  work: number;
}

/**
 * Composes preprocessing and network into one graph over `rows` pictures.
 * @param wanted output, or value inside the network; null: found
 * @throws UserError when picture, preprocessing and model do not fit, or there is no such value.
 */
export async function composeOutput(request: ComposeRequest, wanted: string | null): Promise<OutputModel> {
  const { picture, rows } = request;
  const { builder, original, facts, network } = await composeNetwork(request);
  const output = findOutput(original, facts, wanted, rows, network.image);
  const flat = builder.node('Reshape', [output.name, builder.ints([rows, output.width])]);
  builder.node('Cast', [flat], { to: DType.float32 }, { outputs: [PORT.output] });
  builder.output(PORT.output, DType.float32, [rows, output.width]);
  return { graph: await settled(builder.graph, request), picture, rows, output, network, work: multiplications(original, facts) };
}

const copyOf = (graph: Graph): Graph => ({
  ...graph,
  inputs: [...graph.inputs],
  outputs: [...graph.outputs],
  nodes: [...graph.nodes],
  initializers: new Map(graph.initializers),
});
const pixelDims = ({ rows, picture }: Pick<OutputModel, 'rows' | 'picture'>): number[] => [
  rows,
  picture.channels,
  picture.height,
  picture.width,
];

/**
 * Adds J'u for every row's own cotangent u. Inputs: pixels, `PORT.cotangent` [rows, D]; outputs: `PORT.output`,
 * `PORT.gradient` like pixels.
 * @throws UserError naming an operator without a gradient rule.
 */
export async function composeVjp(model: OutputModel, trace: ComposeRequest['trace']): Promise<GradientGraph> {
  const graph = copyOf(model.graph);
  const builder = new GraphBuilder(graph, await trace(graph, { [PORT.pixels]: pixelDims(model) }));
  const u = builder.input(PORT.cotangent, DType.float32, [model.rows, model.output.width]);
  const { gradient, straightThrough } = differentiate(builder, { of: [PORT.output], cotangents: [u], wrt: PORT.pixels });
  builder.node('Identity', [gradient], {}, { outputs: [PORT.gradient] });
  builder.output(PORT.gradient, DType.float32, pixelDims(model));
  prune(graph);
  return { graph, straightThrough };
}

/**
 * Adds Jv for every row's own direction v. Inputs: pixels, `PORT.direction` like pixels; outputs: `PORT.output`,
 * `PORT.tangent` [rows, D].
 * @throws UserError naming an operator without a gradient rule.
 */
export async function composeJvp(model: OutputModel, trace: ComposeRequest['trace']): Promise<GradientGraph> {
  const graph = copyOf(model.graph);
  const builder = new GraphBuilder(graph, await trace(graph, { [PORT.pixels]: pixelDims(model) }));
  const v = builder.input(PORT.direction, DType.float32, pixelDims(model));
  const { tangent: moved, straightThrough } = await tangent(builder, { of: PORT.output, wrt: PORT.pixels, direction: v }, trace);
  builder.node('Identity', [moved], {}, { outputs: [PORT.tangent] });
  builder.output(PORT.tangent, DType.float32, [model.rows, model.output.width]);
  prune(graph);
  return { graph, straightThrough };
}

/** Values of a vector register; rows of a multiple of it begin alike in memory. */
const LANES = 16;

/** Rows made longer by zeros to a whole number of registers: a sum over a row else depends, in its last bit, on which row it is. */
function aligned(builder: GraphBuilder, value: string, rows: number, width: number): string {
  const spare = (LANES - (width % LANES)) % LANES;
  return spare === 0
    ? value
    : builder.node('Concat', [value, builder.constant(new Array<number>(rows * spare).fill(0), [rows, spare])], { axis: 1 });
}

/** Under the root, so that the distance of an output from itself has a gradient, which is then 0. */
const TINY = 1e-14;

/**
 * A goal on the output as a classifier of two classes, so that every attack on classifiers can be run on it. Class 0 is
 * what the attacker starts from: for `deviation` the output within the root mean square distance τ of its reference,
 *   f₀ = 0,  f₁ = sqrt(‖f(x) - y‖² / D) - τ,   for `match` the output beyond it,  f₁ = τ - sqrt(...).
 * The distance and not its square, for that is what a linear network makes grow in proportion: first-order steps of the
 * right length. References y come as `PORT.reference` [rows, D].
 * @param tau in the output's own units
 */
export async function composeDistance(
  model: OutputModel,
  goal: 'deviation' | 'match',
  tau: number,
  trace: ComposeRequest['trace'],
): Promise<ScoredModel> {
  const { rows, picture, output } = model;
  const graph = copyOf(model.graph);
  graph.outputs = [];
  const builder = new GraphBuilder(graph);
  const reference = builder.input(PORT.reference, DType.float32, [rows, output.width]);
  const off = builder.node('Sub', [PORT.output, reference], {}, { hint: 'off' });
  const square = builder.node('Mul', [
    builder.node('ReduceSum', [aligned(builder, builder.node('Mul', [off, off]), rows, output.width), builder.ints([1])], { keepdims: 1 }),
    builder.scalar(1 / output.width),
  ]);
  const distance = builder.node('Sqrt', [builder.node('Add', [square, builder.scalar(TINY)])], {}, { hint: 'distance' });
  const threshold = builder.scalar(tau);
  const score = builder.node('Sub', goal === 'deviation' ? [distance, threshold] : [threshold, distance]);
  const none = builder.constant(new Array<number>(rows).fill(0), [rows, 1]);
  builder.node('Concat', [none, score], { axis: 1 }, { outputs: [PORT.logits] });
  builder.output(PORT.logits, DType.float32, [rows, 2]);
  return {
    graph: await settled(graph, { picture, rows, trace }, { [PORT.reference]: [rows, output.width] }),
    picture,
    rows,
    classes: 2,
    reference: output.width,
  };
}

/** Root mean square distance at a peak signal-to-noise ratio. @param psnr in dB @param peak largest value an output can take */
export function distanceAt(psnr: number, peak: number): number {
  return peak * 10 ** (-psnr / 20);
}
