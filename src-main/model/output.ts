import type { NodeProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { int, isFloat } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';

export type OutputKind = 'logits' | 'softmax' | 'log-softmax' | 'sigmoid';

/** Where a classifier's answer is found. */
export interface ClassifierOutput {
  /** Value the file itself puts out (or the float value nearest to its label output). */
  name: string;
  /** Value that holds the logits: before a final softmax, log-softmax or sigmoid. */
  logits: string;
  kind: OutputKind;
  /** Length of a row of `name`; 1 for a single sigmoid, which tells two classes apart. */
  width: number;
  classes: number;
}

/** Operators that only rearrange a row, so what is before them is the same answer. */
const PLAIN = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Dropout', 'Cast']);
const FINAL: Record<string, OutputKind> = { Softmax: 'softmax', LogSoftmax: 'log-softmax', Sigmoid: 'sigmoid' };

/**
 * Finds a classifier's class scores and takes them back to logits.
 * @param rows length of the batch dimension the facts were traced with
 * @throws UserError when no output looks like one row of class scores per image.
 */
export function findLogits(graph: Graph, facts: Map<string, ValueFacts>, rows: number): ClassifierOutput {
  const producers = new Map<string, NodeProto>();
  for (const node of graph.nodes) for (const output of node.output) producers.set(output, node);
  const scores = (name: string) => {
    const f = facts.get(name);
    return f !== undefined && isFloat(f.type) && rowWidth(f.dims, rows) !== null;
  };
  const outputs = graph.outputs.map((o) => o.name);
  const name = outputs.find(scores) ?? outputs.map((o) => behind(o, producers, scores)).find((n) => n !== null);
  if (!name) {
    const shapes = outputs.map((o) => `${o} [${facts.get(o)?.dims.join(', ') ?? '?'}]`).join(', ');
    throw new UserError(`No output of the model is one row of class scores per image (${shapes}); Hairline can attack classifiers only so far.`);
  }
  const width = rowWidth(facts.get(name)!.dims, rows)!;
  const { logits, kind } = unwrap(name, producers, facts, rows, width);
  if (width === 1 && kind !== 'sigmoid')
    throw new UserError(`The model's output ${name} is a single number without a sigmoid, so there are no classes to tell apart.`);
  return { name, logits, kind, width, classes: width === 1 ? 2 : width };
}

/** Scores per image of a value of these dimensions, or null when it is no row per image. */
function rowWidth(dims: readonly number[], rows: number): number | null {
  if (dims.length < 2 || dims[0] !== rows) return null;
  const wide = dims.slice(1).filter((d) => d !== 1);
  return wide.length > 1 ? null : (wide[0] ?? 1);
}

/** Label outputs (ArgMax, ZipMap, ...) hide the scores they were made from: walk back to them. */
function behind(output: string, producers: Map<string, NodeProto>, scores: (name: string) => boolean): string | null {
  let names = [output];
  for (let depth = 0; depth < 6 && names.length > 0; depth++) {
    names = names.flatMap((n) => producers.get(n)?.input.filter((i) => i !== '') ?? []);
    const found = names.find(scores);
    if (found) return found;
  }
  return null;
}

function unwrap(name: string, producers: Map<string, NodeProto>, facts: Map<string, ValueFacts>, rows: number, width: number): { logits: string; kind: OutputKind } {
  let at = name;
  for (let depth = 0; depth < 8; depth++) {
    const node = producers.get(at);
    if (!node || (node.domain !== '' && node.domain !== 'ai.onnx')) break;
    const kind = FINAL[node.opType];
    const input = node.input[0]!;
    if (kind) return normalizesRow(node, facts.get(input), rows, width) ? { logits: input, kind } : { logits: name, kind: 'logits' };
    const before = facts.get(input);
    if (!PLAIN.has(node.opType) || !before || !isFloat(before.type) || rowWidth(before.dims, rows) !== width) break;
    at = input;
  }
  return { logits: name, kind: 'logits' };
}

/** A softmax counts only if it runs over the classes; over another axis it is part of the network. */
function normalizesRow(node: NodeProto, input: ValueFacts | undefined, rows: number, width: number): boolean {
  if (!input || rowWidth(input.dims, rows) !== width) return false;
  if (node.opType === 'Sigmoid') return true;
  const rank = input.dims.length;
  const axis = int(node, 'axis', -1);
  const at = axis < 0 ? axis + rank : axis;
  return input.dims[at] === width || (at === 1 && width > 1);
}
