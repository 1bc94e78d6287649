import { differentiate } from '../autodiff/index.ts';
import { fold, unrolled, upgrade } from '../graph/upgrade/index.ts';
import { DType, freeBatch, GraphBuilder, multiplications, prune, valueInfo } from '../graph/index.ts';
import type { Graph, Tracer, ValueFacts } from '../graph/index.ts';
import { UserError } from '../../shared/errors.ts';
import type { Answer, Preprocessing } from '../../shared/plan.ts';
import type { ImageShape, Objective } from './differentiable.ts';
import { emitLoss } from './goals.ts';
import { fixInputs } from './inputs.ts';
import { withoutIdleClips } from './idleClips.ts';
import { networkInput } from './network.ts';
import type { ImageInput, NetworkInput } from './network.ts';
import { findLogits, NoScores, thresholdLogit } from './output.ts';
import type { ClassifierOutput } from './output.ts';
import { LEAST } from './scores.ts';
import { largestWhole, readAsFloats, TIE } from './wholeNumbers.ts';
import { emitPreprocessing } from './preprocessing/emit.ts';

/** Names of the derived graphs' inputs and outputs. */
export const PORT = {
  pixels: 'hl:pixels',
  label: 'hl:label',
  target: 'hl:target',
  reference: 'hl:reference',
  logits: 'hl:logits',
  loss: 'hl:loss',
  gradient: 'hl:gradient',
  output: 'hl:output',
  cotangent: 'hl:cotangent',
  direction: 'hl:direction',
  tangent: 'hl:tangent',
} as const;

/** Pixels in [0,1] to logits as one graph: preprocessing, then the network, then what it puts out as logits. */
export interface ScoredModel {
  graph: Graph;
  picture: ImageShape;
  rows: number;
  classes: number;
  /** Values a row of `PORT.reference` holds, which the logits are measured from; 0 where there is no such input. */
  reference: number;
}

/** A classifier's graph. */
export interface PixelModel extends ScoredModel {
  output: ClassifierOutput;
  /** What the network's own input looks like. */
  network: NetworkInput;
  /** Multiplications of a forward pass of all rows, about. */
  work: number;
}

export interface ComposeRequest {
  graph: Graph;
  input: ImageInput;
  /** Its geometry changes nothing any more: see `Resampler`. */
  preprocessing: Preprocessing;
  picture: ImageShape;
  rows: number;
  /** Whether the network's own numbers are other than those of the picture's pixels, as after a resize: then whole numbers are rounded. */
  between?: boolean;
  /** What is said of a classifier's answer. */
  answer?: Answer | undefined;
  trace: Tracer;
}

/** A network behind its preprocessing, still without outputs of its own. */
export interface ComposedNetwork {
  builder: GraphBuilder;
  /** The network by itself at this batch, in its own operator set, and the facts of its values. */
  original: Graph;
  facts: Map<string, ValueFacts>;
  network: NetworkInput;
}

/**
 * Puts preprocessing and network into one graph over `rows` pictures, whose input is `PORT.pixels` [rows, C, H, W].
 * Values of the network keep their names.
 * @throws UserError when picture, preprocessing and model do not fit.
 */
export async function composeNetwork({
  graph: given,
  input,
  preprocessing,
  picture,
  rows,
  between = false,
  trace,
}: ComposeRequest): Promise<ComposedNetwork> {
  const network = networkInput(input, preprocessing, picture, rows);
  const floats = readAsFloats(given, input.name);
  // What lies between pixels after a resize may be beyond them.
  const file = between ? floats : withoutIdleClips(floats, input.name, preprocessing);
  const most = largestWhole(input.type);
  const own = input.batch ?? rows;
  if (!input.batched && rows !== 1) throw new UserError(`The model's input ${input.name} takes one image at a time.`);
  const at = (graph: Graph, batch: number) => fixInputs(graph, input.others, batch, input.batch);
  const as = (batch: number) => ({ [input.name]: input.batched ? [batch, ...network.dims.slice(1)] : network.dims });
  const whole = at(own === rows ? file : freeBatch(file, await trace(at(file, own), as(own)), own), rows);
  const { graph: original, facts } = await unrolled(whole, (written) => trace(written, as(rows)));
  const lifted = upgrade(original, facts);

  const graph: Graph = { ...lifted, inputs: [], outputs: [], nodes: [], initializers: new Map(lifted.initializers) };
  const builder = new GraphBuilder(graph);
  builder.reserveOutputs(lifted.nodes);
  const pixels = builder.input(PORT.pixels, DType.float32, [rows, picture.channels, picture.height, picture.width]);
  let read = emitPreprocessing(builder, { pixels, spec: preprocessing, picture, network: network.image, rows });
  if (network.embed) read = embedded(builder, read, network.embed);
  const shaped = builder.node('Reshape', [read, builder.ints(network.dims)]);
  if (most === null) builder.node('Cast', [shaped], { to: input.type }, { outputs: [input.name] });
  else wholeNumbers(builder, shaped, between ? most : null, input.name);
  for (const node of lifted.nodes) builder.append(node);
  return { builder, original, facts, network };
}

/** Numbers for an input of whole ones; those of a picture's own pixels are so without rounding. */
function wholeNumbers(builder: GraphBuilder, value: string, most: number | null, name: string): void {
  const whole =
    most === null
      ? value
      : builder.node('Clip', [
          builder.node('Round', [builder.node('Add', [value, builder.scalar(TIE)])]),
          builder.scalar(0),
          builder.scalar(most),
        ]);
  builder.node('Identity', [whole], {}, { outputs: [name] });
}

/** The picture among other channels, which hold one value. */
function embedded(builder: GraphBuilder, value: string, { axis, before, after, fill }: NonNullable<NetworkInput['embed']>): string {
  const pads = [0, 1].flatMap((end) => [0, 1, 2, 3].map((k) => (k !== axis ? 0 : end === 0 ? before : after)));
  return builder.node('Pad', [value, builder.ints(pads), builder.scalar(fill)], {}, { hint: 'embedded' });
}

/** Constants of a composed graph computed beforehand, and what nobody reads left out. */
export async function settled(
  graph: Graph,
  { picture, rows, trace }: Pick<ComposeRequest, 'picture' | 'rows' | 'trace'>,
  more: Record<string, number[]> = {},
): Promise<Graph> {
  prune(graph);
  const known = await trace(graph, { [PORT.pixels]: [rows, picture.channels, picture.height, picture.width], ...more });
  return fold(graph, known);
}

/**
 * Composes preprocessing, network and logits into one graph (output `PORT.logits` [rows, classes]).
 * @throws UserError when picture, preprocessing and model do not fit; NoScores when the model is no classifier.
 */
export async function composePixels(request: ComposeRequest): Promise<PixelModel> {
  const { picture, rows } = request;
  const { builder, original, facts, network } = await composeNetwork(request);
  const output = findLogits(original, facts, rows, request.answer);
  const { channels, height, width } = network.image;
  if (output.width === channels * height * width)
    throw new NoScores(
      `The model's output ${output.name} is as long as the picture it reads, so it is taken for a picture and no class scores: choose a goal on its output, such as deviation.`,
    );
  const declared = { outputs: [PORT.logits] };
  // Probabilities without a softmax of their own, such as a mean of several: their logarithms are logits.
  const bare = output.kind === 'softmax' && output.logits === output.name;
  const plain = output.width > 1 && !bare && !output.smallest && facts.get(output.logits)?.type === DType.float32;
  const logits = builder.node('Reshape', [output.logits, builder.ints([rows, output.width])], {}, plain ? declared : {});
  if (!plain) {
    const cast = builder.node('Cast', [logits], { to: DType.float32 });
    // One number tells two classes apart; against a constant its logit decides just as against the threshold after a sigmoid.
    if (output.width === 1) {
      const sign = output.smallest ? -1 : 1;
      const threshold = builder.constant(new Array<number>(rows).fill(sign * thresholdLogit(output)), [rows, 1]);
      builder.node('Concat', [threshold, output.smallest ? builder.node('Neg', [cast]) : cast], { axis: 1 }, declared);
    } else if (bare) builder.node('Log', [builder.node('Max', [cast, builder.scalar(LEAST)])], {}, declared);
    else builder.node(output.smallest ? 'Neg' : 'Identity', [cast], {}, declared);
  }
  builder.output(PORT.logits, DType.float32, [rows, output.classes]);
  return {
    graph: await settled(builder.graph, request),
    picture,
    rows,
    classes: output.classes,
    reference: 0,
    output,
    network,
    work: multiplications(original, facts),
  };
}

/** A graph with a loss and its gradient, and the straight-through operators that gradient runs through. */
export interface GradientGraph {
  graph: Graph;
  straightThrough: string[];
}

/**
 * Adds a loss and the gradient of every row's own loss with respect to its pixels.
 * Inputs: pixels, `PORT.label` (and `PORT.target` when targeted) as one-hot rows; outputs: logits, loss [rows], gradient like pixels.
 * @throws UserError naming an operator without a gradient rule.
 */
export async function composeGradient(model: ScoredModel, loss: Objective, targeted: boolean, trace: Tracer): Promise<GradientGraph> {
  const { rows, picture, classes } = model;
  const graph: Graph = {
    ...model.graph,
    inputs: [...model.graph.inputs],
    outputs: [...model.graph.outputs],
    nodes: [...model.graph.nodes],
    initializers: new Map(model.graph.initializers),
  };
  const builder = new GraphBuilder(graph);
  const oneHot = [rows, classes];
  const needsLabel = !targeted || loss === 'dlr' || loss === 'difference';
  const label = needsLabel ? builder.input(PORT.label, DType.float32, oneHot) : '';
  const target = targeted ? builder.input(PORT.target, DType.float32, oneHot) : null;
  const value = emitLoss(builder, loss, { logits: PORT.logits, label, target }, classes);
  builder.node('Identity', [value], {}, { outputs: [PORT.loss] });
  builder.output(PORT.loss, DType.float32, [rows]);

  const pixels = [rows, picture.channels, picture.height, picture.width];
  const facts: Map<string, ValueFacts> = await trace(graph, {
    [PORT.pixels]: pixels,
    [PORT.label]: oneHot,
    [PORT.target]: oneHot,
    [PORT.reference]: [rows, model.reference],
  });
  const ones = builder.constant(new Array<number>(rows).fill(1), [rows]);
  facts.set(ones, { type: DType.float32, dims: [rows] });
  const derived = new GraphBuilder(graph, facts);
  const { gradient, straightThrough } = differentiate(derived, { of: [PORT.loss], cotangents: [ones], wrt: PORT.pixels });
  derived.node('Identity', [gradient], {}, { outputs: [PORT.gradient] });
  graph.outputs.push(valueInfo(PORT.gradient, DType.float32, pixels));
  prune(graph);
  return { graph, straightThrough };
}
