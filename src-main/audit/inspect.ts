import { resolve } from 'node:path';
import type { ModelCard } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import { inspectGraph, loadGraph, producerOf } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { fieldNames, findField } from '../model/field.ts';
import type { FieldOutput } from '../model/field.ts';
import { fixInputs } from '../model/inputs.ts';
import { findImageInput, imageInputs, networkInput } from '../model/network.ts';
import type { ImageInput } from '../model/network.ts';
import { findLogits, NoScores } from '../model/output.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { guessPreprocessing, leadingNormalisation } from '../model/preprocessing/index.ts';
import { traceFacts } from '../runtime/trace.ts';

/** Side of the picture a model of free size is tried with. */
const FREE_SIDE = 224;

/** Which input takes the image, what the others hold, and which output is of interest, as in a plan; null: found. */
export interface Wanted {
  input?: string | null;
  fixed?: Record<string, number | number[]>;
  output?: string | null;
}

/**
 * What a window or a person wants to know of a model before anything is attacked. With an output named, it is taken for
 * no classifier, whatever else it puts out.
 * @throws UserError for a file that is no model, or one Hairline cannot attack, with the reason.
 */
export async function inspectModel(path: string, wanted: Wanted = {}): Promise<ModelCard> {
  const graph = loadGraph(path);
  const identity = inspectGraph(graph);
  const { input, hints, first, picture, rows, image, fixed, facts } = await traceModel(graph, wanted);
  const { network } = first;
  const output = answerOf(fixed, facts, rows, image, wanted.output ?? null);
  const classes = 'classes' in output ? output.classes : 0;
  if (classes === 1) throw new UserError('The model tells fewer than two classes apart.');
  // The number of classes says more: a thousand of them mean ImageNet.
  const guess = classes > 0 ? guessPreprocessing(input, { ...hints, classes }) : first;
  return {
    path: resolve(path),
    identity,
    input: input.name,
    imageInputs: imageInputs(graph).names,
    inputs: input.others.map(({ name, dims }) => ({ name, dims })),
    classes,
    network: { width: network.width, height: network.height, channels: picture.channels },
    preprocessing: guess.preprocessing,
    guess: guess.why,
    output: 'classes' in output ? output.kind : 'values',
    field: 'classes' in output ? null : output,
  };
}

/** The model's two ends as its card tells of them: the input that takes the image, and class scores or else an output. */
export async function modelEnds(path: string, wanted: Wanted): Promise<{ graph: Graph; input: ImageInput; output: ClassifierOutput | FieldOutput }> {
  const graph = loadGraph(path);
  const { input, rows, image, fixed, facts } = await traceModel(graph, wanted);
  return { graph, input, output: answerOf(fixed, facts, rows, image, wanted.output ?? null) };
}

/** What goals can be about, by name: outputs, then values inside the network. */
export async function modelValues(path: string, wanted: Wanted = {}): Promise<{ name: string; dims: number[] }[]> {
  const { fixed, facts, rows } = await traceModel(loadGraph(path), wanted);
  return fieldNames(fixed, facts, rows);
}

/** The inputs of which one has to be named, since each could take the image; none where it is clear. */
export function unclearInputs(path: string): string[] {
  const { names, clear } = imageInputs(loadGraph(path));
  return clear ? [] : names;
}

/** The model at the size it reads, or is tried with: every value's type and dimensions. */
export async function traceModel(graph: Graph, wanted: Wanted) {
  const input = findImageInput(graph, wanted.input ?? null, wanted.fixed);
  const hints = { leading: leadingNormalisation(graph, input.name), producer: producerOf(graph) };
  const first = guessPreprocessing(input, hints);
  const { network } = first;
  const picture = { channels: network.channels ?? 3, height: network.height ?? FREE_SIDE, width: network.width ?? FREE_SIDE };
  const rows = input.batch ?? 1;
  const { dims, image } = networkInput(input, first.preprocessing, picture, rows);
  const fixed = fixInputs(graph, input.others, rows, input.batch);
  return { input, hints, first, picture, rows, image, fixed, facts: await traceFacts(fixed, { [input.name]: dims }) };
}

/** Class scores, or else an output to hold against a reference; a row as long as the picture is a picture. */
function answerOf(graph: Graph, facts: Map<string, ValueFacts>, rows: number, image: ImageShape, wanted: string | null): ClassifierOutput | FieldOutput {
  if (wanted !== null) return findField(graph, facts, wanted, rows, image);
  try {
    const scores = findLogits(graph, facts, rows);
    if (scores.width !== image.channels * image.height * image.width) return scores;
  } catch (error) {
    if (!(error instanceof NoScores)) throw error;
  }
  return findField(graph, facts, null, rows, image);
}
