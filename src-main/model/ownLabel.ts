import type { NodeProto, ValueInfoProto } from 'onnx-buf';
import { declaredShape, DType, isFloat, producersOf } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { PLAIN } from './vocabulary.ts';

/** A label that a file puts out, made of the best class by more operators. */
export interface OwnLabel {
  name: string;
  /** What comes between: it may answer otherwise than the largest score does. */
  through: string[];
}

/** What only counts classes otherwise, or looks their numbers up. */
const HARMLESS = new Set([...PLAIN, 'Gather', 'GatherElements', 'Slice', 'Split', 'Transpose']);
/** Operators that make yes or no of a number. */
const DECIDERS = new Set(['Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual']);
const FAR = 12;

/**
 * Labels of a file that need not be what its scores say: a threshold may make "none" of it, or be none that was understood.
 * @param own whether the scores' threshold is the file's, which then makes its labels
 */
export function ownLabels(graph: Graph, { own = false }: { own?: boolean } = {}): OwnLabel[] {
  const producers = producersOf(graph.nodes);
  return graph.outputs.filter(isLabel).flatMap(({ name }) => {
    const through = [...new Set(pathTo(name, producers, graph, FAR) ?? [])];
    return through.length > 0 && !(own && through.some((operator) => DECIDERS.has(operator))) ? [{ name, through: through.reverse() }] : [];
  });
}

/** A whole number, a text, or a single number for each image. */
function isLabel(output: ValueInfoProto): boolean {
  const { type, dims } = declaredShape(output);
  return dims.length < 2 || dims[1] === 1 || (!isFloat(type) && type !== DType.bool);
}

/** A table that gives every class a name or number of its own. */
function isOneToOne({ opType, attribute }: NodeProto): boolean {
  if (opType !== 'LabelEncoder') return false;
  const values = attribute
    .filter(({ name }) => name.startsWith('values_'))
    .flatMap(({ strings, ints, floats }) => [...strings.map(String), ...ints, ...floats]);
  return new Set(values).size === values.length;
}

/** Operators from a value back to where the best class was chosen; null where it was not. */
function pathTo(name: string, producers: ReadonlyMap<string, NodeProto>, graph: Graph, far: number): string[] | null {
  const node = producers.get(name);
  if (!node || far === 0) return null;
  if (DECIDERS.has(node.opType) && node.input.some((one) => graph.initializers.has(one))) {
    const before = pathTo(node.input.find((one) => !graph.initializers.has(one)) ?? '', producers, graph, far - 1);
    return [node.opType, ...(before ?? [])];
  }
  if (node.opType === 'ArgMax' || node.opType === 'ArgMin' || (node.opType === 'TopK' && node.output[1] === name)) return [];
  for (const input of node.input) {
    const before = pathTo(input, producers, graph, far - 1);
    if (before === null) continue;
    const counts = (node.opType === 'Add' || node.opType === 'Sub') && node.input.some((one) => graph.initializers.has(one));
    return HARMLESS.has(node.opType) || counts || isOneToOne(node) ? before : [node.opType, ...before];
  }
  return null;
}

export function labelNote({ name, through }: OwnLabel): string {
  return `The file makes its own label (${name}) by ${through.join(', ')}, and so may answer otherwise than the class scores, such as with none; here the class scores alone count.`;
}

/**
 * Whether a file's own labels say something other than the largest score does. Other numbers for the same classes are no difference.
 * @param pairs of both, picture by picture
 * @returns the first pictures' own labels that differ, and how many do
 */
export function disagreements(pairs: readonly { label: number; prediction: number }[]): { differing: number; such: number[] } {
  const usual = new Map<number, number>();
  const shift = pairs.every(({ label, prediction }) => {
    const known = usual.get(prediction);
    usual.set(prediction, label);
    return known === undefined || known === label;
  });
  if (shift && new Set(usual.values()).size === usual.size && [...usual.values()].every((label) => label >= 0))
    return { differing: 0, such: [] };
  const off = pairs.filter(({ label, prediction }) => label !== prediction);
  return { differing: off.length, such: [...new Set(off.map(({ label }) => label))].slice(0, 3) };
}
