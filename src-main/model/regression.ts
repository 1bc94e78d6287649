import { differentiate, tangent } from '../autodiff/index.ts';
import { DType, GraphBuilder, multiplications, prune } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import type { ImageShape } from './differentiable.ts';
import { composeNetwork, PORT, settled } from './compose.ts';
import type { ComposeRequest, GradientGraph, ScoredModel } from './compose.ts';
import { findOutput } from './networkOutput.ts';
import type { NetworkOutput } from './networkOutput.ts';
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

/**
 * Adds the nodes of a goal on an output, f(x) and its reference y [rows, width] each.
 * @returns name of a number per row [rows, 1], above 0 where the goal is reached
 */
export type EmitScore = (builder: GraphBuilder, at: { output: string; reference: string; rows: number; width: number }) => string;

/**
 * A goal on the output as a classifier of two classes, so that every attack on classifiers can be run on it: class 0 is what the
 * attacker starts from, f₀ = 0, and f₁ the goal's score. References y come as `PORT.reference` [rows, D].
 */
export async function composeScore(model: OutputModel, emit: EmitScore, trace: ComposeRequest['trace']): Promise<ScoredModel> {
  const { rows, picture, output } = model;
  const graph = copyOf(model.graph);
  graph.outputs = [];
  const builder = new GraphBuilder(graph);
  const reference = builder.input(PORT.reference, DType.float32, [rows, output.width]);
  const score = emit(builder, { output: PORT.output, reference, rows, width: output.width });
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
