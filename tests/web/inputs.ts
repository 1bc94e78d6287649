import { z } from 'zod';
import { goalKinds } from '../../src-main/goals/index.ts';

/** A JSON schema, as far as inputs of calls need it. */
interface Schema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  items?: Schema;
  minimum?: number;
  exclusiveMinimum?: number;
}

/**
 * Inputs that a schema takes, such that every alternative of every union is in one of them. Whatever may be any text is what
 * `text` says of its place: `threats.goal.picture`.
 */
export function inputsOf(schema: z.ZodType, text: (place: string) => string): unknown[] {
  return variants(z.toJSONSchema(schema, { io: 'input', reused: 'inline' }) as Schema, '', text);
}

function variants(schema: Schema, place: string, text: (place: string) => string): unknown[] {
  if ('const' in schema) return [schema.const];
  if (schema.enum) return [schema.enum[0]];
  const union = schema.anyOf ?? schema.oneOf;
  if (union) return union.flatMap((one) => variants(one, place, text));
  if (Array.isArray(schema.type)) return schema.type.flatMap((type) => variants({ ...schema, type }, place, text));
  switch (schema.type) {
    case 'string':
      return [text(place)];
    case 'integer':
    case 'number':
      return [Math.max(schema.minimum ?? 0, schema.exclusiveMinimum === undefined ? 0 : 1)];
    case 'boolean':
      return [false];
    case 'null':
      return [null];
    case 'array':
      return variants(schema.items!, place, text).map((item) => [item]);
    case 'object': {
      // The contract takes any kind of goal; what its options are, the goals themselves say.
      if (/(^|\.)goal$/.test(place)) return goals(place, text);
      const parts = Object.entries(schema.properties ?? {}).map(
        ([name, part]) => [name, variants(part, place ? `${place}.${name}` : name, text)] as const,
      );
      const first = Object.fromEntries(parts.map(([name, [value]]) => [name, value]));
      return [first, ...parts.flatMap(([name, [, ...others]]) => others.map((value) => ({ ...first, [name]: value })))];
    }
    default:
      throw new Error(`What is an input of ${place}: ${JSON.stringify(schema)}?`);
  }
}

function goals(place: string, text: (place: string) => string): unknown[] {
  return goalKinds().flatMap(({ kind, options }) =>
    variants(z.toJSONSchema(options, { io: 'input' }) as Schema, `${place} `, (at) => text(at.replace(' ', ''))).map((one) => ({
      kind,
      ...(one as object),
    })),
  );
}
