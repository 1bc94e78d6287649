import { describe, expect, it } from 'vitest';
import { AuditPlan } from '../../shared/plan.ts';
import type { Finding, Results } from '../../shared/results.ts';
import { wilson } from '../../shared/stats.ts';
import { assemble } from '../../src-main/audit/assemble.ts';
import { NO_CLASS } from '../../src-main/audit/records.ts';
import type { ImageRecord, JournalRecord } from '../../src-main/audit/records.ts';
import { AuditState, progressOf } from '../../src-main/audit/state.ts';
import { finding, image, setup } from './records.ts';

const plan = AuditPlan.parse({
  model: 'm.onnx',
  preprocessing: {},
  images: ['i'],
  workers: 2,
  batch: 5,
  threats: [
    { norm: 'l2', eps: [1, 2], attacks: [{ id: 'ddn' }, { id: 'fmn' }] },
    { norm: 'linf', eps: [0.1], attacks: [{ id: 'pgd' }] },
  ],
});

function stateOf(images: ImageRecord[], findings: Finding[]): AuditState {
  const records: JournalRecord[] = [
    ...images.map((i): JournalRecord => ({ type: 'image', image: i })),
    ...findings.map((f): JournalRecord => ({ type: 'finding', finding: f })),
  ];
  return new AuditState(records);
}

function results(images: ImageRecord[], findings: Finding[], all = images.map((i) => i.id)): Results {
  return assemble(plan, setup(all), stateOf(images, findings), {
    started: '2026-01-01T00:00:00.000Z',
    seconds: 1,
    workers: 2,
    batch: 5,
    resumed: 0,
  });
}

/** State, attack and distance of one image under the first threat model. */
const outcome = (...findings: Finding[]) => {
  const { state, best, distance } = results([image('a')], findings).images[0]!.outcomes[0]!;
  return [state, best, distance];
};

describe('what became of an image', () => {
  it('is the smallest change over all attacks, whatever the order they came in', () => {
    const [far, near] = [finding('a', 'ddn', 'broken', 2), finding('a', 'fmn', 'broken', 1)];
    expect(outcome(far, near)).toEqual(['broken', 'fmn', 1]);
    expect(outcome(near, far)).toEqual(['broken', 'fmn', 1]);
  });

  it('goes to the attack named first in the plan when two are as good', () => {
    expect(outcome(finding('a', 'fmn', 'broken', 1), finding('a', 'ddn', 'broken', 1))).toEqual(['broken', 'ddn', 1]);
  });

  it('is broken as soon as one attack breaks it, even before the others ran', () => {
    expect(outcome(finding('a', 'ddn', 'broken', 1))).toEqual(['broken', 'ddn', 1]);
    expect(outcome(finding('a', 'ddn', 'failed'), finding('a', 'fmn', 'broken', 3))).toEqual(['broken', 'fmn', 3]);
  });

  it('is cancelled while an attack is missing, and held only when one ran to its end', () => {
    expect(outcome()).toEqual(['unfinished', null, null]);
    expect(outcome(finding('a', 'ddn', 'held'))).toEqual(['unfinished', null, null]);
    expect(outcome(finding('a', 'ddn', 'held'), finding('a', 'fmn', 'held'))).toEqual(['held', null, null]);
    expect(outcome(finding('a', 'ddn', 'held'), finding('a', 'fmn', 'failed'))).toEqual(['held', null, null]);
    expect(outcome(finding('a', 'ddn', 'failed'), finding('a', 'fmn', 'failed'))).toEqual(['failed', null, null]);
  });

  it('is wrong already when the clean prediction is, and failed when there is none', () => {
    expect(results([image('a', 3, 4)], []).images[0]!.outcomes.map((o) => o.state)).toEqual(['wrong-already', 'wrong-already']);
    const none = { ...image('a', NO_CLASS), labelGiven: false, top: [] };
    const failed = [finding('a', 'ddn', 'failed'), finding('a', 'fmn', 'failed'), finding('a', 'pgd', 'failed', null, 1)];
    expect(results([none], failed).images[0]!.outcomes.map((o) => o.state)).toEqual(['failed', 'failed']);
  });
});

describe('the numbers', () => {
  // Five images: wrong already, broken at 1, broken at 2.5 (worst case of two attacks), held, failed.
  const images = [image('w', 1, 2), image('a'), image('b'), image('h'), image('f')];
  const findings = [
    finding('a', 'ddn', 'broken', 1),
    finding('a', 'fmn', 'held'),
    finding('b', 'ddn', 'broken', 4),
    finding('b', 'fmn', 'broken', 2.5),
    finding('h', 'ddn', 'held'),
    finding('h', 'fmn', 'held'),
    finding('f', 'ddn', 'failed'),
    finding('f', 'fmn', 'failed'),
  ];
  const found = results(images, findings);
  const threat = found.threats[0]!;

  it('count what was attacked to the end: not the failed one, and the wrong one as wrong', () => {
    const [low, high] = wilson(2, 4);
    const bounds = { least: 2 / 5, most: 3 / 5, failed: 1 };
    expect(threat.points).toEqual([
      { eps: 1, accuracy: 0.5, low, high, right: 2, total: 4, ...bounds },
      { eps: 2, accuracy: 0.5, low, high, right: 2, total: 4, ...bounds },
    ]);
    expect(threat.curve.map((p) => [p.eps, p.right])).toEqual([
      [0, 3],
      [1, 2],
      [2.5, 1],
    ]);
    expect(found.cleanAccuracy).toMatchObject({ right: 4, total: 5 });
  });

  it('count an image both ways on which one of two attacks failed, though it held against the other', () => {
    const all = [image('a'), image('b')];
    const one = [
      finding('a', 'ddn', 'held'),
      finding('a', 'fmn', 'failed'),
      finding('b', 'ddn', 'broken', 1),
      finding('b', 'fmn', 'failed'),
    ];
    const [half] = results(all, one).threats[0]!.points;
    // Held by one attack: in the estimate; but the other might have broken it.
    expect(half).toMatchObject({ accuracy: 0.5, least: 0, most: 0.5, failed: 1 });
    // An image that was never looked at may be anything.
    const stopped = results(all, one, ['a', 'b', 'c', 'd']);
    expect(stopped.threats[0]!.points[0]).toMatchObject({ accuracy: 0.5, least: 0, most: 0.75, failed: 1, unfinished: 2 });
    expect([stopped.unseen, results(all, one).unseen]).toEqual([2, undefined]);
    expect(stopped.cleanAccuracy).toMatchObject({ accuracy: 1, least: 0.5, most: 1, unfinished: 2 });
  });

  it('draw a line of the minimum-norm attacks alone, and none without them', () => {
    const mixed = {
      ...plan,
      threats: [
        {
          ...plan.threats[0]!,
          attacks: [
            { id: 'pgd', options: {} },
            { id: 'ddn', options: {} },
          ],
        },
        plan.threats[1]!,
      ],
    };
    const both = [finding('a', 'pgd', 'broken', 1), finding('a', 'ddn', 'broken', 3)];
    const {
      threats: [first, second],
    } = assemble(mixed, setup(['a']), stateOf([image('a')], both), { started: '', seconds: 1, workers: 1, batch: 1, resumed: 0 });
    expect(first!.curve.map(({ eps, accuracy }) => [eps, accuracy])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(first!.line!.map(({ eps, accuracy }) => [eps, accuracy])).toEqual([
      [0, 1],
      [3, 0],
    ]);
    expect(second!.line).toEqual([]);
    expect(threat.line).toBeUndefined();
  });

  it('take the median over all attacked, a held image as infinitely far, and the mean over the broken', () => {
    expect([threat.median, threat.mean]).toEqual([2.5, 1.75]);
    const [ddn, fmn] = threat.attackSummaries;
    expect(ddn).toMatchObject({
      attack: 'ddn',
      attacked: 4,
      broken: 2,
      failed: 1,
      median: 4,
      mean: 2.5,
      floatMedian: 3,
      floatMean: 1.875,
      forwards: 40,
      backwards: 20,
    });
    expect(fmn).toMatchObject({ attack: 'fmn', attacked: 4, broken: 1, failed: 1, median: null, mean: 2.5 });
  });

  it('say that nothing was attacked where nothing was', () => {
    expect(found.threats[1]!.points).toEqual([
      {
        eps: 0.1,
        accuracy: 0,
        low: expect.any(Number) as number,
        high: expect.any(Number) as number,
        right: 0,
        total: 1,
        least: 0,
        most: 4 / 5,
        unfinished: 4,
      },
    ]);
    expect(found.threats[1]!.attackSummaries[0]).toMatchObject({ attacked: 0, median: null, mean: null });
  });

  it('do not depend on the order of the journal, and tell neither workers nor batch outside timing', () => {
    const { timing: _a, ...one } = found;
    const { timing: _b, ...other } = assemble(
      { ...plan, workers: 9, batch: 1 },
      setup(images.map((i) => i.id)),
      stateOf([...images].reverse(), [...findings].reverse()),
      {
        started: '',
        seconds: 9,
        workers: 9,
        batch: 1,
        resumed: 3,
      },
    );
    expect(JSON.stringify(other)).toBe(JSON.stringify(one));
    expect(found.findings.map((f) => [f.image, f.attack])).toEqual(findings.map((f) => [f.image, f.attack]));
  });

  it('have no clean accuracy when a label is missing', () => {
    const unlabelled = { ...image('u'), labelGiven: false };
    expect(results([image('a'), unlabelled], []).cleanAccuracy).toBeNull();
    expect(results([image('a'), unlabelled], []).warnings.join(' ')).toMatch(/Some images had no label/);
    expect(results([unlabelled], []).warnings.join(' ')).toMatch(/No labels were given/);
  });
});

describe('the warnings', () => {
  it('keep those of the preparation, and tell failures by their reason and images never looked at', () => {
    const { warnings } = results([image('a'), image('b')], [finding('a', 'ddn', 'failed'), finding('b', 'ddn', 'failed')], ['a', 'b', 'c']);
    expect(warnings[0]).toBe('Mind the step.');
    expect(warnings.join(' ')).toMatch(/2 attack runs failed: NaN\./);
    expect(warnings.join(' ')).toMatch(/stopped before 1 of 3 images/);
  });

  it('tell the commonest reasons first, and how many more there are', () => {
    const failed = (id: string, attack: string, reason: string) => ({ ...finding(id, attack, 'failed'), reason });
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const { warnings } = results(
      ids.map((id) => image(id)),
      [
        ...ids.map((id) => failed(id, 'ddn', `no numbers at pass ${id}.`)),
        failed('a', 'fmn', 'no memory'),
        failed('b', 'fmn', 'no memory'),
      ],
    );
    expect(warnings.slice(1, 5)).toEqual([
      '2 attack runs failed: no memory.',
      '1 attack run failed: no numbers at pass a.',
      '1 attack run failed: no numbers at pass b.',
      '3 more attack runs failed for other reasons, which the findings tell.',
    ]);
  });

  it('tell an accuracy near chance, and a model that always says the same', () => {
    const wrong = Array.from({ length: 20 }, (_, i) => image(`i${i}`, i % 10, 0));
    expect(results(wrong, []).warnings.join(' ')).toMatch(/right on 2 of 20 clean images, no better than guessing among \d+ classes/);
    expect(results(wrong, []).warnings.join(' ')).toMatch(/the very same answer for every image/);
    const right = Array.from({ length: 20 }, (_, i) => image(`i${i}`, i % 10));
    expect(results(right, []).warnings.join(' ')).not.toMatch(/guessing|commonest|same answer/);
    // Always the commonest class: far better than a tenth, and yet nothing learnt.
    const one = Array.from({ length: 20 }, (_, i) => image(`i${i}`, i < 14 ? 3 : 4, 3));
    expect(results(one, []).warnings.join(' ')).toMatch(
      /right on 14 of 20 clean images, no better than naming the commonest of their classes every time \(14 of 20\)/,
    );
    // Images of a single class say nothing of that, and a sound model of two classes is none, whatever their shares.
    const single = Array.from({ length: 20 }, (_, i) => image(`i${i}`, 3, i === 0 ? 4 : 3));
    expect(results(single, []).warnings.join(' ')).not.toMatch(/guessing|commonest/);
    for (const share of [10, 12, 14]) {
      const sound = Array.from({ length: 20 }, (_, i) => image(`i${i}`, i < share ? 0 : 1, i === 0 ? 1 : i < share ? 0 : 1));
      expect(results(sound, []).warnings.join(' '), String(share)).not.toMatch(/guessing|commonest/);
    }
  });
});

it('progress counts a wrong image as settled, twice told as once', () => {
  const state = stateOf([image('a'), image('w', 1, 2), image('w', 1, 2)], [finding('a', 'ddn', 'held'), finding('a', 'ddn', 'held')]);
  expect(progressOf(plan, state)).toEqual({ done: 4, total: 0 });
  state.add({ type: 'setup', setup: setup(['a', 'w', 'x']) });
  expect(progressOf(plan, state)).toEqual({ done: 4, total: 9 });
});
