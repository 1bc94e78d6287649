import type { NodeProto } from 'onnx-buf';
import { int, tensorNumbers } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';
import { constantOf } from './constantOf.ts';
import { isWrittenOut } from './eachByItself.ts';
import { NO_CLASSES, PLAIN, SAYS_CLASSES, TAKERS } from './vocabulary.ts';

/** How a network ends, as far as its last operators say what its numbers are. */
export interface Ends {
  graph: Graph;
  producers: ReadonlyMap<string, NodeProto>;
  facts: ReadonlyMap<string, ValueFacts>;
}

const RANGES: Record<string, Omit<Range, 'by'>> = {
  Sigmoid: { least: 0, most: 1, reached: false },
  HardSigmoid: { least: 0, most: 1, reached: true },
  Softmax: { least: 0, most: 1, reached: false },
  Tanh: { least: -1, most: 1, reached: false },
  Relu: { least: 0, most: Infinity, reached: true },
  Softplus: { least: 0, most: Infinity, reached: false },
};

/** Between which numbers values lie, whether the least is one of them, and the operator that says so. */
export interface Range {
  least: number;
  most: number;
  reached: boolean;
  by: string;
}

/** Between which numbers a value lies by its last operators, and the one that bounds it; null: nothing says so. */
export function rangeOf(name: string, ends: Pick<Ends, 'producers' | 'graph'>): Range | null {
  const node = ends.producers.get(name);
  if (!node) return null;
  const range = RANGES[node.opType];
  if (range) return { ...range, by: node.opType };
  if (isWrittenOut(node, ends)) return { ...RANGES.Sigmoid!, by: 'sigmoid written out' };
  if (TAKERS.has(node.opType)) return rangeOf(node.input[0]!, ends);
  const [a, b] = [constantOf(node.input[0] ?? '', ends), constantOf(node.input[1] ?? '', ends)];
  const before = (i: number) => rangeOf(node.input[i]!, ends);
  switch (node.opType) {
    case 'Mul':
      return scaled(a === null ? before(0) : before(1), a ?? b);
    case 'Div':
      return scaled(before(0), b === null ? null : 1 / b);
    default:
      return null;
  }
}

/** A range times a factor above 0. */
function scaled(range: Range | null, factor: number | null): Range | null {
  return range && factor !== null && factor > 0 && Number.isFinite(factor)
    ? { ...range, least: range.least * factor, most: range.most * factor }
    : null;
}

/** Steps that are followed from an output back. */
const FAR = 24;

/**
 * What each row of a value sums to, where it is made of rows after a softmax: their mean, their weighted sum, their average over more
 * looks at a picture. Null: nothing says so.
 */
export function totalOf(name: string, ends: Ends, far = FAR): number | null {
  const node = ends.producers.get(name);
  if (!node || far === 0) return null;
  const total = (i: number) => totalOf(node.input[i]!, ends, far - 1);
  const all = () => node.input.map((_, i) => total(i));
  const number = (i: number) => constantOf(node.input[i]!, ends);
  switch (node.opType) {
    case 'Softmax':
      return overLast(node, ends) ? 1 : null;
    case 'Add':
    case 'Sum':
      return sum(all());
    case 'Mean':
      return per(sum(all()), node.input.length);
    case 'Mul': {
      const factor = number(1) ?? number(0);
      const of = number(1) === null ? total(1) : total(0);
      return factor === null || of === null ? null : factor * of;
    }
    case 'Div':
      return per(total(0), number(1));
    case 'Concat': {
      const [first, ...rest] = all();
      return first !== undefined && !isLast(node, int(node, 'axis', 0), ends) && rest.every((one) => one === first) ? first : null;
    }
    case 'ReduceMean': {
      const axes = axesOf(node, ends);
      return axes !== null && axes.every((axis) => !isLast(node, axis, ends)) ? total(0) : null;
    }
    case 'Identity':
    case 'Cast':
    case 'Dropout':
      return total(0);
    case 'Unsqueeze':
    case 'Squeeze':
    case 'Reshape':
    case 'Flatten':
      return ends.facts.get(name)?.dims.at(-1) === ends.facts.get(node.input[0]!)?.dims.at(-1) ? total(0) : null;
    default:
      return null;
  }
}

const sum = (parts: readonly (number | null)[]): number | null => parts.reduce((a, b) => (a === null || b === null ? null : a + b), 0);
const per = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a / b);

function isLast(node: NodeProto, axis: number, { facts }: Ends): boolean {
  const rank = facts.get(node.input[0]!)?.dims.length ?? 0;
  return axis === -1 || axis === rank - 1;
}

const overLast = (node: NodeProto, ends: Ends): boolean =>
  isLast(node, int(node, 'axis', -1), ends) && (ends.facts.get(node.input[0]!)?.dims.at(-1) ?? 0) > 1;

function axesOf(node: NodeProto, { graph }: Ends): number[] | null {
  const written = node.attribute.find(({ name }) => name === 'axes');
  if (written) return written.ints.map(Number);
  const tensor = graph.initializers.get(node.input[1] ?? '');
  return tensor ? Array.from(tensorNumbers(tensor, graph), Number) : null;
}

/** Whether a value ends in a softmax over its first dimension, which is no image's own. */
export function overFirst(name: string, { producers, facts }: Pick<Ends, 'producers' | 'facts'>): boolean {
  const node = producers.get(name);
  if (!node) return false;
  if (node.opType !== 'Softmax' && node.opType !== 'LogSoftmax')
    return PLAIN.has(node.opType) && overFirst(node.input[0]!, { producers, facts });
  const rank = facts.get(node.input[0]!)?.dims.length ?? 0;
  const axis = int(node, 'axis', -1);
  return rank > 1 && (axis === 0 || axis === -rank);
}

/** What speaks against class scores in a row that nothing shows to be some, as the end of "..., but"; null: nothing. */
export function doubtOf(name: string, { producers, facts }: Pick<Ends, 'producers' | 'facts'>): string | null {
  if (overFirst(name, { producers, facts })) return 'its softmax runs over its first dimension, which counts images';
  if (hasUnitLength(name, producers)) return 'it is divided by its own length at the end, as embeddings are';
  return NO_CLASSES.test(name) && !SAYS_CLASSES.test(name) ? 'its name speaks against it' : null;
}

function hasUnitLength(name: string, producers: ReadonlyMap<string, NodeProto>): boolean {
  const node = producers.get(name);
  if (!node) return false;
  if (PLAIN.has(node.opType)) return hasUnitLength(node.input[0]!, producers);
  if (node.opType === 'LpNormalization') return true;
  if (node.opType !== 'Div') return false;
  // The length comes through bounds and dimensions put back.
  let [at, from] = [node.input[1]!, producers.get(node.input[1]!)];
  for (let step = 0; step < 4 && from && ['Clip', 'Max', 'Add', 'Expand', 'Unsqueeze', 'Identity'].includes(from.opType); step++) {
    at = from.input[0]!;
    from = producers.get(at);
  }
  if (from?.opType === 'Sqrt') from = producers.get(from.input[0]!);
  return from?.opType === 'ReduceL2' || from?.opType === 'ReduceSumSquare' || (from?.opType === 'ReduceSum' && isSquare(from, producers));
}

function isSquare(sumOf: NodeProto, producers: ReadonlyMap<string, NodeProto>): boolean {
  const node = producers.get(sumOf.input[0]!);
  return node?.opType === 'Pow' || (node?.opType === 'Mul' && node.input[0] === node.input[1]);
}
