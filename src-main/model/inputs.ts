import { UserError } from '../../shared/errors.ts';
import { declaredShape, DType, DTYPE_NAME, elementCount, GraphBuilder, isFloat } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';

/** A gigabyte of float32; a batch of the largest images that networks read has a tenth of it. */
export const MOST_VALUES = 2 ** 28;

/** An input beside the image: a mask, a noise level, a switch. It holds the same for every image. */
export interface OtherInput {
  name: string;
  type: number;
  /** null where the dimension is symbolic or unknown. */
  dims: (number | null)[];
  /** One number for all entries, or one for each. */
  value: number | number[];
}

/**
 * The inputs beside the image with the values they get: what is said of them, else 0.
 * @throws UserError for a name that is no such input, a type that takes no numbers, or a list that does not fit.
 */
export function otherInputs(graph: Graph, image: string, fixed: Readonly<Record<string, number | number[]>>): OtherInput[] {
  const others = graph.inputs.filter((input) => input.name !== image);
  const stray = Object.keys(fixed).find((name) => !others.some((input) => input.name === name));
  if (stray !== undefined) {
    const names = others.map((input) => input.name).join(', ');
    throw new UserError(
      `The value for ${stray} has no place: beside the image, the model has ${names === '' ? 'no other input' : `the inputs ${names}`}.`,
    );
  }
  return others.map((input) => {
    const { type, dims } = declaredShape(input);
    if (type === DType.string || DTYPE_NAME[type] === undefined)
      throw new UserError(`The model's input ${input.name} is of type ${DTYPE_NAME[type] ?? type}, for which Hairline has no value.`);
    return { name: input.name, type, dims: dims.map((d) => (typeof d === 'number' ? d : null)), value: fixed[input.name] ?? 0 };
  });
}

/**
 * An input's dimensions and values beside `rows` images. An open first dimension, or one that equals the batch the
 * model was exported with, is the batch; other open ones are 1. A list is for all entries, or for one image's.
 * @param own batch of the image input as declared; null where open
 * @throws UserError when a list has another length
 */
export function valuesBeside({ name, dims, value }: OtherInput, rows: number, own: number | null): { dims: number[]; data: number[] } {
  const shape = dims.map((d, i) => (i === 0 && (d === null || (dims.length > 1 && d === own)) ? rows : (d ?? 1)));
  const count = elementCount(shape);
  if (count > MOST_VALUES)
    throw new UserError(
      `The model's input ${name} takes ${count.toLocaleString('en')} values (${shape.join(' x ')}), more than the ${MOST_VALUES.toLocaleString('en')} that Hairline gives: export it smaller.`,
    );
  if (typeof value === 'number') return { dims: shape, data: new Array<number>(count).fill(value) };
  if (value.length === 0 || count % value.length !== 0 || (value.length !== count && value.length * rows !== count))
    throw new UserError(
      `The model's input ${name} takes ${count / rows} values an image (${dims.map((d) => d ?? '?').join(' x ')}), but ${value.length} are given.`,
    );
  return { dims: shape, data: Array.from({ length: count }, (_, i) => value[i % value.length]!) };
}

/** The graph with those inputs made constants; the original graph is left as it is. */
export function fixInputs(graph: Graph, others: readonly OtherInput[], rows: number, own: number | null): Graph {
  if (others.length === 0) return graph;
  const builder = new GraphBuilder({
    ...graph,
    inputs: graph.inputs.filter((input) => !others.some((other) => other.name === input.name)),
    nodes: [],
    initializers: new Map(graph.initializers),
  });
  builder.reserveOutputs(graph.nodes);
  for (const other of others) {
    const { dims, data } = valuesBeside(other, rows, own);
    const exact = other.type === DType.float64 || !isFloat(other.type) ? (other.type as DType) : DType.float32;
    builder.node('Cast', [builder.constant(data, dims, exact, 'fixed')], { to: other.type }, { outputs: [other.name] });
  }
  for (const node of graph.nodes) builder.append(node);
  return builder.graph;
}
