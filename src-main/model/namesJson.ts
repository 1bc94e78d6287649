import { UserError } from '../../shared/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { shown } from '../../shared/printable.ts';
import { wholeNumber } from '../../shared/table.ts';
import { ordered } from './ordered.ts';
import type { ClassList, Numbered } from './ordered.ts';
import { pythonToJson } from './python.ts';

/** Where programs keep class names among other settings, the first that is there: Hugging Face, PyTorch, Ultralytics, timm, COCO. */
const KEYS = [
  'id2label',
  'label2id',
  'idx_to_class',
  'class_to_idx',
  'names',
  'class_names',
  'classNames',
  'label_names',
  'classes',
  'labels',
  'categories',
];

/**
 * Class names from JSON, or from a dictionary or list as Python prints it: an array of names or of objects with a name and perhaps an
 * id; an object from class number to name or from name to class number (a name may be a list, as in Keras's ImageNet index: its last
 * entry counts, and the first may be a WordNet id); or an object that holds one of these, as a Hugging Face config.json does under id2label.
 * @throws UserError when it is none
 */
export function namesFromJson(text: string, source: string): ClassList {
  return namesIn(parsed(text, source), source);
}

function parsed(text: string, source: string): unknown {
  try {
    return parseJson(text);
  } catch {
    const json = pythonToJson(text);
    try {
      if (json !== null) return parseJson(json);
    } catch {
      // Neither the one nor the other.
    }
    throw new UserError(`${source} starts like JSON but is not valid JSON.`);
  }
}

function namesIn(value: unknown, source: string): ClassList {
  if (Array.isArray(value)) return fromArray(value, source);
  const inner = KEYS.map((key) => (value as Record<string, unknown>)[key]).find((one) => typeof one === 'object' && one !== null);
  if (inner !== undefined && !Object.keys(value as object).every((key) => wholeNumber(key) !== null)) return namesIn(inner, source);
  const entries = Object.entries(value as object);
  const byName = entries.every(([, v]) => typeof v === 'number');
  return ordered(
    entries.map(([key, v]): Numbered => (byName ? [v as number, key, null] : [wholeNumber(key), ...nameOf(v, source)])),
    source,
  );
}

function fromArray(values: readonly unknown[], source: string): ClassList {
  const pairs = values.map(pairOf);
  if (values.length > 1 && pairs.every((pair) => pair !== null)) return ordered(pairs, source);
  const isNamed = (value: unknown): value is Record<string, unknown> & { name: unknown } =>
    typeof value === 'object' && value !== null && 'name' in value;
  if (!values.every(isNamed)) {
    const named = values.map((value) => nameOf(value, source));
    const ids = named.map(([, id]) => id);
    return { names: named.map(([name]) => name), ids: ids.length > 0 && ids.every((id) => id !== null) ? (ids as string[]) : null };
  }
  const key = NUMBERS.find((one) => values.every((value) => numberOf(value[one]) !== null));
  if (key === undefined) return { names: values.map(({ name }) => nameOf(name, source)[0]), ids: null };
  return ordered(
    values.map((value): Numbered => [numberOf(value[key]), nameOf(value.name, source)[0], null]),
    source,
  );
}

/** Where objects keep the number of a class. */
const NUMBERS = ['id', 'index', 'idx', 'class_id', 'label', 'number'];

const numberOf = (value: unknown): number | null =>
  typeof value === 'string' ? wholeNumber(value) : typeof value === 'number' ? value : null;

/** A number and a name side by side, in either order; null for anything else, such as two names. */
function pairOf(value: unknown): Numbered | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [a, b] = value as [unknown, unknown];
  if (typeof b === 'string' && numberOf(a) !== null && numberOf(b) === null) return [numberOf(a), b, null];
  return typeof a === 'string' && numberOf(b) !== null && numberOf(a) === null ? [numberOf(b), a, null] : null;
}

/** The name, and the WordNet id that stands before it in a list. */
function nameOf(value: unknown, source: string): [string, string | null] {
  const name: unknown = Array.isArray(value) ? value.at(-1) : value;
  if (typeof name !== 'string') throw new UserError(`${source} holds ${shown(value)} where a class name was expected.`);
  const [first] = Array.isArray(value) ? (value as unknown[]) : [];
  return [name, typeof first === 'string' && /^n\d{8}$/.test(first) ? first : null];
}
