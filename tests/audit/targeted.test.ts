import { describe, expect, it } from 'vitest';
import { AuditPlan } from '../../shared/plan.ts';
import { largestBudget, stateCounts } from '../../shared/states.ts';
import type { Finding } from '../../shared/results.ts';
import { assemble } from '../../src-main/audit/assemble.ts';
import { AuditState } from '../../src-main/audit/state.ts';
import { findingProblems } from '../../src-main/audit/verify/findings.ts';
import { judge } from '../../src-main/cli/judge.ts';
import { summaryLines } from '../../src-main/cli/summary.ts';
import { toCsv } from '../../src-main/report/index.ts';
import { liveBounds } from '../../src-renderer/logic/runProgress.ts';
import { finding, image, setup } from './records.ts';

/*
 * Images whose label is the target class cannot be attacked towards it. Of seven under target 3: two are of class 3, one is wrong
 * already, one broken at 1, two held, and on one the attack failed; the figures are counted by hand over the five others.
 */
const plan = AuditPlan.parse({
  model: 'm.onnx',
  preprocessing: {},
  images: ['i'],
  threats: [{ norm: 'l2', eps: [2], goal: { kind: 'targeted', target: 3 }, attacks: [{ id: 'ddn' }] }],
});
const images = [
  image('own1', 3),
  image('own2', 3),
  image('wrong', 1, 2),
  image('broken'),
  image('held1'),
  image('held2'),
  image('failed'),
].map((one, index) => ({ ...one, index }));
const FINDINGS = [
  finding('own1', 'ddn', 'target-already'),
  finding('own2', 'ddn', 'target-already'),
  finding('broken', 'ddn', 'broken', 1),
  finding('held1', 'ddn', 'held'),
  finding('held2', 'ddn', 'held'),
  finding('failed', 'ddn', 'failed'),
];
const settled = setup(images.map(({ id }) => id));

function resultsOf(findings: Finding[] = FINDINGS, of = images) {
  const state = new AuditState([
    { type: 'setup', setup: setup(of.map(({ id }) => id)) },
    ...of.map((one) => ({ type: 'image' as const, image: one })),
    ...findings.map((one) => ({ type: 'finding' as const, finding: one })),
  ]);
  return {
    state,
    results: assemble(plan, setup(of.map(({ id }) => id)), state, {
      started: '2026-01-01T00:00:00.000Z',
      seconds: 1,
      workers: 1,
      batch: 1,
      resumed: 0,
    }),
  };
}

describe('images of the target class', () => {
  it('are a state of their own, and in no denominator', () => {
    const { results } = resultsOf();
    const [threat] = results.threats;
    expect(stateCounts(results, 0, largestBudget(threat!))).toEqual({
      'wrong-already': 1,
      'target-already': 2,
      broken: 1,
      beyond: 0,
      held: 2,
      failed: 1,
      unfinished: 0,
    });
    // Right: 2 of wrong, broken and 2 held. Over the five that are attacked or wrong: 1 nobody knows.
    expect(threat!.points[0]).toMatchObject({ right: 2, total: 4, accuracy: 0.5, least: 2 / 5, most: 3 / 5, failed: 1 });
    expect(threat!.attackSummaries[0]).toMatchObject({ attacked: 4, broken: 1, failed: 1 });
  });

  it('break no gate', () => {
    const held = FINDINGS.filter(({ image: id }) => id !== 'failed');
    const { results } = resultsOf(
      held,
      images.filter(({ id }) => id !== 'failed'),
    );
    expect(results.threats[0]!.points[0]!.least).toBeUndefined();
    expect(judge(results, 0.5)).toEqual([]);
    expect(judge(results, 0.51)).toEqual([expect.stringMatching(/^Below 51\.0.% under ℓ₂ ≤ 2: 50\.0.% hold\.$/)]);
  });

  it('are told of on the terminal, in the results and in the CSV', () => {
    const { results } = resultsOf();
    expect(results.warnings).toContain('2 images are of the target class already, and left out of every figure under ℓ₂.');
    expect(summaryLines(results).join('\n')).toContain(
      '1 wrong already, 1 broken within 2, 2 held, 1 failed, 2 of the target class already',
    );
    expect(
      toCsv(results)
        .split('\r\n')
        .filter((row) => row.includes('target-already')),
    ).toHaveLength(2);
  });

  it('alone leave nothing to judge by, and no gate passes', () => {
    const { results } = resultsOf(FINDINGS.slice(0, 2), images.slice(0, 2));
    expect(results.threats[0]!.points[0]).toMatchObject({ accuracy: null, total: 0 });
    expect(judge(results, 0.1)).toHaveLength(1);
  });

  it('widen no bounds while the audit runs', () => {
    const live = images.map(({ id, label, prediction }) => ({
      id,
      label,
      prediction,
      right: label === prediction,
      distance: (id === 'broken' ? { 0: 1 } : {}) as Record<number, number>,
      states: { 0: FINDINGS.filter((one) => one.image === id).map(({ state }) => state) },
    }));
    expect(liveBounds(live, 0, { eps: [2], attacks: 1, minimal: true }).marks).toEqual([
      { eps: 2, accuracy: null, low: 2 / 5, high: 3 / 5 },
    ]);
  });

  it('are forged by nobody: another image that is said to be one is named', () => {
    const { state } = resultsOf([...FINDINGS.filter(({ image: id }) => id !== 'broken'), finding('broken', 'ddn', 'target-already')]);
    expect(findingProblems({ plan, state, setup: settled })).toEqual([
      expect.stringContaining('finding of ddn on broken under l2: its target is another class than its own'),
    ]);
    expect(findingProblems({ plan, state: resultsOf().state, setup: settled })).toEqual([]);
  });
});
