import type { NodeProto, ValueInfoProto } from 'onnx-buf';
import { declaredShape, isFloat, producersOf } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { PLAIN } from './classRows.ts';

/** A label that a file puts out, made of the best class by more operators. */
export interface OwnLabel {
  name: string;
  /** What comes between: it may answer otherwise than the largest score does. */
  through: string[];
}

/** What only counts classes otherwise, or looks their numbers up. */
const HARMLESS = new Set([...PLAIN, 'Gather', 'GatherElements', 'Slice', 'Split', 'Transpose']);
const FAR = 12;

/** Labels of a file that need not be the class of the largest score: a threshold may make "none" of it. */
export function ownLabels(graph: Graph): OwnLabel[] {
  const producers = producersOf(graph.nodes);
  return graph.outputs.filter(isLabel).flatMap(({ name }) => {
    const through = [...new Set(pathTo(name, producers, graph, FAR) ?? [])];
    return through.length > 0 ? [{ name, through: through.reverse() }] : [];
  });
}

/** A whole number, or a single one for each image. */
function isLabel(output: ValueInfoProto): boolean {
  const { type, dims } = declaredShape(output);
  return !isFloat(type) || dims.length < 2 || dims[1] === 1;
}

/** Operators from a value back to where the best class was chosen; null where it was not. */
function pathTo(name: string, producers: ReadonlyMap<string, NodeProto>, graph: Graph, far: number): string[] | null {
  const node = producers.get(name);
  if (!node || far === 0) return null;
  if (node.opType === 'ArgMax' || node.opType === 'ArgMin' || (node.opType === 'TopK' && node.output[1] === name)) return [];
  for (const input of node.input) {
    const before = pathTo(input, producers, graph, far - 1);
    if (before === null) continue;
    const counts = (node.opType === 'Add' || node.opType === 'Sub') && node.input.some((one) => graph.initializers.has(one));
    return HARMLESS.has(node.opType) || counts ? before : [node.opType, ...before];
  }
  return null;
}

export function labelNote({ name, through }: OwnLabel): string {
  return `The file makes its own label (${name}) of the best class by ${through.join(', ')}, and so may answer otherwise, such as with none; here the largest score alone counts.`;
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
