import { describe, expect, it } from 'vitest';
import { differences } from '../../../src-main/audit/verify/differences.ts';
import { placeWords, threatWords } from '../../../src-main/audit/verify/places.ts';
import { writtenProblems } from '../../../src-main/audit/verify/written.ts';

const SIDES = { told: 'the report', found: 'its journal' };
const between = (told: unknown, found: unknown) => differences(told, found, SIDES);
const said = (told: unknown, found: unknown): string[] => between(told, found).problems;

describe('two pieces of JSON, figure by figure', () => {
  it('that are the same give nothing to say', () => {
    const one = { a: [1, { b: null }], points: [{ eps: 1, right: 2 }], c: NaN };
    expect(between(one, structuredClone(one))).toEqual({ problems: [], lacks: [] });
  });

  it('name the field, what the one says and what the other gives', () => {
    expect(said({ a: { b: 1 } }, { a: { b: 2 } })).toEqual(['a, b: the report says 1, its journal gives 2.']);
    expect(said({ a: 1, b: 'x' }, { a: 1 })).toEqual(['b: the report says "x", its journal gives nothing.']);
    expect(said({ a: null }, { a: 0 })).toEqual(['a: the report says none, its journal gives 0.']);
    expect(said({ a: { b: 1 } }, { a: [1] })).toEqual(['a: the report says {"b":1}, its journal gives [1].']);
    expect(said({ low: 0.25 }, { low: 0.5 })).toEqual(['low: the report says 25 %, its journal gives 50 %.']);
    expect(said({ a: -0 }, { a: 0 })).toHaveLength(1);
    const [long] = said({ a: 'x'.repeat(5000) }, { a: 1 });
    expect(long!.length).toBeLessThan(300);
  });

  it('tell apart what is other from what an older program did not write', () => {
    expect(between({}, { accuracy: 0.5 })).toEqual({ problems: [], lacks: ['accuracy: the report says nothing, its journal gives 50 %.'] });
  });

  it('compare lists by place, and those whose entries have a name by that', () => {
    expect(said({ mean: [1, 2] }, { mean: [1, 3, 4] })).toEqual([
      'mean, number 2: the report says 2, its journal gives 3.',
      'mean, number 3: the report says nothing, its journal gives 4.',
    ]);
    const [a, b] = [
      { id: 'a', label: 1 },
      { id: 'b', label: 2 },
    ];
    expect(said({ images: [a, { ...b, label: 3 }] }, { images: [a, b] })).toEqual([
      'image b, label: the report says 3, its journal gives 2.',
    ]);
    expect(said({ images: [b] }, { images: [a, b] })).toEqual(['image a: the report has none, its journal one.']);
    expect(said({ images: [a, b] }, { images: [b] })).toEqual(['image a: the report has one, its journal none.']);
    expect(said({ images: [a, b, a] }, { images: [a, b] })).toEqual(['image a: the report has it 2 times, its journal one.']);
    expect(said({ images: [b, a] }, { images: [a, b] })).toEqual(['images: the report has them in another order than its journal.']);
    // Where doubles are right, the place is what they go by.
    expect(said({ images: [a, { ...a, label: 5 }] }, { images: [a, a] })).toEqual([
      'images, number 2, label: the report says 5, its journal gives 1.',
    ]);
    expect(said({ files: [{ role: 'labels', file: 'x', bytes: 1 }] }, { files: [{ role: 'labels', file: 'x', bytes: 2 }] })).toEqual([
      'files of x, bytes: the report says 1, its journal gives 2.',
    ]);
  });
});

describe('where a figure stands, for people', () => {
  const whole = { told: { threats: [{ norm: 'l1' }] }, found: { threats: [{ norm: 'linf' }, { norm: 'l2' }, { norm: 'l2' }] } };
  it.each([
    [['a', 'b'], 'a, b'],
    [['threats', 0, 'points', { item: { eps: 0.5 } }, 'accuracy'], 'points of linf at 0.5, accuracy'],
    [['threats', 0, 'median'], 'median of linf'],
    [['threats', 1, 'attackSummaries', { item: { attack: 'pgd' } }, 'broken'], 'attackSummaries of l2 (threat model 2) of pgd, broken'],
    [['threats', 0], 'threats, number 1'],
    [['findings', { item: { attack: 'pgd', image: 'x', threat: 0 } }, 'state'], 'finding of pgd on x under linf, state'],
    [['images', { item: { id: 'x' } }, 'outcomes', { item: { threat: 2 } }, 'state'], 'image x, outcome under l2 (threat model 3), state'],
    [['files', { item: { file: 'a.csv', role: 'labels' } }], 'files of a.csv'],
    [['mean', 1], 'mean, number 2'],
    [['mean', 1, 2], 'mean, number 2, number 3'],
    [['a', 'b', { item: { id: 'x' } }, 'c'], 'a, b of x, c'],
    [[{ item: { eps: 2 } }], 'at 2'],
    [['outputs', 0, 'shape', 1], 'outputs, number 1, shape, number 2'],
  ] as const)('%j', (path, words) => expect(placeWords(path, whole)).toBe(words));

  it('a threat model is called by its norm, and by its place where that norm comes again', () => {
    expect([0, 1, 2, 3].map((t) => threatWords(t, whole))).toEqual([
      'linf',
      'l2 (threat model 2)',
      'l2 (threat model 3)',
      'threat model 4',
    ]);
    expect(threatWords(0, { told: { threats: [{ norm: 'l1' }] }, found: null })).toBe('l1');
  });
});

describe('what stands in a file besides what was read of it', () => {
  const write = (raw: unknown): string => JSON.stringify(raw);
  it('is named, a field twice too', () => {
    const read = { a: { b: [1, { c: 2 }] } };
    expect(writtenProblems('f', write(read), read, write)).toEqual([]);
    expect(writtenProblems('f', '{"a":{"b":[1,{"c":2,"d":3}]}}', read, write)).toEqual(['f, a, b, 1, d: Hairline writes no such field.']);
    expect(writtenProblems('f', '{"a":{"b":[1,{"c":1,"c":2}]}}', read, write)).toEqual([expect.stringContaining('written otherwise')]);
    expect(writtenProblems('f', '{ "a":{"b":[1,{"c":2}]}}', read, write)).toHaveLength(1);
    // Names that every object has are no fields of it.
    expect(writtenProblems('f', '{"a":{"b":[1,{"c":2}]},"toString":1}', read, write)).toEqual([
      'f, toString: Hairline writes no such field.',
    ]);
  });
});
