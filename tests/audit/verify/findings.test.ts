import { describe, expect, it } from 'vitest';
import { AuditPlan } from '../../../shared/plan.ts';
import type { Finding } from '../../../shared/results.ts';
import { AuditState } from '../../../src-main/audit/state.ts';
import { findingProblems } from '../../../src-main/audit/verify/findings.ts';
import { finding, image, setup } from '../records.ts';

/* What no attack can have found, one fault at a time: what is forged is known, so the sentence is, too. */

const plan = AuditPlan.parse({
  model: 'm.onnx',
  preprocessing: {},
  images: ['i'],
  maxQueries: 30,
  threats: [
    { norm: 'l2', eps: [1, 2], attacks: [{ id: 'ddn' }, { id: 'pgd' }] },
    { norm: 'l2', eps: [2], goal: { kind: 'targeted', target: 3 }, attacks: [{ id: 'ddn' }] },
  ],
});
/** Distances of a change of four pixels. */
const FLOAT = { l0: 4, l0Pixels: 4, l1: 1.5, l2: 0.75, linf: 0.5 };
const images = [image('right'), image('wrong', 1, 2), image('own', 3)];

/** What is said of one finding. */
function said(change: Partial<Finding> & { image?: string }, attack = 'pgd', state: Finding['state'] = 'broken', threat = 0): string[] {
  const one = {
    ...finding('right', attack, state, state === 'broken' ? 1.5 : null, threat),
    ...(state === 'broken' && { float: FLOAT }),
    ...change,
  };
  const known = new AuditState([
    ...images.map((each) => ({ type: 'image' as const, image: each })),
    { type: 'finding' as const, finding: one },
  ]);
  return findingProblems({ plan, state: known, setup: setup(images.map(({ id }) => id)) });
}

const distances = (l2: number): Finding['eightBit'] => ({ l0: 4, l0Pixels: 4, l1: 2 * l2, l2, linf: l2 / 2 });

describe('a finding that no attack makes', () => {
  it('of those that one makes says nothing', () => {
    expect(said({})).toEqual([]);
    expect(said({}, 'ddn')).toEqual([]);
    for (const state of ['held', 'failed'] as const) expect(said({}, 'pgd', state)).toEqual([]);
    expect(said({ image: 'own' }, 'ddn', 'target-already', 1)).toEqual([]);
  });

  it('lies beyond the largest budget, where the attack has one', () => {
    expect(said({ eightBit: distances(2) })).toEqual([]);
    expect(said({ eightBit: distances(2.01) })).toEqual([
      expect.stringContaining('finding of pgd on right under l2 (threat model 1): its change of 2.01 is beyond the largest budget, 2.'),
    ]);
    expect(said({ eightBit: distances(2.01) }, 'ddn')).toEqual([]);
  });

  it('made more queries than the plan allows, or none', () => {
    expect(said({ forwards: 15, backwards: 15 })).toEqual([]);
    expect(said({ forwards: 16, backwards: 15 })).toEqual([expect.stringContaining('it made 31 queries, and the plan allows 30')]);
    expect(said({ forwards: 0, backwards: 0 })).toEqual([expect.stringContaining('it broke the image without one query')]);
    expect(said({ forwards: 0, backwards: 0 }, 'pgd', 'held')).toEqual([]);
  });

  it.each<[string, Parameters<typeof said>, RegExp]>([
    ['of an image that is wrong already', [{ image: 'wrong' }], /has the clean image wrong, so it is not attacked/],
    ['unfinished', [{}, 'pgd', 'unfinished'], /what is not finished leaves no finding/],
    ['failed without a reason', [{ reason: null }, 'pgd', 'failed'], /it failed, and no reason is given/],
    ['held with a reason', [{ reason: 'NaN' }, 'pgd', 'held'], /it is held, and a reason for failing is given/],
    ['held with a picture', [{ eightBit: distances(1) }, 'pgd', 'held'], /it is held, and has the distances of a success/],
    ['of the target class, which it is not', [{}, 'ddn', 'target-already', 1], /its target is another class than its own/],
    ['beyond already, of classes', [{}, 'pgd', 'wrong-already'], /the clean image does not reach the goal/],
  ])('is %s', (_, of, sentence) => expect(said(...of)).toEqual([expect.stringMatching(sentence)]));

  // A picture of 16 grey pixels: any five numbers below are those of no change.
  it.each<[string, Partial<NonNullable<Finding['float']>>]>([
    ['more pixels than there are', { l0: 17, l0Pixels: 17 }],
    ['more pixels than values', { l0: 3 }],
    ['more values than its pixels have', { l0: 5 }],
    ['a value changed by more than all there is', { l0: 1, l0Pixels: 1, l1: 1.1, l2: 1.1, linf: 1.1 }],
    ['its largest change longer than itself', { linf: 1 }],
    ['its length longer than the sum of its changes', { l1: 0.7, l2: 0.75, linf: 0.75, l0: 1, l0Pixels: 1 }],
    ['a sum larger than as many times its largest', { l0: 2, l0Pixels: 2, l1: 1.6 }],
    ['a length beyond what so many changes have', { l0: 2, l0Pixels: 2, l1: 1.06, l2: 0.76 }],
    ['a length beyond what sum and largest allow', { l1: 1.06 }],
    ['no value changed, and a change', { l0: 0, l0Pixels: 0, l1: 0, l2: 0, linf: 1e-9 }],
  ])('has in floating point %s', (_, change) => {
    expect(said({ float: { ...FLOAT, ...change } })).toEqual([expect.stringContaining('no change of this image has the distances')]);
  });
});
