import type { NodeProto } from 'onnx-buf';
import { int } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { constantOf } from './constantOf.ts';
import { rangeOf } from './endings.ts';
import { PLAIN } from './vocabulary.ts';

/** What a file chooses its answer from. */
export interface Chosen {
  /** A row of scores; with a threshold, a single number. */
  name: string;
  /** The answer is where it is smallest; with a threshold, class 1 lies below it. */
  smallest: boolean;
  /** The single number's own threshold in the file. */
  threshold?: number;
}

/** A file's values as far as the answer is looked for in them. */
export interface Answers {
  graph: Graph;
  producers: ReadonlyMap<string, NodeProto>;
  /** Numbers in a row of floats for each image; null: it is none. */
  widthOf: (name: string) => number | null;
}

/** Operators that make a label, a map from labels to probabilities, or the best few, of a row of scores. */
const CHOOSERS = new Set(['ArgMax', 'ArgMin', 'TopK', 'ZipMap']);
/** Operators that make the best score of a row. */
const BEST = new Set(['ReduceMax', 'ReduceMin']);
/** Operators that take values by their places. */
const PICKERS = new Set(['Gather', 'GatherElements', 'GatherND']);
const ABOVE = new Set(['Greater', 'GreaterOrEqual']);
const BELOW = new Set(['Less', 'LessOrEqual']);
/** What may come between the answer and an output: percent, probabilities among them. */
const DRESSING = new Set([...PLAIN, 'Mul', 'Div', 'Add', 'Sub', 'Neg', 'Softmax', 'Sigmoid', 'Clip', 'Round', 'Where', 'Concat', 'Not']);
/** Steps from an output back to where it was chosen. */
const FAR = 8;

/**
 * What an output was chosen from, a few steps back: the best class, the best score, the best few, all of them in order; a label by a
 * threshold on a single number; several of these side by side. Null where it was not chosen at all.
 */
export function chosenFrom(output: string, answers: Answers): Chosen | null {
  return followed(output, answers, FAR, new Map());
}

/** What was found behind values, and from how far: each is followed once, for ways meet again and again in a network. */
type Known = Map<string, { far: number; found: Chosen | null }>;

function followed(name: string, answers: Answers, far: number, known: Known): Chosen | null {
  const before = known.get(name);
  if (before && before.far >= far) return before.found;
  const found = look(name, answers, far, known);
  known.set(name, { far, found });
  return found;
}

function look(output: string, answers: Answers, far: number, known: Known): Chosen | null {
  const { producers, widthOf } = answers;
  const node = producers.get(output);
  if (!node || far === 0) return null;
  const own = widthOf(output);
  const from = node.input[0] ?? '';
  if ((CHOOSERS.has(node.opType) || (BEST.has(node.opType) && own === 1)) && (widthOf(from) ?? 0) > 1)
    return { name: from, smallest: takesSmallest(node) };
  if (PICKERS.has(node.opType)) {
    const order = orderOf(node.input[1] ?? '', answers, far, new Set());
    // What is put in order is what the order was made of, or says the same otherwise, as probabilities do of logits.
    if (order)
      return widthOf(from) === widthOf(order.name)
        ? { name: from, smallest: order.smallest !== isTurned(order.name, from, answers) }
        : order;
  }
  const alone = thresholdOf(node, answers, far, known);
  if (alone) return alone;
  // A row of numbers that more was computed of is an answer of its own.
  if (own !== null && !DRESSING.has(node.opType)) return null;
  const found = node.input.map((name) => followed(name, answers, far - 1, known)).filter((one) => one !== null);
  const row = found.find(({ threshold }) => threshold === undefined);
  if (row) return row;
  // A label that several thresholds make is not told by one of them.
  const [only] = found;
  if (!only || found.length > 1 || JOINTS.has(node.opType)) return null;
  return turns(node, answers) ? { ...only, smallest: !only.smallest } : only;
}

/** Operators that make one truth of two. */
const JOINTS = new Set(['And', 'Or', 'Xor', 'Equal']);

const takesSmallest = (node: NodeProto): boolean =>
  node.opType === 'ArgMin' || node.opType === 'ReduceMin' || (node.opType === 'TopK' && int(node, 'largest', 1) === 0);

/** Whether one value is another with its sign turned: the smallest of the one is the largest of the other. */
function isTurned(name: string, of: string, { producers }: Answers): boolean {
  const node = producers.get(name);
  return node?.opType === 'Neg' && node.input[0] === of;
}

/** The row whose order or best place a value of places holds, through what only counts them otherwise. */
function orderOf(places: string, answers: Answers, far: number, seen: Set<string>): Chosen | null {
  const node = answers.producers.get(places);
  if (!node || far === 0 || seen.has(places)) return null;
  seen.add(places);
  const from = node.input[0]!;
  if (node.opType === 'ArgMax' || node.opType === 'ArgMin' || (node.opType === 'TopK' && node.output[1] === places))
    return (answers.widthOf(from) ?? 0) > 1 ? { name: from, smallest: takesSmallest(node) } : null;
  for (const input of node.input) {
    const order = orderOf(input, answers, far - 1, seen);
    if (order) return order;
  }
  return null;
}

/** A label that a threshold makes of a single number; of the best score of a row, that row. */
function thresholdOf(node: NodeProto, answers: Answers, far: number, known: Known): Chosen | null {
  const [value, threshold, below] = compared(node, answers) ?? [];
  if (value === undefined || answers.widthOf(value) !== 1) return null;
  const before = followed(value, answers, far - 1, known);
  return before ?? { name: value, smallest: below!, threshold: threshold! };
}

/** A value, what it is held against, and whether the answer is yes below that. */
function compared(node: NodeProto, answers: Answers): [value: string, threshold: number, below: boolean] | null {
  const [a = '', b = ''] = node.input;
  if (ABOVE.has(node.opType) || BELOW.has(node.opType)) {
    const below = BELOW.has(node.opType);
    const [left, right] = [constantOf(a, answers), constantOf(b, answers)];
    if (right !== null) return [a, right, below];
    return left === null ? null : [b, left, !below];
  }
  if (node.opType === 'Sign') return [a, 0, false];
  // What is rounded to 0 or 1 is a label; a percentage is none.
  const range = node.opType === 'Round' ? rangeOf(a, answers) : null;
  return range?.least === 0 && range.most === 1 ? [a, 0.5, false] : null;
}

/** Whether an operator makes yes of no. */
function turns(node: NodeProto, answers: Answers): boolean {
  const number = (i: number) => constantOf(node.input[i] ?? '', answers);
  switch (node.opType) {
    case 'Not':
    case 'Neg':
      return true;
    case 'Sub':
      return number(0) !== null;
    case 'Where':
      return (number(1) ?? 1) < (number(2) ?? 0);
    default:
      return false;
  }
}
