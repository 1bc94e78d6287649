import { describe, expect, it } from 'vitest';
import { AuditPlan } from '../../../shared/plan.ts';
import type { Results } from '../../../shared/results.ts';
import type { JournalRecord } from '../../../src-main/audit/records.ts';
import { AuditState } from '../../../src-main/audit/state.ts';
import { journalProblems } from '../../../src-main/audit/verify/journalChecks.ts';
import type { Told } from '../../../src-main/audit/verify/told.ts';
import { onTrust } from '../../../src-main/audit/verify/trust.ts';
import { finding, image, setup } from '../records.ts';

/* A journal with something in it that no audit writes; each record but that one is right. */

const START = '2026-01-01T00:00:00.000Z';
const later = (seconds: number): string => new Date(Date.parse(START) + 1000 * seconds).toISOString();
const plan = AuditPlan.parse({
  model: 'm.onnx',
  preprocessing: {},
  images: ['some/photos/'],
  threats: [{ norm: 'l2', eps: [1], attacks: [{ id: 'ddn' }, { id: 'pgd' }] }],
});
const images = [image('a'), image('b'), image('wrong', 1, 2)];
const settled: JournalRecord = { type: 'setup', setup: setup(['a', 'b', 'wrong']) };
const looked: JournalRecord[] = images.map((one) => ({ type: 'image', image: one }));
const found = (id: string, attack: string): JournalRecord => ({
  type: 'finding',
  finding: finding(id, attack, id === 'a' ? 'broken' : 'held', id === 'a' ? 1 : null),
});
const ended = (done: number, seconds: number, end: 'finished' | 'cancelled' = 'finished'): JournalRecord =>
  ({ type: 'session', done, seconds, end }) as JournalRecord;
const begun = { type: 'plan', hash: 'h', started: START } as JournalRecord;
const again = { type: 'resumed' } as JournalRecord;
const four = [found('a', 'ddn'), found('a', 'pgd'), found('b', 'ddn'), found('b', 'pgd')];
const whole = [begun, settled, ...looked, ...four, ended(4, 10)];
const TIMING = { started: START, finished: later(12), seconds: 9, resumed: 0 };

function told(records: JournalRecord[], timing: Partial<typeof TIMING> = {}): Told {
  const state = new AuditState(records);
  return {
    records,
    state,
    setup: state.setup ?? setup([]),
    plan,
    results: { timing: { ...TIMING, ...timing }, findings: [...state.findings.values()], threats: plan.threats } as unknown as Results,
  } as Told;
}
const said = (records: JournalRecord[], timing: Partial<typeof TIMING> = {}): string[] => journalProblems(told(records, timing));

describe('a journal', () => {
  it('of one session, of two, or of none that came to its end, as audits write them', () => {
    expect(said([])).toEqual([]);
    expect(said(whole)).toEqual([]);
    const two = [begun, settled, ...looked, ...four.slice(0, 1), ended(1, 10, 'cancelled'), again, ...four.slice(1), ended(3, 5)];
    expect(said(two, { seconds: 14, resumed: 1 })).toEqual([]);
    expect(said([begun, settled, ...looked, ...four.slice(0, 2)])).toEqual([]);
    expect(said([begun, settled, looked[0]!, ended(0, 10, 'cancelled')])).toEqual([]);
  });

  const inOrder: [string, JournalRecord[], RegExp][] = [
    ['that begins with something else', whole.slice(1), /record 1: a journal begins with its plan/],
    ['with two plans', [begun, begun, ...whole.slice(1)], /record 2: the plan comes again/],
    ['settled twice', [begun, settled, ...whole.slice(1)], /record 3: what was settled before the first attack comes again/],
    [
      'of an image before the model',
      [begun, looked[0]!, settled, ...looked.slice(1), ...four, ended(4, 10)],
      /record 2: a image comes before the model/,
    ],
    [
      'of a finding before the model',
      [begun, four[0]!, settled, ...looked, ...four.slice(1), ended(4, 10)],
      /record 2: a finding comes before the model/,
    ],
    [
      'that goes on after its end without a word',
      [begun, settled, ...looked, ended(0, 5, 'cancelled'), ...four, ended(4, 10)],
      /record 7: more comes after the end of a session/,
    ],
    [
      'gone on with before it was stopped',
      [begun, settled, ...looked, again, ...four, ended(4, 10)],
      /record 6: the audit is gone on with before it was stopped/,
    ],
  ];
  it.each(inOrder)('%s is named', (_, records, sentence) => expect(said(records)).toEqual([expect.stringMatching(sentence)]));

  it('that is finished has every image and every run of an attack', () => {
    expect(said([begun, settled, looked[0]!, looked[1]!, ...four, ended(4, 10)])).toEqual([
      'The journal says that the audit was finished, and 1 of 3 images are not in it, such as wrong.',
    ]);
    expect(said([begun, settled, ...looked, ...four.slice(0, 3), ended(3, 10)])).toEqual([
      'The journal says that the audit was finished, and 1 of its attack runs are not in it, such as pgd on b under l2.',
    ]);
    expect(said([begun, settled, ...looked, ...four.slice(0, 3), ended(3, 10, 'cancelled')])).toEqual([]);
  });

  it('has times that the report’s are made of', () => {
    expect(said(whole, { started: later(10.1), finished: later(12) })).toEqual([
      expect.stringMatching(/^timing, started: the report says/),
    ]);
    expect(said(whole, { started: later(9.9), finished: later(12) })).toEqual([]);
    expect(said(whole, { finished: later(-1) })).toEqual([expect.stringMatching(/before the audit was started/)]);
    for (const timing of [{ seconds: 10.1 }, { seconds: -1 }, { resumed: 1 }])
      expect(said(whole, timing)).toEqual([expect.stringMatching(/which none of the journal's sessions gives/)]);
    for (const timing of [{ seconds: 10 }, { seconds: 0 }]) expect(said(whole, timing)).toEqual([]);
    const two = [begun, settled, ...looked, ...four.slice(0, 1), ended(1, 10, 'cancelled'), again, ...four.slice(1), ended(3, 5)];
    expect(said(two, { seconds: 9.9, resumed: 1 })).toHaveLength(1);
    expect(said(two, { seconds: 15.1, resumed: 1 })).toHaveLength(1);
    expect(said(two, { seconds: 15, resumed: 0 })).toHaveLength(1);
  });

  it('has as many findings of a session as that says it made', () => {
    expect(said([begun, settled, ...looked, ...four, ended(5, 10)])).toContain(
      'journal.jsonl, record 10: a session says that it made 5 findings, and the journal has 4 of it.',
    );
  });
});

describe('what is on trust', () => {
  const of = (records: JournalRecord[], labels = false, originals = false, sampled = false): string[] =>
    onTrust(told(records), { labels, originals }, sampled);
  const always = ['times, versions, machine and gradient check', 'that not all files were changed alike'];

  it('is all that no file shows, and no more than was found', () => {
    expect(of([begun, settled])).toEqual(always);
    expect(of(whole)).toEqual([
      'that the attacks that are said to have found nothing on 1 image were run (repeat a sample: --repeat 5)',
      'the distances in floating point',
      'the numbers of queries',
      'the labels',
      'that the clean pictures are those of photos (name them: --images)',
      ...always,
    ]);
    expect(of(whole, true, true, true)).toEqual([
      'that the attacks that are said to have found nothing on 1 image were run, but for those run again',
      'the distances in floating point',
      'the numbers of queries',
      ...always,
    ]);
    expect(of([begun, settled, ...looked, found('b', 'ddn')], true, true)).toEqual([
      expect.stringContaining('nothing on 1 image'),
      'the numbers of queries',
      ...always,
    ]);
    expect(of([begun, settled, ...looked, found('a', 'ddn')], true, true)).toEqual([
      'the distances in floating point',
      'the numbers of queries',
      ...always,
    ]);
  });
});
