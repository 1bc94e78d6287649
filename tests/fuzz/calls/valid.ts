import type { z } from 'zod';
import type { Dice } from '../dice.ts';

/** What fits a word of the contract: files that are there, names that the samples have. */
export type Words = Readonly<Record<string, readonly unknown[]>>;

interface Def {
  type: string;
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  innerType?: z.ZodType;
  options?: z.ZodType[];
  entries?: Record<string, string | number>;
  values?: unknown[];
  valueType?: z.ZodType;
}

const defOf = (schema: z.ZodType): Def => (schema as unknown as { _zod: { def: Def } })._zod.def;

/** An input that a schema takes, with words where it asks for texts and numbers. */
export function valid(schema: z.ZodType, dice: Dice, words: Words, key = ''): unknown {
  const def = defOf(schema);
  const inner = (type: z.ZodType) => valid(type, dice, words, key);
  switch (def.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(def.shape!).flatMap(([name, type]) =>
          optional(type) && dice.chance(0.4) ? [] : [[name, valid(type, dice, words, name)]],
        ),
      );
    case 'array':
      return Array.from({ length: 1 + dice.int(2) }, () => inner(def.element!));
    case 'record':
      return dice.chance(0.7) ? {} : { x: inner(def.valueType!) };
    case 'nullable':
      return dice.chance(0.5) ? null : inner(def.innerType!);
    case 'union':
      return inner(dice.pick(def.options!));
    case 'enum':
      return dice.pick(Object.values(def.entries!));
    case 'literal':
      return def.values![0];
    case 'boolean':
      return dice.chance(0.5);
    case 'number':
      return dice.pick(words[key] ?? [1, 2, 3, 8]);
    case 'string':
      return dice.pick(words[key] ?? ['x']);
    default:
      return def.innerType ? inner(def.innerType) : null;
  }
}

const optional = (type: z.ZodType): boolean => ['default', 'optional', 'prefault'].includes(defOf(type).type);
