/** One field of a form, read from a JSON Schema. */
export interface SchemaField {
  key: string;
  title: string;
  description: string;
  kind: 'number' | 'integer' | 'boolean' | 'choice' | 'class' | 'picture' | 'text' | 'json';
  initial: unknown;
  choices: readonly (string | number)[];
  min: number | null;
  max: number | null;
  /** Whether "none" is a value. */
  nullable: boolean;
  /** Whether it has to be given. */
  required: boolean;
  /** Where a slider for it begins, ends, and stops between; null where it has none. */
  slider: { from: number; to: number; step: number } | null;
}

type Schema = Record<string, unknown>;

const EDITORS = ['class', 'picture'] as const;

/** Largest bound worth a word; zod writes the safe integers into every schema. */
const ENDLESS = 2 ** 52;

/** The fields of an object schema, in its own order. What has no simple field is edited as JSON. */
export function fieldsOf(schema: Schema): SchemaField[] {
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const required = (schema['required'] ?? []) as string[];
  return Object.entries(properties).map(([key, property]) => ({ ...field(key, property), required: required.includes(key) }));
}

/** What an object schema gives when nothing is set. */
export function initialOf(schema: Schema): Record<string, unknown> {
  return Object.fromEntries(fieldsOf(schema).flatMap(({ key, initial }) => (initial === undefined ? [] : [[key, initial]])));
}

function field(key: string, property: Schema): Omit<SchemaField, 'required'> {
  const variants = (property['anyOf'] ?? property['oneOf']) as Schema[] | undefined;
  const given = variants?.filter((variant) => variant['type'] !== 'null');
  const nullable = variants !== undefined && given!.length < variants.length;
  const inner = given?.length === 1 ? { ...given[0]!, ...property } : property;
  // What a schema says by its format has an editor of its own.
  const own = EDITORS.find((kind) => kind === property['format']);
  const named = (given ?? []).flatMap((variant) => (variant['enum'] as string[] | undefined) ?? []);
  const constants = given?.every((variant) => 'const' in variant) ? given.map((variant) => variant['const'] as string) : null;
  return {
    key,
    title: (property['title'] as string | undefined) ?? words(key),
    description: (property['description'] as string | undefined) ?? (inner['description'] as string | undefined) ?? '',
    kind: own ?? (constants ? 'choice' : kindOf(inner)),
    // Of a class the first that is no number: nobody means class 0.
    initial: own === 'class' ? (property['default'] ?? named[0]) : property['default'],
    choices: constants ?? (own === 'class' ? named : ((inner['enum'] as string[] | undefined) ?? [])),
    min: bound(inner['minimum'] ?? inner['exclusiveMinimum']),
    max: bound(inner['maximum'] ?? inner['exclusiveMaximum']),
    nullable,
    slider: (property['slider'] as SchemaField['slider'] | undefined) ?? null,
  };
}

function kindOf(schema: Schema): SchemaField['kind'] {
  if (Array.isArray(schema['enum'])) return 'choice';
  const type = schema['type'];
  if (type === 'number' || type === 'integer' || type === 'boolean') return type;
  return type === 'string' ? 'text' : 'json';
}

function bound(value: unknown): number | null {
  return typeof value === 'number' && Math.abs(value) < ENDLESS ? value : null;
}

/** `stepSize` → `Step size`. */
function words(key: string): string {
  const spaced = key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
