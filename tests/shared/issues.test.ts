import { expect, it } from 'vitest';
import { z } from 'zod';
import { issueText } from '../../shared/issues.ts';

const Schema = z.strictObject({ a: z.object({ b: z.number().max(3) }), c: z.union([z.string(), z.boolean()]).optional() });

it.each<[unknown, string]>([
  [null, 'object is expected here, not null'],
  [{}, 'a: this is missing'],
  [{ a: { b: '3' } }, 'a.b: number is expected here, not string'],
  [{ a: { b: 4 } }, 'a.b: Too big: expected number to be <=3'],
  [{ a: { b: 1 }, c: 7 }, 'c: this has a form that is not known'],
])('%j is wrong in words', (input, words) => expect(issueText(Schema.safeParse(input).error!)).toBe(words));
