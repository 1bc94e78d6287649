import { describe, expect, it } from 'vitest';
import { softmax } from '../../../src-main/model/scores.ts';
import type { Scores } from '../../../src-main/model/scores.ts';
import { scoreProblems } from '../../../src-main/audit/verify/scores.ts';

/** What a model of seven classes says, and what a report tells of it: the best five. */
const LOGITS = [1, 8, 3, 7, 5, 6, 2];
const scores = (logits = LOGITS): Scores =>
  ({
    prediction: logits.indexOf(Math.max(...logits)),
    logits: Float64Array.from(logits),
    probabilities: softmax(logits),
  }) as Scores;
const told = (logits = LOGITS) => {
  const p = softmax(logits);
  return logits
    .map((logit, k) => ({ class: k, logit, probability: p[k]! }))
    .sort((a, b) => b.logit - a.logit)
    .slice(0, 5);
};
const said = (prediction: number | null, top = told(), of = scores(), exact = true) =>
  scoreProblems('a.png', { prediction, top }, of, exact);

describe('what is told of a picture against the model’s scores', () => {
  it('has nothing to say where both are the same, or as near as rounding goes', () => {
    expect(said(1)).toEqual({ problems: [], tie: false });
    const near = (by: number) => told().map((one) => ({ ...one, logit: one.logit + by }));
    expect(said(1, near(0.0079)).problems).toEqual([]);
    expect(said(1, near(0.0081)).problems).toHaveLength(1);
    // On a device that rounds coarsely twenty times as much.
    expect(said(1, near(0.15), scores(), false).problems).toEqual([]);
    expect(said(1, near(0.17), scores(), false).problems).toHaveLength(1);
  });

  it('names another class, unless the two are as good as equal', () => {
    expect(said(3)).toEqual({ problems: ['a.png: the model says class 1, the report 3.'], tie: false });
    expect(said(null).problems).toEqual(['a.png: the model says class 1, the report null.']);
    const almost = [1, 8, 3, 7.99, 5, 6, 2];
    expect(said(3, told(almost), scores(almost))).toEqual({ problems: [], tie: true });
    const apart = [1, 8, 3, 7.98, 5, 6, 2];
    expect(said(3, told(apart), scores(apart)).tie).toBe(false);
    expect(said(9, told(), scores()).tie).toBe(false);
  });

  it('names a probability that is another, and a logit, but for those of classes that are next to impossible', () => {
    const change = (at: number, by: object) => told().map((one, i) => (i === at ? { ...one, ...by } : one));
    expect(said(1, change(0, { probability: 0.5 })).problems).toEqual([
      expect.stringMatching(/^a\.png: for class 1 the report says a probability of 50 % \(logit 8\), the model [\d.]+ % \(logit 8\)\.$/),
    ]);
    expect(said(1, change(4, { logit: 3.5 })).problems).toEqual([expect.stringContaining('for class 2')]);
    expect(said(1, change(4, { class: 7 })).problems).toEqual([expect.stringContaining('the model has no such class')]);
    // A class of probability e^-30: its logarithm is decided by rounding.
    const sure = [0, 30, 0, 0, 0];
    const faint = told(sure).map((one, i) => (i === 4 ? { ...one, logit: -5 } : one));
    expect(said(1, faint, scores(sure)).problems).toEqual([]);
  });

  it('names classes that are not the likeliest, doubled, out of order, too few or too many', () => {
    const message = ["a.png: the classes that the report names are not the model's 5 most likely ones."];
    const all = LOGITS.map((logit, k) => ({ class: k, logit, probability: softmax(LOGITS)[k]! }));
    const [second, worst] = [told()[1]!, all[0]!];
    expect(said(1, [...told().slice(0, 4), worst]).problems).toEqual(message);
    expect(
      said(
        1,
        [...told().slice(0, 4), second].sort((a, b) => b.logit - a.logit),
      ).problems,
    ).toEqual(message);
    expect(said(1, told().toReversed()).problems).toEqual(message);
    expect(said(1, told().slice(0, 4)).problems).toEqual(message);
    expect(said(1, [...told(), all[6]!]).problems).toEqual(message);
    // Of few classes all are told.
    expect(said(1, told([1, 2]), scores([1, 2])).problems).toEqual([]);
    expect(said(1, told([1, 2]).slice(0, 1), scores([1, 2])).problems).toEqual([
      "a.png: the classes that the report names are not the model's 2 most likely ones.",
    ]);
  });

  it('says so where the model gives no numbers, and the report a class', () => {
    const none = { prediction: 0, logits: Float64Array.of(NaN, 1), probabilities: Float64Array.of(NaN, NaN) } as unknown as Scores;
    expect(said(-1, [], none)).toEqual({ problems: [], tie: false });
    expect(said(0, [], none).problems).toEqual(['a.png: the model gives NaN or infinity, the report class 0.']);
    expect(said(-1, told([1, 2]), none).problems).toHaveLength(1);
  });
});
