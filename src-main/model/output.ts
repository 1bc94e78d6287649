import type { NodeProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import type { Answer } from '../../shared/plan.ts';
import type { ScoresFound } from '../../shared/results.ts';
import { elementCount, int, isFloat, opset, producersOf } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';
import { classRows, FINAL, PLAIN, rowWidth } from './classRows.ts';
import { doubtOf, overFirst, rangeOf, TAKERS, totalOf } from './endings.ts';
import type { Ends } from './endings.ts';
import type { ClassRow } from './classRows.ts';

export type OutputKind = 'logits' | 'softmax' | 'log-softmax' | 'sigmoid';

/** Where a classifier's answer is found. */
export interface ClassifierOutput {
  /** Value the file itself puts out, or the scores that its label output was chosen from. */
  name: string;
  /** Value that holds the logits: before a final softmax, log-softmax or sigmoid. */
  logits: string;
  kind: OutputKind;
  /** Length of a row of `name`; 1 for a single sigmoid, which tells two classes apart. */
  width: number;
  classes: number;
  /** Of a single number: from which value of `name` on it stands for the second class; absent: 1/2 of a sigmoid. */
  threshold?: number;
  /** What speaks for this value of several outputs, as the end of "..., since", and other rows that may hold class scores, where there are any. */
  why?: string;
  others?: string[];
  /** The file takes the smallest of them, as of distances: scores are these numbers with the sign turned. */
  smallest?: true;
  /** What speaks against class scores, as the end of "..., but". */
  doubt?: string;
}

/** The model puts out no class scores: it is no classifier, and may be attacked by its output. */
export class NoScores extends UserError {}

/** So, but for something that can be said or mended, which the message tells: a single number without a threshold, images behind classes. */
export class AlmostScores extends NoScores {}

/** Nothing is said of a classifier's answer. */
const FOUND: Answer = { output: null, threshold: null };

/**
 * Finds a classifier's class scores and takes them back to logits.
 * @param rows length of the batch dimension the facts were traced with
 * @throws NoScores when no output looks like one row of class scores per image; UserError when what is said of the answer does not fit.
 */
export function findLogits(graph: Graph, facts: Map<string, ValueFacts>, rows: number, said: Answer | undefined = FOUND): ClassifierOutput {
  const producers = producersOf(graph.nodes);
  const { rows: found, why } = classRows(graph, facts, rows, producers);
  const ends = { graph, producers, facts };
  const { name, width } = said.output === null ? (found[0] ?? none(ends)) : named(said.output, facts, rows);
  const smallest = found.some((row) => row.name === name && row.smallest);
  const { logits, kind } = smallest ? { logits: name, kind: 'logits' as const } : ending(name, { ...ends, rows, width });
  const sure = said.output !== null || kind !== 'logits' || smallest;
  const doubt = sure || width === 1 ? null : doubtOf(name, ends);
  const others = said.output === null ? found.slice(1).filter((other) => other.width > 1) : [];
  const choice = {
    ...(said.output !== null ? { why: 'it was named' } : why !== null && { why }),
    ...(others.length > 0 && { others: others.map((other) => other.name) }),
    ...(smallest && { smallest: true as const }),
    ...(doubt !== null && { doubt }),
  };
  if (width > 1) {
    if (said.threshold !== null)
      throw new UserError(`The model's output ${name} holds ${width} numbers an image, and a threshold is for a single one: leave it out.`);
    return { name, logits, kind, width, classes: width, ...choice };
  }
  const range = rangeOf(name, ends);
  if (kind !== 'sigmoid' && said.threshold === null)
    throw new AlmostScores(
      `The model's output ${name} is a single number ${range ? `that comes from a ${range.by}` : 'without a sigmoid'}, so there are no classes to tell apart: where it decides between two, say from which value on it stands for the second (${thresholdHint(range)}).`,
    );
  if (
    said.threshold !== null &&
    range &&
    (said.threshold < range.least || (said.threshold === range.least && !range.reached) || said.threshold >= range.most)
  )
    throw new UserError(
      `The model's output ${name} comes from a ${range.by} and lies between ${range.least} and ${range.most}, so that the threshold ${said.threshold} tells nothing apart: take one between (${thresholdHint(range)}).`,
    );
  return { name, logits, kind, width, classes: 2, ...choice, ...(said.threshold !== null && { threshold: said.threshold }) };
}

/** The usual threshold of a number that lies in such a range. */
function thresholdHint(range: ReturnType<typeof rangeOf>): string {
  if (range === null) return '--threshold 0 for a logit, 0.5 for a probability';
  if (range.least < 0) return 'such as --threshold 0';
  return range.most === 1 ? '--threshold 0.5 for a probability' : '--threshold with a value above 0';
}

function none(ends: Ends): never {
  const { graph, facts } = ends;
  const first = graph.outputs.find(({ name }) => overFirst(name, ends));
  if (first)
    throw new AlmostScores(
      `The model's output ${first.name} [${facts.get(first.name)?.dims.join(', ') ?? '?'}] ends in a softmax over its first dimension, so that classes stand where images should: export it with images first and the softmax over the classes.`,
    );
  const shapes = graph.outputs.map(({ name }) => `${name} [${facts.get(name)?.dims.join(', ') ?? '?'}]`).join(', ');
  throw new NoScores(
    `No output of the model is one row of class scores per image (${shapes}): choose a goal on its output, such as deviation, or name the value that is (--output).`,
  );
}

/** A value that is said to hold the scores. @throws UserError where there is none of that name, or it is no row of numbers */
function named(name: string, facts: ReadonlyMap<string, ValueFacts>, rows: number): ClassRow {
  const known = facts.get(name);
  if (!known) throw new UserError(`The model has no output or inner value called ${name}: inspect lists its outputs.`);
  const width = isFloat(known.type) ? rowWidth(known.dims, rows, true) : null;
  if (width === null)
    throw new UserError(`The model's value ${name} [${known.dims.join(', ')}] is no row of class scores for each image: name another one.`);
  return { name, width };
}

/** How far a single number's threshold lies from 0 as a logit. @throws UserError for a probability that is none */
export function thresholdLogit({ kind, threshold }: Pick<ClassifierOutput, 'kind' | 'threshold'>): number {
  if (threshold === undefined) return 0;
  if (kind !== 'sigmoid') return threshold;
  if (threshold <= 0 || threshold >= 1)
    throw new UserError(`A sigmoid puts out numbers between 0 and 1, and the threshold ${threshold} is none of them.`);
  return Math.log(threshold / (1 - threshold));
}

interface Row extends Ends {
  rows: number;
  width: number;
}

/** Back to logits; probabilities that no softmax ends, such as a mean of them, are told by what they sum to. */
function ending(name: string, row: Row): { logits: string; kind: OutputKind } {
  const found = unwrap(name, row);
  const total = found.kind === 'logits' && row.facts.get(name)?.dims.at(-1) === row.width ? totalOf(name, row) : null;
  return total !== null && Math.abs(total - 1) < 1e-3 ? { logits: name, kind: 'softmax' } : found;
}

function unwrap(name: string, row: Row): { logits: string; kind: OutputKind } {
  const { producers, facts, rows, width } = row;
  let at = name;
  for (let depth = 0; depth < 8; depth++) {
    const node = producers.get(at);
    if (!node || (node.domain !== '' && node.domain !== 'ai.onnx')) break;
    const kind = FINAL[node.opType];
    const input = node.input[0]!;
    if (kind) return normalizesRow(node, input, row) ? { logits: input, kind } : { logits: name, kind: 'logits' };
    const before = facts.get(input);
    // The only number of a row is the same by whatever it is taken out.
    const taken =
      PLAIN.has(node.opType) ||
      (width === 1 && TAKERS.has(node.opType) && int(node, 'axis', node.opType === 'Gather' || node.opType === 'Split' ? 0 : 1) !== 0);
    if (!taken || !before || !isFloat(before.type) || rowWidth(before.dims, rows, true) !== width) break;
    at = input;
  }
  return { logits: name, kind: 'logits' };
}

/** A softmax counts only if it runs over the classes; over another axis it is part of the network. */
function normalizesRow(node: NodeProto, name: string, { graph, facts, rows, width }: Row): boolean {
  const dims = facts.get(name)?.dims;
  if (!dims || rowWidth(dims, rows, true) !== width) return false;
  if (node.opType === 'Sigmoid') return true;
  if (width === 1) return false;
  // Before opset 13 it ran over all axes from the given one on, 1 by default.
  const flat = opset(graph) < 13;
  const axis = int(node, 'axis', flat ? 1 : -1);
  const at = axis < 0 ? axis + dims.length : axis;
  return (at > 0 || dims.length === 1) && (flat ? elementCount(dims.slice(at)) : dims[at]) === width;
}

/** What has to be known of the scores that were taken, in sentences. */
export function scoreNotes({
  name,
  kind,
  width,
  others,
  why,
  threshold,
  smallest,
  doubt,
}: Pick<ClassifierOutput, 'name' | 'kind' | 'width' | 'others' | 'why' | 'threshold' | 'smallest' | 'doubt'>): string[] {
  return [
    ...(smallest
      ? [`The file chooses the smallest number of ${name}, as of distances: class scores are these numbers with the sign turned.`]
      : []),
    ...(doubt !== undefined
      ? [
          `The output ${name} is taken for class scores of which the largest wins, since it is a row of numbers for each image, but ${doubt}: where it holds none, choose a goal on the output (--goal deviation); where the smallest wins, export it with the sign turned.`,
        ]
      : []),
    ...(others
      ? [
          `The class scores are taken from the output ${name}, since ${why!}; ${others.join(', ')} may hold some, too: --output NAME takes another.`,
        ]
      : []),
    ...(kind === 'sigmoid' && width > 1
      ? [
          `The output ${name} ends in a sigmoid for each of ${width} classes, as of a model that gives a picture several labels at once; here the largest alone counts, and a picture is broken once another one is larger.`,
        ]
      : []),
    ...(threshold === undefined
      ? []
      : [`The output ${name} is a single number: above ${threshold} it stands for class 1, else for class 0.`]),
  ];
}

/** Where the answer was found, as far as there was a choice. */
export function scoresFound({ name: output, why, others, threshold }: Pick<ClassifierOutput, 'name' | 'others' | 'why' | 'threshold'>): {
  scores?: ScoresFound;
} {
  if (why === undefined && threshold === undefined) return {};
  return {
    scores: { output, ...(why !== undefined && { why }), ...(others && { others }), ...(threshold !== undefined && { threshold }) },
  };
}
