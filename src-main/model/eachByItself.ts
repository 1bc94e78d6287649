import type { NodeProto } from 'onnx-buf';
import type { Graph } from '../graph/index.ts';
import { isConstant } from './constantOf.ts';
import { PLAIN } from './vocabulary.ts';

interface Made {
  graph: Graph;
  producers: ReadonlyMap<string, NodeProto>;
}

/** Steps that are followed from a row back. */
const FAR = 16;
/** What keeps numbers apart and in their order, with constants beside them. */
const KEEPERS = new Set([...PLAIN, 'Mul', 'Div', 'Add', 'Sub', 'Clip', 'Round', 'Max', 'Min', 'Pow', 'Sqrt', 'Log', 'Transpose']);
/** What makes one row of several that are alike. */
const JOINERS = new Set(['Concat', 'Add', 'Sum', 'Mean', 'Mul', 'Max', 'Min', 'ReduceMean']);
/** What squeezes each number by itself between two bounds. */
const SQUEEZERS = new Set(['Sigmoid', 'HardSigmoid']);

/**
 * Whether each number of a row was squeezed by a sigmoid of its own, as of a model that gives a picture several labels: also scaled,
 * put together of several, or written out by its formula.
 */
export function eachByItself(name: string, ends: Made): boolean {
  return follow(name, ends, FAR, new Map());
}

/** @param known what was found of values already: ways meet again in a network */
function follow(name: string, ends: Made, far: number, known: Map<string, boolean>): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  known.set(name, false);
  const found = isSqueezed(name, ends, far, known);
  known.set(name, found);
  return found;
}

function isSqueezed(name: string, ends: Made, far: number, known: Map<string, boolean>): boolean {
  const node = ends.producers.get(name);
  if (!node || far === 0) return false;
  if (SQUEEZERS.has(node.opType) || isWrittenOut(node, ends)) return true;
  const moving = node.input.filter((input) => input !== '' && !isConstant(input, ends));
  const on = (input: string) => follow(input, ends, far - 1, known);
  if (moving.length > 1) return JOINERS.has(node.opType) && moving.every(on);
  return (KEEPERS.has(node.opType) || JOINERS.has(node.opType) || node.opType === 'Split') && moving.every(on) && moving.length === 1;
}

/** 1 / (1 + exp(-x)), exp(x) / (1 + exp(x)), exp(log(sigmoid(x))) = exp(-softplus(-x)), (1 + tanh(x / 2)) / 2. */
export function isWrittenOut(node: NodeProto, ends: Made): boolean {
  const maker = (name = '') => ends.producers.get(name);
  if (node.opType === 'Reciprocal' || node.opType === 'Div') {
    const sum = maker(node.opType === 'Div' ? node.input[1] : node.input[0]);
    const numerator = node.opType === 'Reciprocal' || isConstant(node.input[0]!, ends) || maker(node.input[0])?.opType === 'Exp';
    const isExp = (name: string) => maker(name)?.opType === 'Exp';
    return numerator && sum?.opType === 'Add' && sum.input.some(isExp) && sum.input.some((name) => isConstant(name, ends));
  }
  if (node.opType === 'Exp') {
    const before = maker(node.input[0]);
    return before?.opType === 'Neg' && maker(before.input[0])?.opType === 'Softplus';
  }
  return (
    node.opType === 'Add' && node.input.some((name) => isHalfTanh(maker(name), ends)) && node.input.some((name) => isConstant(name, ends))
  );
}

/** A hyperbolic tangent, halved or not yet. */
function isHalfTanh(node: NodeProto | undefined, ends: Made): boolean {
  if (node?.opType === 'Tanh') return true;
  return (
    (node?.opType === 'Mul' || node?.opType === 'Div') &&
    node.input.some((name) => isConstant(name, ends)) &&
    node.input.some((name) => ends.producers.get(name)?.opType === 'Tanh')
  );
}
