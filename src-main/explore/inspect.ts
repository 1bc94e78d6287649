import { resolve } from 'node:path';
import type { ModelCard } from '../../shared/contract.ts';
import { UserError } from '../../shared/errors.ts';
import type { Answer } from '../../shared/plan.ts';
import { elementCount, inspectGraph, loadGraph, producerOf } from '../graph/index.ts';
import { openImages } from '../images/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';
import type { ImageShape } from '../model/differentiable.ts';
import { outputNames, findOutput } from '../model/networkOutput.ts';
import type { NetworkOutput } from '../model/networkOutput.ts';
import { fixInputs } from '../model/inputs.ts';
import { latentNotes } from '../model/latent.ts';
import { namesInModel, strayNames } from '../model/modelNames.ts';
import { findImageInput, imageInputs, networkInput } from '../model/network.ts';
import type { ImageInput } from '../model/network.ts';
import { findLogits, NoScores, scoreNotes, scoresFound, AlmostScores } from '../model/output.ts';
import type { ClassifierOutput } from '../model/output.ts';
import { labelNote, ownLabels } from '../model/ownLabel.ts';
import { largestWhole } from '../model/wholeNumbers.ts';
import { guessPreprocessing, imageMetadata, leadingNormalisation } from '../model/preprocessing/index.ts';
import { traceFacts } from '../runtime/trace.ts';
import { refusalOf } from '../audit/refusals.ts';

/** Side of the picture a model of free size is tried with, where no picture says one; and others, where it does not run at that one. */
const FREE_SIDE = 224;
const OTHER_SIDES = [32, 28, 64, 96, 128, 256, 299, 384, 512, 16];

/** Which input takes the image, what the others hold, and which output is of interest, as in a plan; null: found. */
export interface Wanted {
  input?: string | null;
  fixed?: Record<string, number | number[]>;
  output?: string | null;
  answer?: Answer | undefined;
  /** For a network that leaves it open: the size of its pictures, or pictures that have it. */
  size?: Size | undefined;
  images?: string[] | undefined;
}

interface Size {
  width: number;
  height: number;
}

/**
 * What a window or a person wants to know of a model before anything is attacked. With an output named, it is taken for
 * no classifier, whatever else it puts out.
 * @throws UserError for a file that is no model, or one Hairline cannot attack, with the reason.
 */
export async function inspectModel(path: string, wanted: Wanted = {}): Promise<ModelCard> {
  const graph = loadGraph(path);
  const identity = inspectGraph(graph);
  const { input, declared, hints, first, picture, rows, image, fixed, facts, tried } = await traceModel(graph, wanted);
  const { network } = first;
  const output = answerOf(fixed, facts, rows, image, wanted);
  const classes = 'classes' in output ? output.classes : 0;
  if (classes === 1) throw new UserError('The model tells fewer than two classes apart.');
  const names = classes > 0 ? namesInModel(graph, classes) : null;
  // The number of classes says more: a thousand of them mean ImageNet.
  const guess = classes > 0 ? guessPreprocessing(declared, { ...hints, classes }) : first;
  const latent = 'classes' in output ? [] : latentNotes(input, output);
  const refused = await refusalOf({
    ...{ graph, input, preprocessing: guess.preprocessing, picture, rows, answer: wanted.answer },
    output: 'classes' in output ? null : output.name,
  });
  const notes = [
    ...('classes' in output
      ? [...scoreNotes(output), ...ownLabels(graph, output).map(labelNote), ...strayNames(graph, classes)]
      : [...latent, ...notScores(fixed, facts, rows, wanted)]),
    ...(tried === null || 'classes' in output ? [] : [triedNote(tried)]),
    ...(refused === null ? [] : [refused]),
    ...strayNote(network, wanted.size),
  ];
  return {
    path: resolve(path),
    identity,
    input: input.name,
    imageInputs: imageInputs(graph).names,
    inputs: input.others.map(({ name, dims }) => ({ name, dims })),
    classes,
    network: {
      width: network.width ?? hints.only?.width ?? null,
      height: network.height ?? hints.only?.height ?? null,
      channels: picture.channels,
    },
    preprocessing: guess.preprocessing,
    guess: latent.length > 0 ? 'Of numbers that are no picture there is none.' : guess.why,
    output: 'classes' in output ? output.kind : 'values',
    ...('classes' in output && scoresFound(output)),
    ...(notes.length > 0 && { notes }),
    ...(refused !== null && { refused }),
    networkOutput: 'classes' in output ? null : output,
    ...(names && { classNames: names.names }),
  };
}

/** Why what is nearly a row of class scores is none yet, and how it becomes one. */
function notScores(graph: Graph, facts: Map<string, ValueFacts>, rows: number, { output = null, answer }: Wanted): string[] {
  if (output !== null) return [];
  try {
    findLogits(graph, facts, rows, answer);
  } catch (error) {
    if (error instanceof AlmostScores) return [error.message];
    if (!(error instanceof NoScores)) throw error;
  }
  return [];
}

function triedNote({ width, height }: Size): string {
  return `The file leaves the size of its pictures open: sizes here are of a picture of ${width} x ${height}, which was tried (inspect takes --size).`;
}

/** That a size was given where the file has one of its own. */
function strayNote({ width, height }: { width: number | null; height: number | null }, size: Size | undefined): string[] {
  if (!size || width === null || height === null || (size.width === width && size.height === height)) return [];
  return [`The file itself takes pictures of ${width} x ${height}, so the size ${size.width} x ${size.height} was left out.`];
}

/** The model's two ends as its card tells of them: the input that takes the image, and class scores or else an output. */
export async function modelEnds(
  path: string,
  wanted: Wanted,
): Promise<{ graph: Graph; input: ImageInput; output: ClassifierOutput | NetworkOutput }> {
  const graph = loadGraph(path);
  const { input, rows, image, fixed, facts } = await traceModel(graph, wanted);
  return { graph, input, output: answerOf(fixed, facts, rows, image, wanted) };
}

/** What goals can be about, by name: outputs, then values inside the network. */
export async function modelValues(path: string, wanted: Wanted = {}): Promise<{ name: string; dims: number[] }[]> {
  const { fixed, facts, rows } = await traceModel(loadGraph(path), wanted);
  return outputNames(fixed, facts, rows);
}

/** The inputs of which one has to be named, since each could take the image; none where it is clear. */
export function unclearInputs(path: string): string[] {
  const { names, clear } = imageInputs(loadGraph(path));
  return clear ? [] : names;
}

/** The model at the size it reads, or is tried with: every value's type and dimensions. */
export async function traceModel(graph: Graph, wanted: Wanted) {
  const input = findImageInput(graph, wanted.input ?? null, wanted.fixed);
  const known = { leading: leadingNormalisation(graph, input.name), producer: producerOf(graph), metadata: imageMetadata(graph) };
  const declared = { ...input, largest: largestWhole(input.type) };
  const first = guessPreprocessing(declared, known);
  const { network } = first;
  const rows = input.batch ?? 1;
  const fixed = fixInputs(graph, input.others, rows, input.batch);
  const at = async (side: Size) => {
    const picture = { channels: network.channels as 1 | 3, height: network.height ?? side.height, width: network.width ?? side.width };
    const { dims, image } = networkInput(input, first.preprocessing, picture, rows);
    const facts = await traceFacts(fixed, { [input.name]: dims });
    demandCounts(fixed, facts);
    return { picture, image, facts };
  };
  const open = network.width === null || network.height === null;
  const size = open ? await sizeOf(wanted) : null;
  if (open && size === null) demandPicture(input);
  const { found, only } = await anySize(at, size, open);
  const hints = { ...known, only };
  const tried = open && size === null && only === null ? { width: FREE_SIDE, height: FREE_SIDE } : null;
  return { input, declared, hints, first: only ? guessPreprocessing(declared, hints) : first, rows, fixed, tried, ...found };
}

/** That no Reshape makes more or fewer values than it is given, which shows only when it runs. @throws UserError */
function demandCounts({ nodes }: Graph, facts: ReadonlyMap<string, ValueFacts>): void {
  const count = (name: string) => elementCount(facts.get(name)?.dims ?? []);
  for (const { opType, input, output } of nodes) {
    const [before, after] = [count(input[0] ?? ''), count(output[0] ?? '')];
    if (opType === 'Reshape' && before !== after && facts.has(input[0]!) && facts.has(output[0]!))
      throw new UserError(`The model does not run at this size: it takes ${after} values where there are ${before}.`);
  }
}

/** A row of so many values is a square picture or none. @throws UserError */
function demandPicture({ name, dims }: ImageInput): void {
  const values = dims.slice(1);
  if (dims.length > 3 || values.includes(null)) return;
  const count = values.reduce<number>((product, d) => product * d!, 1);
  throw new UserError(
    `The model's input ${name} takes ${count} values, as no square picture has, grey or in colour: a vector, such as a generator's latent one, is no picture; where they are one, give its size as width and height of the preprocessing (inspect takes --size).`,
  );
}

/** What is known of it before anything is tried; pictures that cannot be read say nothing here. */
async function sizeOf({ size, images }: Wanted): Promise<Size | null> {
  if (size || !images) return size ?? null;
  const set = await openImages({ paths: images, labels: null, offset: 0, limit: null, unlabelled: true, enough: 1 }).catch(() => null);
  const first = set?.items[0];
  return first ? { width: first.width, height: first.height } : null;
}

/**
 * A model at the size that it is given, or else at one that it runs at: files leave it open that take but one.
 * @returns which one that was, where it was looked for
 * @throws UserError where none is found
 */
async function anySize<T>(at: (size: Size) => Promise<T>, size: Size | null, open: boolean): Promise<{ found: T; only: Size | null }> {
  const first = size ?? { width: FREE_SIDE, height: FREE_SIDE };
  let why: UserError;
  try {
    return { found: await at(first), only: null };
  } catch (error) {
    if (!(error instanceof UserError) || !open) throw error;
    why = error;
  }
  const named = `The file leaves the size of its pictures open, and does not run at ${first.width} x ${first.height}, ${size ? 'the size of the pictures' : 'which was tried'}`;
  let [before, same] = [why.message, 0];
  for (const side of size ? [] : OTHER_SIDES) {
    const square = { width: side, height: side };
    try {
      return { found: await at(square), only: square };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      // What is wrong at any size is not the size's fault.
      if (error.message === before && ++same > 1) throw error;
      before = error.message;
    }
  }
  // What the library says of its own shapes helps nobody.
  const reason = why.message.startsWith('onnxruntime') ? '' : ` ${why.message}`;
  throw new UserError(
    `${named}: give the size it was made for, as geometry, width and height of the preprocessing (inspect takes --size), or load pictures of that size first.${reason}`,
  );
}

/** Class scores, or else an output to hold against a reference; a row as long as the picture is a picture. */
function answerOf(
  graph: Graph,
  facts: Map<string, ValueFacts>,
  rows: number,
  image: ImageShape,
  { output = null, answer }: Wanted,
): ClassifierOutput | NetworkOutput {
  if (output !== null) return findOutput(graph, facts, output, rows, image);
  try {
    const scores = findLogits(graph, facts, rows, answer);
    if (scores.width !== image.channels * image.height * image.width) return scores;
  } catch (error) {
    if (!(error instanceof NoScores)) throw error;
  }
  return findOutput(graph, facts, null, rows, image);
}
