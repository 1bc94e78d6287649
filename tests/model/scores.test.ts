import { describe, expect, it } from 'vitest';
import { argMax, readScores, softmax, topScores } from '../../src-main/model/scores.ts';

const close = (a: ArrayLike<number>, b: readonly number[]) => Array.from(b).forEach((v, k) => expect(a[k]).toBeCloseTo(v, 12));

describe('softmax', () => {
  it('is e^z over its sum, whatever is added to all', () => {
    const e = [1, 2, 3].map(Math.exp);
    const total = e[0]! + e[1]! + e[2]!;
    close(
      softmax([1, 2, 3]),
      e.map((v) => v / total),
    );
    close(
      softmax([1e4 + 1, 1e4 + 2, 1e4 + 3]),
      e.map((v) => v / total),
    );
    close(softmax([-1e4, 1e4]), [0, 1]);
  });
});

describe('argMax', () => {
  it.each<[number[], number]>([
    [[1, 3, 2], 1],
    [[3, 1, 3], 0],
    [[-Infinity, -5], 1],
    [[NaN, 1, 2], 2],
    [[1, NaN, 2], 2],
    [[2, NaN, 1], 0],
    [[NaN, NaN], 0],
  ])('%j', (values, best) => expect(argMax(values)).toBe(best));
});

describe('reading a row of scores', () => {
  const p = [0.2, 0.5, 0.3];

  it('logits give probabilities by softmax', () => {
    const s = readScores(p.map(Math.log), { kind: 'logits', width: 3 });
    expect(s.prediction).toBe(1);
    close(s.probabilities, p);
  });

  it('probabilities give logits by logarithm', () => {
    const s = readScores(p, { kind: 'softmax', width: 3 });
    close(s.logits, p.map(Math.log));
    close(s.probabilities, p);
  });

  it('log-probabilities are logits', () => {
    const s = readScores(p.map(Math.log), { kind: 'log-softmax', width: 3 });
    close(s.logits, p.map(Math.log));
    close(s.probabilities, p);
  });

  it('independent sigmoids give log-odds', () => {
    const s = readScores([0.9, 0.5, 0.1], { kind: 'sigmoid', width: 3 });
    close(s.logits, [Math.log(9), 0, -Math.log(9)]);
    close(s.probabilities, [0.9, 0.5, 0.1]);
    expect(s.prediction).toBe(0);
  });

  it.each<[number, number]>([
    [0.9, 1],
    [0.5, 0],
    [0.1, 0],
  ])('one sigmoid of %d means class %i', (value, prediction) => {
    const s = readScores([value], { kind: 'sigmoid', width: 1 });
    expect(s.prediction).toBe(prediction);
    close(s.probabilities, [1 - value, value]);
    // The logits decide as the probabilities do.
    expect(s.logits[1]! > s.logits[0]! ? 1 : 0).toBe(prediction);
  });

  it('saturated probabilities stay numbers', () => {
    for (const kind of ['softmax', 'sigmoid'] as const)
      for (const v of readScores([0, 1], { kind, width: 2 }).logits) expect(Number.isFinite(v)).toBe(true);
  });
});

describe('the best classes', () => {
  const s = readScores([0.1, 0.4, 0.4, 0.05, 0.03, 0.02], { kind: 'softmax', width: 6 });

  it('come most likely first, ties by class, five of them', () => {
    expect(topScores(s).map((t) => t.class)).toEqual([1, 2, 0, 3, 4]);
    expect(topScores(s, 1)).toEqual([{ class: 1, logit: Math.log(0.4), probability: 0.4 }]);
    expect(topScores(s, 10)).toHaveLength(6);
  });
});
