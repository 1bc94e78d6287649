import type { NodeProto } from 'onnx-buf';
import { elementsOf, tensorNumbers } from '../../graph/index.ts';
import type { Graph } from '../../graph/index.ts';

/** What a network does to its input before its first layer with weights. */
export interface Leading {
  /** Operators that normalise: Sub, Div, Mul, Add, BatchNormalization, ImageScaler; a Clip where bytes end. */
  operators: string[];
  /** Its constants only make sense for values up to this: 255 of 8 bits, 4095 of 12, and so on; null where they fit [0,1]. */
  largest: number | null;
  /** They take values from -1 to 1 to [0,1] or to bytes, as (x + 1) / 2 does. */
  signed?: true;
}

/** What a picture's values have become: times a scale, plus a shift. Of constants that differ by channel the largest counts. */
interface Affine {
  scale: number;
  shift: number;
}

const NORMALISERS = new Set(['Sub', 'Div', 'Mul', 'Add', 'BatchNormalization', 'ImageScaler']);
/** Operators that rearrange, cut, resize or bound a picture, and leave its values what they are. */
const MOVERS = new Set([
  'Cast',
  'Transpose',
  'Identity',
  'Reshape',
  'Flatten',
  'Unsqueeze',
  'Squeeze',
  'QuantizeLinear',
  'DequantizeLinear',
  'Resize',
  'Upsample',
  'Gather',
  'Slice',
  'Split',
  'Concat',
  'Pad',
  'Clip',
  'Max',
  'Min',
  'AveragePool',
  'MaxPool',
  'Dropout',
  'Expand',
]);
/** Movers that take several values and bound or join them. */
const BOUNDS = new Set(['Clip', 'Max', 'Min']);
/** Largest values of pixels of 8, 10, 12, 14 and 16 bits. */
const LARGEST = [255, 1023, 4095, 16383, 65535];

/**
 * Follows the input through operators that only normalise or rearrange, channel by channel where it is taken apart and put together
 * again. Constants tell the units: 255 or 127.5 taken off or divided by belong to bytes, 0.13 belongs to [0,1].
 */
export function leadingNormalisation(graph: Graph, input: string): Leading {
  const operators = new Set<string>();
  let largest: number | null = null;
  let signed = false;
  let largestScale = 1;
  // Everything that is still the picture. Nodes come in an order in which each has its inputs before it.
  const carried = new Map<string, Affine>([[input, { scale: 1, shift: 0 }]]);
  for (const node of graph.nodes) {
    const mine = node.input.filter((name) => carried.has(name));
    if (mine.length === 0) continue;
    const constants = node.input.filter((name) => name !== '' && !carried.has(name)).map((name) => constant(graph, name));
    const whole = mine.length === node.input.length;
    const mover =
      MOVERS.has(node.opType) &&
      (node.opType !== 'Concat' || whole) &&
      (!isMinimum(node) || (mine.length === 1 && constants.every((values) => values !== null)));
    // What is added to something computed, or multiplied by it, is no picture any more.
    const normaliser = NORMALISERS.has(node.opType) && mine.length === 1 && constants.every((values) => values !== null);
    if (!mover && !normaliser) continue;
    let now = carried.get(mine[0]!)!;
    if (normaliser) {
      const numbers = constants.flatMap((values) => values ?? []);
      operators.add(node.opType);
      largest =
        Math.max(largest ?? 0, madeFor(node, node.opType === 'BatchNormalization' ? (constants[2] ?? []) : numbers, now) ?? 0) || null;
      now = after(node, numbers, now, node.input[0] === mine[0]);
      largestScale = Math.max(largestScale, Math.abs(now.scale));
      if ([0.5, 127.5].some((half) => Math.abs(now.scale - half) < 1e-3 * half && Math.abs(now.shift - half) < 1e-3 * half)) signed = true;
    }
    // Pictures are bounded where their values end.
    const bound = BOUNDS.has(node.opType) ? Math.max(0, ...constants.flatMap((values) => values ?? [])) : 0;
    const end = bound > 127 && now.scale === 1 && now.shift === 0 ? (usual(bound) ?? (bound < 255 ? 255 : null)) : null;
    if (end !== null) {
      largest = Math.max(largest ?? 0, end);
      operators.add(node.opType);
    }
    for (const output of node.output) carried.set(output, now);
  }
  // Factors alone, such as those of a grey picture, say nothing of what they are taken of; but 255 makes bytes of [0,1].
  const said = [...operators].some((operator) => operator !== 'Mul') || largest !== null || largestScale > 100;
  return { operators: said ? [...operators] : [], largest: signed ? null : largest, ...(signed && { signed: true as const }) };
}

const isMinimum = ({ opType }: NodeProto): boolean => opType === 'Max' || opType === 'Min';

/** The largest value of the kind of pixels that end there, or whose middle is there; null: none. */
const usual = (value: number): number | null =>
  LARGEST.find((most) => [most, most / 2].some((one) => Math.abs(value - one) < 0.01 * one)) ?? null;
/** The same, or what is sure to be as large. */
const atLeast = (value: number): number => usual(value) ?? Math.max(255, value);

/** @param first whether the picture is the first input, from which is taken off or which is divided */
function after({ opType }: NodeProto, constants: readonly number[], { scale, shift }: Affine, first: boolean): Affine {
  const by = constants.reduce((most, one) => (Math.abs(one) > Math.abs(most) ? one : most), 0);
  switch (opType) {
    case 'Add':
      return { scale, shift: shift + by };
    case 'Sub':
      return first ? { scale, shift: shift - by } : { scale: -scale, shift: by - shift };
    case 'Mul':
      return { scale: scale * by, shift: shift * by };
    case 'Div':
      return first && by !== 0 ? { scale: scale / by, shift: shift / by } : { scale, shift };
    default:
      return { scale, shift };
  }
}

/**
 * The largest value that an operator's constants are made for; null: they say nothing against [0,1]. A factor far below one shrinks
 * whole numbers; a shift or divisor above any value of [0,1] is in them, unless values were made larger before. ImageScaler is Core ML's,
 * for bytes.
 * @param constants of BatchNormalization: its means
 */
function madeFor({ opType }: NodeProto, constants: readonly number[], { scale }: Affine): number | null {
  if (opType === 'ImageScaler') return 255;
  const most = constants.reduce((so, one) => Math.max(so, Math.abs(one)), 0);
  if (opType === 'Mul') return most > 0 && most * Math.abs(scale) < 0.05 ? atLeast(1 / most) : null;
  return most > 4 * Math.max(1, Math.abs(scale)) ? atLeast(most) : null;
}

/** At most this many numbers are a normalising constant; more are weights. */
const FEW = 4096;

/** Null for what is none: computed, or too large. Constant nodes are initializers, too, once a model is loaded. */
function constant(graph: Graph, name: string): number[] | null {
  const tensor = graph.initializers.get(name);
  if (!tensor) return null;
  return elementsOf(tensor) > FEW ? [] : Array.from(tensorNumbers(tensor, graph));
}
