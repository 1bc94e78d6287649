import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import type { Goal } from '../../shared/plan.ts';
import { demandGoals, targetOf } from '../../src-main/goals/index.ts';
import { image } from '../audit/records.ts';

const to = (target: number | readonly number[] | string): Goal => ({ kind: 'targeted', target });

describe('the class to reach', () => {
  it('is the given one, that of the image, the least likely or the next; none of an untargeted goal', () => {
    expect(targetOf({ kind: 'untargeted' }, image('a', 3), 0, 10)).toBeNull();
    expect(targetOf(to(7), image('a', 3), 0, 10)).toBe(7);
    expect(targetOf(to('next'), image('a', 3), 0, 10)).toBe(4);
    expect(targetOf(to('next'), image('a', 9), 0, 10)).toBe(0);
    expect(targetOf(to('least-likely'), image('a', 3), 0, 10)).toBe(9);
    expect([0, 1, 2].map((index) => targetOf(to([5, 6, 0]), image('a', 3), index, 10))).toEqual([5, 6, 0]);
  });
});

describe('goals on classes', () => {
  const check = (goal: Goal) => () => demandGoals({ threats: [{ goal }] }, 3, 10);

  it('fit', () => {
    for (const goal of [{ kind: 'untargeted' }, to(0), to(9), to('next'), to('least-likely'), to([9, 0, 9])])
      expect(check(goal)).not.toThrow();
  });

  it('are refused with a class that does not exist, and a list of another length', () => {
    expect(check(to(10))).toThrow(UserError);
    expect(check(to(10))).toThrow(/class 10 does not exist: the model tells 10 classes apart, 0 to 9/);
    expect(check(to([1, 12, 2]))).toThrow(/class 12/);
    expect(check(to([1, 2]))).toThrow(/holds 2, but there are 3 images/);
    expect(check(to([1, 2, 3, 4]))).toThrow(/holds 4, but there are 3 images/);
  });
});
