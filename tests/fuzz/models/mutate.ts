import type { ModelProto } from 'onnx-buf';
import type { Dice } from '../dice.ts';
import { NUMBERS, TEXTS } from '../hostile.ts';

/** A place in a message that holds a value. */
interface Slot {
  owner: Record<string, unknown>;
  key: string;
  path: string;
}

/** Every place of a message, but the many numbers inside one list, of which the first few are enough. */
function slots(value: unknown, path: string, found: Slot[]): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  for (const key of Object.keys(value).slice(0, 400)) {
    if (key.startsWith('$')) continue;
    const owner = value as Record<string, unknown>;
    found.push({ owner, key, path: `${path}.${key}` });
    slots(owner[key], `${path}.${key}`, found);
  }
}

const BIG: readonly bigint[] = [
  0n,
  -1n,
  1n,
  2n,
  3n,
  7n,
  99n,
  1000n,
  2n ** 20n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 40n,
  2n ** 62n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const OPERATORS = [
  'Conv',
  'Relu',
  'Loop',
  'If',
  'Scan',
  'Reshape',
  'ConstantOfShape',
  'Expand',
  'Tile',
  'Range',
  'Gather',
  'Concat',
  'Softmax',
  'MatMul',
  'Pad',
  'Resize',
  'Slice',
  'Split',
  'LSTM',
  'QuantizeLinear',
  'Einsum',
  'MaxPool',
  'TopK',
  'Transpose',
  'Where',
  'Wobble',
  'BatchNormalization',
  'Attention',
  'GridSample',
  'RoiAlign',
  'DFT',
  'Upsample',
];

/**
 * One change somewhere in a model: a number, name, operator, list or tensor is taken away, doubled, swapped, or made hostile.
 * @returns what was changed
 */
export function mutate(model: ModelProto, dice: Dice): string {
  const all: Slot[] = [];
  slots(model, 'model', all);
  const slot = dice.pick(all);
  const before = slot.owner[slot.key];
  const value = changed(before, slot, all, dice);
  slot.owner[slot.key] = value;
  return `${slot.path.slice(0, 120)} = ${shown(value)}`;
}

function changed(value: unknown, slot: Slot, all: readonly Slot[], dice: Dice): unknown {
  if (typeof value === 'bigint') return dice.pick(BIG);
  if (typeof value === 'boolean') return !value;
  // Enumerations and types are whole numbers; a float may be anything.
  if (typeof value === 'number')
    return /floatData|doubleData|floats|\.f$/.test(slot.path)
      ? dice.pick(NUMBERS)
      : dice.pick([0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 13, 16, 17, 22, 99, -1, 2 ** 31 - 1]);
  if (typeof value === 'string') {
    if (slot.key === 'opType') return dice.pick(OPERATORS);
    // Another name of the same model makes circles, doubles and strangers.
    const others = all.filter(({ owner, key }) => typeof owner[key] === 'string' && owner[key] !== '');
    const other = others.length > 0 ? dice.pick(others) : null;
    // Half a surrogate cannot be written in a protobuf message.
    return other && dice.chance(0.6) ? other.owner[other.key] : Buffer.from(dice.pick(TEXTS)).toString();
  }
  if (value instanceof Uint8Array)
    return dice.pick([
      new Uint8Array(0),
      value.slice(0, dice.int(value.length + 1)),
      Buffer.concat([value, value]),
      Uint8Array.from(value, (b, i) => (i < 64 ? dice.int(256) : b)),
    ]);
  if (Array.isArray(value)) {
    const list = value as unknown[];
    const at = dice.int(list.length);
    switch (dice.int(5)) {
      case 0:
        return [];
      case 1:
        return list.filter((_, i) => i !== at);
      case 2:
        return list.length > 0 ? [...list, ...Array.from({ length: dice.pick([1, 1, 40]) }, () => list[at])] : list;
      case 3:
        return [...list].reverse();
      default:
        return list.length > 0 && typeof list[0] === 'bigint'
          ? Array.from({ length: dice.pick([1, 9, 5000]) }, () => dice.pick(BIG))
          : list.slice(0, at);
    }
  }
  return dice.chance(0.5) ? undefined : value;
}

const shown = (value: unknown): string =>
  typeof value === 'bigint'
    ? `${value}`
    : value instanceof Uint8Array
      ? `${value.length} bytes`
      : Array.isArray(value)
        ? `a list of ${value.length}`
        : typeof value === 'object' && value !== null
          ? 'a message'
          : (JSON.stringify(value)?.slice(0, 40) ?? 'nothing');
