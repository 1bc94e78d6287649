import { differentiate } from '../autodiff/index.ts';
import { fold, upgrade } from '../graph/upgrade/index.ts';
import { DType, freeBatch, GraphBuilder, prune, valueInfo } from '../graph/index.ts';
import type { Graph, Tracer, ValueFacts } from '../graph/index.ts';
import type { Preprocessing } from '../../shared/plan.ts';
import type { ImageShape, Objective } from './differentiable.ts';
import { emitLoss } from './goals.ts';
import { networkInput } from './network.ts';
import type { ImageInput } from './network.ts';
import { findLogits } from './output.ts';
import type { ClassifierOutput } from './output.ts';
import { emitPreprocessing } from './preprocessing/emit.ts';

/** Names of the derived graphs' inputs and outputs. */
export const PORT = { pixels: 'hl:pixels', label: 'hl:label', target: 'hl:target', logits: 'hl:logits', loss: 'hl:loss', gradient: 'hl:gradient' } as const;

/** Pixels in [0,1] to logits as one graph: preprocessing, then the network, then its scores back to logits. */
export interface PixelModel {
  graph: Graph;
  picture: ImageShape;
  rows: number;
  output: ClassifierOutput;
  /** What the network's own input looks like. */
  network: { dims: number[]; image: ImageShape };
}

export interface ComposeRequest {
  graph: Graph;
  input: ImageInput;
  preprocessing: Preprocessing;
  picture: ImageShape;
  rows: number;
  trace: Tracer;
}

/**
 * Composes preprocessing, network and logits into one graph over `rows` pictures
 * (input `PORT.pixels` [rows, C, H, W], output `PORT.logits` [rows, classes]).
 * @throws UserError when picture, preprocessing and model do not fit, or the model is no classifier.
 */
export async function composePixels(request: ComposeRequest): Promise<PixelModel> {
  const { input, preprocessing, picture, rows, trace } = request;
  const network = networkInput(input, preprocessing, picture, rows);
  const own = input.dims[0] ?? rows;
  const as = (batch: number) => ({ [input.name]: [batch, ...network.dims.slice(1)] });
  const original = own === rows ? request.graph : freeBatch(request.graph, await trace(request.graph, as(own)), own);
  const facts = await trace(original, as(rows));
  const output = findLogits(original, facts, rows);
  const lifted = upgrade(original, facts);

  const graph: Graph = { ...lifted, inputs: [], outputs: [], nodes: [], initializers: new Map(lifted.initializers) };
  const builder = new GraphBuilder(graph);
  for (const node of lifted.nodes) for (const name of node.output) builder.reserve(name);
  const pixels = builder.input(PORT.pixels, DType.float32, [rows, picture.channels, picture.height, picture.width]);
  const read = emitPreprocessing(builder, { pixels, spec: preprocessing, picture, network: network.image, rows });
  const shaped = builder.node('Reshape', [read, builder.ints(network.dims)]);
  builder.node('Cast', [shaped], { to: input.type }, { outputs: [input.name] });
  for (const node of lifted.nodes) builder.append(node);

  let logits = builder.node('Reshape', [output.logits, builder.ints([rows, output.width])]);
  logits = builder.node('Cast', [logits], { to: DType.float32 });
  // One sigmoid tells two classes apart; against a constant 0 its logit decides just as against 1/2 after the sigmoid.
  if (output.width === 1) logits = builder.node('Concat', [builder.constant(new Array<number>(rows).fill(0), [rows, 1]), logits], { axis: 1 });
  builder.node('Identity', [logits], {}, { outputs: [PORT.logits] });
  builder.output(PORT.logits, DType.float32, [rows, output.classes]);
  prune(graph);
  const known = await trace(graph, { [PORT.pixels]: [rows, picture.channels, picture.height, picture.width] });
  return { graph: fold(graph, known), picture, rows, output, network };
}

/** A graph with a loss and its gradient, and the surrogates that gradient runs through. */
export interface GradientGraph {
  graph: Graph;
  surrogates: string[];
}

/**
 * Adds a loss and the gradient of every row's own loss with respect to its pixels.
 * Inputs: pixels, `PORT.label` (and `PORT.target` when targeted) as one-hot rows; outputs: logits, loss [rows], gradient like pixels.
 * @throws UserError naming an operator without a gradient rule.
 */
export async function composeGradient(model: PixelModel, loss: Objective, targeted: boolean, trace: Tracer): Promise<GradientGraph> {
  const { rows, picture, output } = model;
  const graph: Graph = { ...model.graph, inputs: [...model.graph.inputs], outputs: [...model.graph.outputs], nodes: [...model.graph.nodes], initializers: new Map(model.graph.initializers) };
  const builder = new GraphBuilder(graph);
  const oneHot = [rows, output.classes];
  const needsLabel = !targeted || loss === 'dlr' || loss === 'difference';
  const label = needsLabel ? builder.input(PORT.label, DType.float32, oneHot) : '';
  const target = targeted ? builder.input(PORT.target, DType.float32, oneHot) : null;
  const value = emitLoss(builder, loss, { logits: PORT.logits, label, target }, output.classes);
  builder.node('Identity', [value], {}, { outputs: [PORT.loss] });
  builder.output(PORT.loss, DType.float32, [rows]);

  const pixels = [rows, picture.channels, picture.height, picture.width];
  const facts: Map<string, ValueFacts> = await trace(graph, { [PORT.pixels]: pixels, [PORT.label]: oneHot, [PORT.target]: oneHot });
  const ones = builder.constant(new Array<number>(rows).fill(1), [rows]);
  facts.set(ones, { type: DType.float32, dims: [rows] });
  const derived = new GraphBuilder(graph, facts);
  const { gradient, surrogates } = differentiate(derived, { of: [PORT.loss], cotangents: [ones], wrt: PORT.pixels });
  derived.node('Identity', [gradient], {}, { outputs: [PORT.gradient] });
  graph.outputs.push(valueInfo(PORT.gradient, DType.float32, pixels));
  prune(graph);
  return { graph, surrogates };
}
