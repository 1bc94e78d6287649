import { expect, it } from 'vitest';
import type { Results, State } from '../../shared/results.ts';
import { budgetRows, compareRows, sharedImages, sharedThreats, tellingBudget } from '../../src-renderer/logic/compare.ts';

type Outcome = [hash: string, state: State, distance: number | null];

function audit(norms: string[], outcomes: Outcome[], eps: number[], goal: unknown = { kind: 'untargeted' }): Results {
  const points = eps.map((one) => ({ eps: one, accuracy: 1 - one }));
  return {
    threats: norms.map((norm) => ({ norm, goal, points })),
    images: outcomes.map(([hash, state, distance], index) => ({
      id: `${index}`,
      hash,
      outcomes: norms.map((_, threat) => ({ threat, state, distance })),
    })),
  } as unknown as Results;
}

const first = audit(
  ['l0', 'linf', 'linf'],
  [
    ['x', 'held', null],
    ['y', 'broken', 0.1],
    ['twice', 'broken', 0.2],
    ['twice', 'failed', null],
    ['gone', 'held', null],
  ],
  [0.1, 0.3],
);
const second = audit(
  ['linf'],
  [
    ['twice', 'held', null],
    ['twice', 'held', null],
    ['x', 'broken', 0.3],
    ['y', 'broken', 0.4],
    ['new', 'held', null],
  ],
  [0.3 + 1e-12, 0.5],
);

it('matches threat models by norm and goal, each once', () => {
  expect(sharedThreats(first, second).map(({ at }) => at)).toEqual([[1, 0]]);
  expect(sharedThreats(first, audit(['linf'], [], [], { kind: 'targeted', target: 3 }))).toEqual([]);
});

it('matches pictures by their pixels, and copies of one picture one by one', () => {
  expect(sharedImages(first, second).map(([a, b]) => [a.id, b.id])).toEqual([
    ['0', '2'],
    ['1', '3'],
    ['2', '0'],
    ['3', '1'],
  ]);
});

it('says which pictures hold less or more than before', () => {
  const rows = compareRows(sharedImages(first, second), sharedThreats(first, second)[0]!, null);
  expect(rows.map(({ a, b, turn }) => [a.state, b.state, turn])).toEqual([
    ['held', 'broken', 'worse'],
    ['broken', 'broken', 'same'],
    ['broken', 'held', 'better'],
    ['failed', 'held', 'other'],
  ]);
});

it('puts budgets of both together, and leaves empty what one of them does not have', () => {
  const rows = budgetRows(sharedThreats(first, second)[0]!);
  expect(rows.map(({ eps }) => Number(eps.toFixed(6)))).toEqual([0.1, 0.3, 0.5]);
  expect(rows.map(({ a, b }) => [a !== null, b !== null])).toEqual([
    [true, false],
    [true, true],
    [false, true],
  ]);
});

it('says what only breaks beyond a budget, which holds within it', () => {
  const threat = sharedThreats(first, second)[0]!;
  const rows = compareRows(sharedImages(first, second), threat, 0.3);
  // 0.3 itself is within; 0.4 is not.
  expect(rows.slice(0, 2).map(({ a, b }) => [a.state, b.state])).toEqual([
    ['held', 'broken'],
    ['broken', 'beyond'],
  ]);
  // Beyond it is as good as held: no turn from one to the other.
  const beyond = compareRows(sharedImages(first, second), threat, 0.2);
  expect(beyond[0]).toMatchObject({ a: { state: 'held' }, b: { state: 'beyond' }, turn: 'same' });
});

it('starts at the budget that tells the two apart', () => {
  const [threat] = sharedThreats(first, second);
  expect(tellingBudget(threat!)).toBe(0.3);
  const points = [0.1, 0.2, 0.3].map((eps, index) => ({ eps, accuracy: [1, 0.2, 0][index]! }));
  expect(
    tellingBudget({
      ...threat!,
      a: { ...threat!.a, points } as never,
      b: { ...threat!.b, points: points.map((point) => ({ ...point, accuracy: 0.1 })) } as never,
    }),
  ).toBe(0.1);
});
