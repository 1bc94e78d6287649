import type { NodeProto } from 'onnx-buf';
import { elementCount, isFloat } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';
import { chosenFrom } from './choosers.ts';
import type { Answers, Chosen } from './choosers.ts';
import { FINAL, PLAIN, SAYS_CLASSES, SAYS_OTHER } from './vocabulary.ts';

/** A value that holds one row of numbers for each image, and so may be the class scores. */
export interface ClassRow {
  name: string;
  /** Numbers in a row. */
  width: number;
  /** Whether the file chooses its label where it is smallest, as of distances. */
  smallest?: true;
  /** The file chooses its label from it. */
  chosen?: true;
  /** Of a single number: the threshold by which the file chooses its label; with `smallest`, class 1 is below it. */
  threshold?: number;
}

/** Rows of numbers among a file's outputs, the likeliest class scores first. */
export interface ClassRows {
  rows: ClassRow[];
  /** What speaks for the first, as the end of "..., since"; null where the file has but one output. */
  why: string | null;
}

/** What puts a row behind others, the strongest first, as what then speaks for the one before them. */
const BEHIND = ['the others are single numbers', 'the others only lead to it', 'its name says so'];
/** A label is a single number, or stands beside the score that it was made of. */
const FEW = 2;

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
  const answers = { graph, producers, widthOf };
  const isFew = (name: string): boolean => elementCount(facts.get(name)?.dims ?? []) <= FEW * rows;
  const chosen = new Map(names.map((name) => [name, answerOf(name, answers, isFew)]));
  const own = names.filter((name) => chosen.get(name) === null && widthOf(name) !== null);
  const choices = [...chosen.values()].filter((found) => found !== null);
  const plain = choices.filter(({ threshold }) => threshold === undefined);
  const smallest = new Set(plain.filter((found) => found.smallest).map(({ name }) => base(name)));
  for (const found of plain) if (!found.smallest) smallest.delete(base(found.name));
  // An output of the file is taken rather than what it is made of.
  const named = plain.map(({ name }) => own.find((other) => base(other) === base(name)) ?? name);
  const single = plain.length > 0 ? [] : alone(choices, own, widthOf, producers);
  const sources = [...new Set([...named, ...single.map(({ name }) => name)])];
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
    ...(sources.includes(name) && { chosen: true as const }),
    ...single.find((one) => one.name === name),
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

/** What an output was chosen from; a threshold counts where the output is a label. */
function answerOf(name: string, answers: Answers, isFew: (name: string) => boolean): Chosen | null {
  const found = chosenFrom(name, answers);
  return found?.threshold === undefined || isFew(name) ? found : null;
}

/**
 * The single number that labels are chosen from by a threshold: none where there are several, or where a row beside it ends as class
 * scores do, or is called so; such a label may say whether a picture is any good.
 */
function alone(
  choices: readonly Chosen[],
  own: readonly string[],
  widthOf: (name: string) => number | null,
  producers: ReadonlyMap<string, NodeProto>,
): Pick<ClassRow, 'name' | 'threshold' | 'smallest'>[] {
  const [first, ...more] = choices;
  if (first?.threshold === undefined || more.some(({ name, threshold }) => name !== first.name || threshold !== first.threshold)) return [];
  const name = own.find((other) => plainBase(other, producers) === plainBase(first.name, producers)) ?? first.name;
  const before = ancestors([name], producers, own);
  const isRow = (other: string) => (widthOf(other) ?? 0) > 1 && !before.has(other);
  if (own.some((other) => isRow(other) && (SAYS_CLASSES.test(other) || baseOf(other, producers) !== plainBase(other, producers))))
    return [];
  return [{ name, threshold: first.threshold, ...(first.smallest && { smallest: true as const }) }];
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

/** Which of some values those named are computed from; what is one answer with them is none. */
function ancestors(names: readonly string[], producers: ReadonlyMap<string, NodeProto>, of: readonly string[] = names): Set<string> {
  const found = new Set<string>();
  for (const name of names) {
    const seen = new Set<string>();
    const open = [...(producers.get(name)?.input ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(producers.get(next)?.input ?? []));
    }
    for (const other of of)
      if (seen.has(baseOf(other, producers)) && baseOf(name, producers) !== baseOf(other, producers)) found.add(other);
  }
  return found;
}

/** What a value is but for the order of its dimensions, or a last softmax: two of one base are one answer. */
function baseOf(name: string, producers: ReadonlyMap<string, NodeProto>): string {
  const node = producers.get(name);
  return node && (PLAIN.has(node.opType) || node.opType in FINAL) ? baseOf(node.input[0]!, producers) : name;
}

/** What a value is but for the order of its dimensions: a threshold on it is one on the other. */
function plainBase(name: string, producers: ReadonlyMap<string, NodeProto>): string {
  const node = producers.get(name);
  return node && PLAIN.has(node.opType) ? plainBase(node.input[0]!, producers) : name;
}
