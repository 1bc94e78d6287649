import { describe, expect, it } from 'vitest';
import { UserError } from '../../shared/errors.ts';
import { AuditPlan } from '../../shared/plan.ts';
import type { Goal } from '../../shared/plan.ts';
import { checkGoals, goalFor } from '../../src-main/audit/goal.ts';
import { image } from './records.ts';

const to = (target: Extract<Goal, { kind: 'targeted' }>['target']): Goal => ({ kind: 'targeted', target });

describe('goalFor', () => {
  it('gives the class an image shall be taken for', () => {
    expect(goalFor({ kind: 'untargeted' }, image('a', 3), 0, 10)).toBeNull();
    expect(goalFor(to(7), image('a', 3), 0, 10)).toBe(7);
    expect(goalFor(to('next'), image('a', 3), 0, 10)).toBe(4);
    expect(goalFor(to('next'), image('a', 9), 0, 10)).toBe(0);
    expect(goalFor(to('least-likely'), image('a', 3), 0, 10)).toBe(9);
    expect([0, 1, 2].map((index) => goalFor(to([5, 6, 0]), image('a', 3), index, 10))).toEqual([5, 6, 0]);
  });
});

describe('checkGoals', () => {
  const check = (goal: Goal) => () =>
    checkGoals(
      AuditPlan.parse({
        model: 'm',
        preprocessing: {},
        images: ['i'],
        threats: [{ norm: 'l2', eps: [1], goal, attacks: [{ id: 'ddn' }] }],
      }),
      3,
      10,
    );

  it('takes goals that fit', () => {
    for (const goal of [{ kind: 'untargeted' } as const, to(0), to(9), to('next'), to('least-likely'), to([9, 0, 9])])
      expect(check(goal)).not.toThrow();
  });

  it('names a class that does not exist, and a list of another length', () => {
    expect(check(to(10))).toThrow(UserError);
    expect(check(to(10))).toThrow(/class 10 does not exist: the model tells 10 classes apart, 0 to 9/);
    expect(check(to([1, 12, 2]))).toThrow(/class 12/);
    expect(check(to([1, 2]))).toThrow(/holds 2, but there are 3 images/);
    expect(check(to([1, 2, 3, 4]))).toThrow(/holds 4, but there are 3 images/);
  });
});
