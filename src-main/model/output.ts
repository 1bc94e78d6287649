import type { NodeProto } from 'onnx-buf';
import { UserError } from '../../shared/errors.ts';
import { elementCount, int, isFloat, opset } from '../graph/index.ts';
import type { Graph, ValueFacts } from '../graph/index.ts';

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
}

/** The model puts out no class scores: it is no classifier, and may be attacked by its output. */
export class NoScores extends UserError {}

/** Operators that only rearrange a row, so what is before them is the same answer. */
const PLAIN = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Dropout', 'Cast']);
/** Operators that make a label, or a map from labels to probabilities, of a row of scores. */
const CHOOSERS = new Set(['ArgMax', 'TopK', 'ZipMap']);
const FINAL: Record<string, OutputKind> = { Softmax: 'softmax', LogSoftmax: 'log-softmax', Sigmoid: 'sigmoid' };

/**
 * Finds a classifier's class scores and takes them back to logits.
 * @param rows length of the batch dimension the facts were traced with
 * @throws NoScores when no output looks like one row of class scores per image.
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
    throw new NoScores(`No output of the model is one row of class scores per image (${shapes}): choose a goal on its output, such as deviation.`);
  }
  const width = rowWidth(facts.get(name)!.dims, rows)!;
  const { logits, kind } = unwrap(name, { graph, producers, facts, rows, width });
  if (width === 1 && kind !== 'sigmoid')
    throw new NoScores(`The model's output ${name} is a single number without a sigmoid, so there are no classes to tell apart.`);
  return { name, logits, kind, width, classes: width === 1 ? 2 : width };
}

/** Scores per image of a value of these dimensions, or null when it is no row per image. */
function rowWidth(dims: readonly number[], rows: number): number | null {
  if (dims.length < 2 || dims[0] !== rows) return null;
  const wide = dims.slice(1).filter((d) => d !== 1);
  return wide.length > 1 ? null : (wide[0] ?? 1);
}

/** Label outputs hide the scores they were chosen from: walk back to those. */
function behind(output: string, producers: Map<string, NodeProto>, scores: (name: string) => boolean): string | null {
  let names = [output];
  for (let depth = 0; depth < 6 && names.length > 0; depth++) {
    const nodes = names.map((n) => producers.get(n)).filter((n) => n !== undefined);
    const chooser = nodes.find((n) => CHOOSERS.has(n.opType) && scores(n.input[0]!));
    if (chooser) return chooser.input[0]!;
    names = [...new Set(nodes.flatMap((n) => n.input.filter((i) => i !== '')))];
  }
  return null;
}

interface Row {
  graph: Graph;
  producers: Map<string, NodeProto>;
  facts: Map<string, ValueFacts>;
  rows: number;
  width: number;
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
    if (!PLAIN.has(node.opType) || !before || !isFloat(before.type) || rowWidth(before.dims, rows) !== width) break;
    at = input;
  }
  return { logits: name, kind: 'logits' };
}

/** A softmax counts only if it runs over the classes; over another axis it is part of the network. */
function normalizesRow(node: NodeProto, name: string, { graph, facts, rows, width }: Row): boolean {
  const dims = facts.get(name)?.dims;
  if (!dims || rowWidth(dims, rows) !== width) return false;
  if (node.opType === 'Sigmoid') return true;
  if (width === 1) return false;
  // Before opset 13 it ran over all axes from the given one on, 1 by default.
  const flat = opset(graph) < 13;
  const axis = int(node, 'axis', flat ? 1 : -1);
  const at = axis < 0 ? axis + dims.length : axis;
  return at > 0 && (flat ? elementCount(dims.slice(at)) : dims[at]) === width;
}
