import type { NodeProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import type { Answer } from '../../shared/plan.ts';
import type { ScoresFound } from '../../shared/results.ts';
import { elementCount, int, isFloat, opset, producersOf } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';
import { classRows, rowWidth } from './classRows.ts';
import { eachByItself } from './eachByItself.ts';
import { doubtOf, overFirst, rangeOf, totalOf } from './endings.ts';
import { FINAL, PLAIN, TAKERS } from './vocabulary.ts';
import type { Ends, Range } from './endings.ts';
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
  /** The file takes the smallest of them, as of distances: scores are these numbers with the sign turned. Of a single number: class 1 is below the threshold. */
  smallest?: true;
  /** The threshold is the file's own. */
  own?: true;
  /** Each number of the row was squeezed by a sigmoid of its own, as of several labels; of a single number: so were those beside it. */
  each?: true;
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
  const { name, width } = said.output === null ? (found[0] ?? none(ends, rows)) : named(said.output, facts, rows);
  const row = found.find((one) => one.name === name);
  const smallest = row?.smallest === true;
  const { logits, kind } = smallest && width > 1 ? { logits: name, kind: 'logits' as const } : ending(name, { ...ends, rows, width });
  const each = width > 1 && kind !== 'softmax' && kind !== 'log-softmax' && eachByItself(name, ends);
  const sure = said.output !== null || kind !== 'logits' || row?.chosen === true || each;
  const doubt = sure || width === 1 ? null : doubtOf(name, ends);
  const others = said.output === null ? found.slice(1).filter((other) => other.width > 1 || width === 1) : [];
  const choice = {
    ...(said.output !== null ? { why: 'it was named' } : why !== null && { why }),
    ...(others.length > 0 && { others: others.map((other) => other.name) }),
    ...(doubt !== null && { doubt }),
    ...(each && { each: true as const }),
  };
  if (width > 1) {
    if (said.threshold !== null)
      throw new UserError(`The model's output ${name} holds ${width} numbers an image, and a threshold is for a single one: leave it out.`);
    return { name, logits, kind, width, classes: width, ...choice, ...(smallest && { smallest: true as const }) };
  }
  const range = rangeOf(name, ends);
  const own = row?.threshold !== undefined && tellsApart(row.threshold, range) ? row.threshold : null;
  // One of several sigmoids that were computed together is a label of its own, from 1/2 on.
  const half = kind !== 'sigmoid' && range?.by === 'Sigmoid' ? (range.most - range.least) / 2 : null;
  const threshold = said.threshold ?? own ?? half;
  if (kind !== 'sigmoid' && threshold === null)
    throw new AlmostScores(
      `The model's output ${name} is a single number ${range ? `that comes from a ${range.by}` : 'without a sigmoid'}, so there are no classes to tell apart: where it decides between two, say from which value on it stands for the second (${thresholdHint(range)}).`,
    );
  if (said.threshold !== null && !tellsApart(said.threshold, range))
    throw new UserError(
      `The model's output ${name} comes from a ${range!.by} and lies between ${range!.least} and ${range!.most}, so that the threshold ${said.threshold} tells nothing apart: take one between (${thresholdHint(range)}).`,
    );
  const several = others.length > 0 && [name, ...others.map((other) => other.name)].every((one) => rangeOf(one, ends)?.by === 'Sigmoid');
  return {
    ...{ name, logits, kind, width, classes: 2, ...choice },
    ...(several && { each: true as const }),
    ...(threshold !== null && { threshold }),
    ...(said.threshold === null && own !== null && { own: true as const }),
    ...(own !== null && smallest && { smallest: true as const }),
  };
}

/** Whether a number that lies in such a range may be on either side of a threshold. */
const tellsApart = (threshold: number, range: Range | null): boolean =>
  range === null || !(threshold < range.least || (threshold === range.least && !range.reached) || threshold >= range.most);

/** The usual threshold of a number that lies in such a range. */
function thresholdHint(range: ReturnType<typeof rangeOf>): string {
  if (range === null) return '--threshold 0 for a logit, 0.5 for a probability';
  if (range.least < 0) return 'such as --threshold 0';
  if (range.most === Infinity) return '--threshold with a value above 0';
  return `--threshold ${range.most / 2} for a probability${range.most === 1 ? '' : ` of ${range.most} at most`}`;
}

function none(ends: Ends, rows: number): never {
  const { graph, facts } = ends;
  const first = graph.outputs.find(({ name }) => overFirst(name, ends));
  if (first)
    throw new AlmostScores(
      `The model's output ${first.name} [${facts.get(first.name)?.dims.join(', ') ?? '?'}] ends in a softmax over its first dimension, so that classes stand where images should: export it with images first and the softmax over the classes.`,
    );
  // With one image, a column among other outputs is that of a detector's boxes.
  const turned = rows > 1 || graph.outputs.length === 1 ? graph.outputs.find(({ name }) => isTurned(facts.get(name), rows)) : undefined;
  if (turned)
    throw new AlmostScores(
      `The model's output ${turned.name} [${facts.get(turned.name)!.dims.join(', ')}] has as many columns as there are images${rows === 1 ? ' (one)' : ''}, so that what may be classes stands where images should: export it with images first.`,
    );
  const shapes = graph.outputs.map(({ name }) => `${name} [${facts.get(name)?.dims.join(', ') ?? '?'}]`).join(', ');
  throw new NoScores(
    `No output of the model is one row of class scores per image (${shapes}): choose a goal on its output, such as deviation, or name the value that is (--output).`,
  );
}

/** Whether a value's columns count images: classes before the images, as behind a last Transpose. */
const isTurned = (known: ValueFacts | undefined, rows: number): boolean =>
  known !== undefined && isFloat(known.type) && known.dims.length === 2 && known.dims[0]! > 1 && known.dims[1] === rows;

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
export function scoreNotes(
  output: Pick<ClassifierOutput, 'name' | 'kind' | 'width' | 'others' | 'why' | 'threshold' | 'smallest' | 'doubt' | 'own' | 'each'>,
): string[] {
  const { name, width, others, why, smallest, doubt, each } = output;
  return [
    ...(smallest && width > 1
      ? [`The file chooses the smallest number of ${name}, as of distances: class scores are these numbers with the sign turned.`]
      : []),
    ...(doubt !== undefined
      ? [
          `The output ${name} is taken for class scores of which the largest wins, since it is a row of numbers for each image, but ${doubt}: where it holds none, choose a goal on the output (--goal deviation); where the smallest wins, export it with the sign turned.`,
        ]
      : []),
    ...(others && !(each && width === 1)
      ? [
          `The class scores are taken from the output ${name}, since ${why!}; ${others.join(', ')} may hold some, too: --output NAME takes another.`,
        ]
      : []),
    ...(each && width === 1
      ? [
          `The outputs ${[name, ...others!].join(', ')} are a single number each, by a sigmoid, as of a model that gives a picture several labels at once; here ${name} alone counts, as a question of yes or no: --output NAME takes another.`,
        ]
      : []),
    ...(each && width > 1
      ? [
          `The output ${name} ends in a sigmoid for each of ${width} classes, as of a model that gives a picture several labels at once; here the largest alone counts, and a picture is broken once another one is larger.`,
        ]
      : []),
    ...thresholdNote(output),
  ];
}

function thresholdNote({ name, threshold, own, smallest }: Parameters<typeof scoreNotes>[0]): string[] {
  if (threshold === undefined) return [];
  const whose = own ? ', as the label that the file makes of it' : '';
  return [
    `The output ${name} is a single number: ${smallest ? 'below' : 'above'} ${threshold} it stands for class 1, else for class 0${whose}.`,
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
