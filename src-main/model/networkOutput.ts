import { UserError } from '../../shared/errors.ts';
import { elementCount, isFloat, readsOf } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';
import type { ImageShape } from './differentiable.ts';

/** The output of a network that is no classifier, for one image: a row of values, and a picture where it has the shape of one. */
export interface NetworkOutput {
  /** Its name in the file: an output, or a value inside the network. */
  name: string;
  /** Dimensions for one image. */
  dims: number[];
  /** Values of one image. */
  width: number;
  /** How the values are a picture; null where they are none. */
  picture: (ImageShape & { layout: 'nchw' | 'nhwc' }) | null;
}

/**
 * Finds the output that is attacked or compared.
 * @param wanted its name, which may be any value inside the network; null: the first output with floats that depends on the image
 * @param rows length of the batch dimension the facts were traced with
 * @param input what the network reads, to tell flat pictures by
 * @throws UserError when there is none of that name, or none that holds as many values for each image.
 */
export function findOutput(
  graph: Graph,
  facts: ReadonlyMap<string, ValueFacts>,
  wanted: string | null,
  rows: number,
  input: ImageShape,
): NetworkOutput {
  const fits = (name: string): boolean => hasRows(facts.get(name), rows);
  const names = graph.outputs.map((output) => output.name);
  const live = reached(graph);
  const name = wanted ?? names.find((n) => fits(n) && live.has(n));
  if (name === undefined) {
    const shapes = names.map((n) => `${n} [${facts.get(n)?.dims.join(', ') ?? '?'}]`).join(', ');
    throw new UserError(`No output of the model holds numbers for each image (${shapes}).`);
  }
  if (!facts.has(name)) throw new UserError(`The model has no output or inner value called ${name}; its outputs are ${names.join(', ')}.`);
  if (!fits(name))
    throw new UserError(`The model's value ${name} [${facts.get(name)!.dims.join(', ')}] holds no numbers for each image: choose another.`);
  if (!live.has(name)) throw new UserError(`The model's value ${name} does not depend on the image: choose another.`);
  const dims = ofOne(facts.get(name)!.dims, rows);
  return { name, dims, width: elementCount(dims), picture: pictureOf(dims, input) };
}

/** Everything `findOutput` finds by name: the outputs, then the values inside in the order they are computed, with dimensions for one image. */
export function outputNames(graph: Graph, facts: ReadonlyMap<string, ValueFacts>, rows: number): { name: string; dims: number[] }[] {
  const live = reached(graph);
  const names = new Set([...graph.outputs.map(({ name }) => name), ...graph.nodes.flatMap((node) => node.output)]);
  return [...names]
    .filter((name) => live.has(name) && hasRows(facts.get(name), rows))
    .map((name) => ({ name, dims: ofOne(facts.get(name)!.dims, rows) }));
}

function hasRows(facts: ValueFacts | undefined, rows: number): boolean {
  return facts !== undefined && isFloat(facts.type) && elementCount(facts.dims) > 0 && (rows === 1 || facts.dims[0] === rows);
}

/** With one image, a first dimension other than 1 belongs to the value. */
function ofOne(dims: readonly number[], rows: number): number[] {
  return dims[0] === rows && dims.length > 1 ? dims.slice(1) : [...dims];
}

/** Values that depend on an input. */
function reached(graph: Graph): Set<string> {
  const live = new Set(graph.inputs.map((input) => input.name));
  for (const node of graph.nodes) if (readsOf(node).some((i) => live.has(i))) for (const output of node.output) live.add(output);
  return live;
}

/** Up to four planes, channels first or last; one plane without a channel dimension; a flat row as long as the picture that went in. */
function pictureOf(dims: readonly number[], input: ImageShape): NetworkOutput['picture'] {
  const [a = 0, b = 0, c = 0] = dims;
  if (dims.length === 3 && a <= 4 && b > 1 && c > 1) return { channels: a, height: b, width: c, layout: 'nchw' };
  if (dims.length === 3 && c <= 4 && a > 1 && b > 1) return { channels: c, height: a, width: b, layout: 'nhwc' };
  if (dims.length === 2 && a > 4 && b > 4) return { channels: 1, height: a, width: b, layout: 'nchw' };
  const flat = dims.filter((d) => d !== 1);
  if (flat.length === 1 && flat[0] === input.channels * input.height * input.width) return { ...input, layout: 'nchw' };
  return null;
}
