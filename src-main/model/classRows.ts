import type { NodeProto } from 'onnx-buf';
import { int, isFloat } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';

/** A value that holds one row of numbers for each image, and so may be the class scores. */
export interface ClassRow {
  name: string;
  /** Numbers in a row. */
  width: number;
  /** Whether the file chooses its label where it is smallest, as of distances. */
  smallest?: true;
}

/** Rows of numbers among a file's outputs, the likeliest class scores first. */
export interface ClassRows {
  rows: ClassRow[];
  /** What speaks for the first, as the end of "..., since"; null where the file has but one output. */
  why: string | null;
}

/** Operators that only rearrange a row, so what is before them is the same answer. */
export const PLAIN = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Dropout', 'Cast']);
/** Operators that make a label, a map from labels to probabilities, or the best few, of a row of scores. */
const CHOOSERS = new Set(['ArgMax', 'ArgMin', 'TopK', 'ZipMap']);
/** Operators that make the best score of a row. */
const BEST = new Set(['ReduceMax', 'ReduceMin']);
/** What may come between the best few and an output: percent, probabilities among them. */
const DRESSING = new Set([...PLAIN, 'Mul', 'Div', 'Add', 'Sub', 'Neg', 'Softmax', 'Sigmoid', 'Clip', 'Round', 'Where']);
/** Steps from an output back to where it was chosen. */
const FAR = 6;

/** What puts a row behind others, the strongest first, as what then speaks for the one before them. */
const BEHIND = ['the others are single numbers', 'the others only lead to it', 'its name says so'];
/** What names say that are of classes. */
export const SAYS_CLASSES = /logit|prob|score|softmax|class|label|pred/i;
const SAYS_OTHER = /feat|embed|hidden|pool|token|aux/i;

/**
 * Class scores hide among other outputs: features come first, or what was chosen from the scores (best label, best score, the best few,
 * sorted), or a value of another kind. What the file itself chooses from is taken before all others; then rows that others only lead to;
 * then names; then the order in the file. A single number is taken only where there is no wider row.
 * @param rows length of the batch dimension the facts were traced with
 * @param producers of the graph's values
 */
export function classRows(
  graph: Graph,
  facts: ReadonlyMap<string, ValueFacts>,
  rows: number,
  producers: ReadonlyMap<string, NodeProto>,
): ClassRows {
  const names = graph.outputs.map(({ name }) => name);
  const floats = names.filter((name) => isFloat(facts.get(name)?.type ?? 0));
  const squeezed = floats.every((name) => facts.get(name)!.dims.length < 2);
  const widthOf = (name: string): number | null => {
    const known = facts.get(name);
    return known && isFloat(known.type) ? rowWidth(known.dims, rows, squeezed) : null;
  };
  const base = (name: string): string => baseOf(name, producers);
  const chosen = new Map(names.map((name) => [name, behind(name, producers, widthOf)]));
  const smallest = new Set<string>();
  for (const found of chosen.values()) if (found?.smallest) smallest.add(base(found.name));
  for (const found of chosen.values()) if (found && !found.smallest) smallest.delete(base(found.name));
  const own = names.filter((name) => chosen.get(name) === null && widthOf(name) !== null);
  // An output of the file is taken rather than what it is made of.
  const sources = [
    ...new Set(
      [...chosen.values()].flatMap((found) =>
        found === null ? [] : [own.find((other) => base(other) === base(found.name)) ?? found.name],
      ),
    ),
  ];
  const known = new Set(sources.map(base));
  const others = own.filter((name) => !known.has(base(name)) && own.find((other) => base(other) === base(name)) === name);
  const before = ancestors(others, producers);
  const ranked = others
    .map((name) => ({
      name,
      marks: [Number(widthOf(name) === 1), Number(before.has(name)), SAYS_OTHER.test(name) ? 1 : SAYS_CLASSES.test(name) ? -1 : 0],
    }))
    .sort((a, b) => (a.marks[apart(a.marks, b.marks)] ?? 0) - (b.marks[apart(a.marks, b.marks)] ?? 0));
  const all = [...sources, ...ranked.map(({ name }) => name)].map((name) => ({
    name,
    width: widthOf(name)!,
    ...(smallest.has(base(name)) && { smallest: true as const }),
  }));
  const why =
    names.length < 2
      ? null
      : whyFirst(
          sources.length,
          ranked.map(({ marks }) => marks),
          own.filter((name) => name !== all[0]?.name && base(name) === base(all[0]?.name ?? '')),
        );
  return { rows: all, why };
}

/** The first mark that tells two rows apart; -1 where none does. */
const apart = (a: readonly number[], b: readonly number[]): number => a.findIndex((mark, i) => mark !== b[i]);

/**
 * @param sources rows that the file chooses from; @param marks of the others, ranked
 * @param same other outputs that are the same answer
 */
function whyFirst(sources: number, [first, second]: readonly (readonly number[])[], same: readonly string[]): string {
  if (sources === 1) return 'the file chooses its label from it';
  if (sources === 0 && !second && same.length > 0)
    return `${same.join(', ')} ${same.length > 1 ? 'are' : 'is'} the same answer, but for a last softmax or the like`;
  if (sources === 0 && !second) return 'no other output is a row of numbers for each image';
  return (sources === 0 && BEHIND[apart(first!, second!)]) || 'it comes first';
}

/**
 * Numbers for each image of a value of these dimensions; null when it is no row for each image.
 * @param squeezed whether no output has a batch dimension: then the only one may be the classes of a single image
 */
export function rowWidth(dims: readonly number[], rows: number, squeezed = false): number | null {
  if (dims.length === 0) return rows === 1 ? 1 : null;
  if (dims.length === 1) return dims[0] === rows ? 1 : rows === 1 && squeezed ? dims[0]! : null;
  if (dims[0] !== rows) return null;
  const wide = dims.slice(1).filter((d) => d !== 1);
  return wide.length > 1 ? null : (wide[0] ?? 1);
}

/** The row of scores that an output was chosen from, a few steps back; null where it was not. */
function behind(
  output: string,
  producers: ReadonlyMap<string, NodeProto>,
  widthOf: (name: string) => number | null,
): { name: string; smallest: boolean } | null {
  const own = widthOf(output);
  let names = [output];
  for (let depth = 0; depth < FAR && names.length > 0; depth++) {
    const nodes = names.map((name) => producers.get(name)).filter((node) => node !== undefined);
    const chosen = nodes.find(
      ({ opType, input }) => (CHOOSERS.has(opType) || (BEST.has(opType) && own === 1)) && (widthOf(input[0] ?? '') ?? 0) > 1,
    );
    if (chosen) return { name: chosen.input[0]!, smallest: takesSmallest(chosen) };
    // A row of numbers that more was computed of is an answer of its own.
    const on = own === null ? nodes : nodes.filter(({ opType }) => DRESSING.has(opType));
    names = [...new Set(on.flatMap(({ input }) => input.filter((name) => name !== '')))];
  }
  return null;
}

const takesSmallest = (node: NodeProto): boolean =>
  node.opType === 'ArgMin' || node.opType === 'ReduceMin' || (node.opType === 'TopK' && int(node, 'largest', 1) === 0);

/** Which of some values others of them are computed from; what is one answer with them is none. */
function ancestors(names: readonly string[], producers: ReadonlyMap<string, NodeProto>): Set<string> {
  const found = new Set<string>();
  for (const name of names) {
    const seen = new Set<string>();
    const open = [...(producers.get(name)?.input ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(producers.get(next)?.input ?? []));
    }
    for (const other of names)
      if (seen.has(baseOf(other, producers)) && baseOf(name, producers) !== baseOf(other, producers)) found.add(other);
  }
  return found;
}

/** What a value is but for the order of its dimensions, or a last softmax: two of one base are one answer. */
function baseOf(name: string, producers: ReadonlyMap<string, NodeProto>): string {
  const node = producers.get(name);
  return node && (PLAIN.has(node.opType) || node.opType in FINAL) ? baseOf(node.input[0]!, producers) : name;
}

/** Operators that end a classifier, and what they put out. */
export const FINAL: Record<string, 'softmax' | 'log-softmax' | 'sigmoid'> = {
  Softmax: 'softmax',
  LogSoftmax: 'log-softmax',
  Sigmoid: 'sigmoid',
};
