import type { NodeProto } from 'onnx-buf';
import { elementsOf, tensorNumbers } from '../../graph/index.ts';
import type { Graph } from '../../graph/index.ts';

/** What a network does to its input before its first layer with weights. */
export interface Leading {
  /** Operators that normalise: Sub, Div, Mul, Add, BatchNormalization, ImageScaler. */
  operators: string[];
  /** Its constants only make sense for values up to 255. */
  bytes: boolean;
}

const NORMALISERS = new Set(['Sub', 'Div', 'Mul', 'Add', 'BatchNormalization', 'ImageScaler']);
const MOVERS = new Set(['Cast', 'Transpose', 'Identity', 'Reshape', 'Unsqueeze', 'Squeeze', 'QuantizeLinear', 'DequantizeLinear']);

/**
 * Follows the input through operators that only normalise or rearrange. Constants tell the units: 255 or 127.5 taken
 * off or divided by belong to bytes, 0.13 belongs to [0,1].
 */
export function leadingNormalisation(graph: Graph, input: string): Leading {
  const leading: Leading = { operators: [], bytes: false };
  // A chain of many thousand nodes is followed without going through all of them at each.
  const users = new Map<string, Set<NodeProto>>();
  for (const node of graph.nodes) for (const name of node.input) users.set(name, (users.get(name) ?? new Set()).add(node));
  let value = input;
  for (;;) {
    const [node, another] = users.get(value) ?? [];
    if (!node || another || (!NORMALISERS.has(node.opType) && !MOVERS.has(node.opType))) return leading;
    if (NORMALISERS.has(node.opType)) {
      leading.operators.push(node.opType);
      const constants = node.input.filter((name) => name !== value).flatMap((name) => constant(graph, name));
      const largest = constants.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
      if (forBytes(node.opType, largest)) leading.bytes = true;
    }
    value = node.output[0]!;
  }
}

/** A factor far below one shrinks bytes; a shift or divisor above any value of [0,1] is in bytes. ImageScaler is Core ML's, for bytes. */
function forBytes(operator: string, largest: number): boolean {
  if (operator === 'ImageScaler') return true;
  if (operator === 'Mul') return largest > 0 && largest < 0.05;
  return operator !== 'BatchNormalization' && largest > 4;
}

/** At most this many numbers are a normalising constant; more are weights. */
const FEW = 4096;

function constant(graph: Graph, name: string): number[] {
  // Constant nodes are initializers, too, once a model is loaded.
  const tensor = graph.initializers.get(name);
  if (!tensor || elementsOf(tensor) > FEW) return [];
  return Array.from(tensorNumbers(tensor, graph));
}
