import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { CALLS } from '../../shared/contract.ts';
import { AuditPlan } from '../../shared/plan.ts';
import { Journal } from '../../src-main/audit/journal.ts';
import { FILES } from '../../src-main/audit/jobs.ts';
import type { JournalRecord } from '../../src-main/audit/records.ts';
import { setup } from '../audit/records.ts';
import { historyOf } from '../../src-main/engine/progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairline-history-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("tells from the journal what the events told, distances in the threat's own norm and only of broken images", () => {
  const plan = AuditPlan.parse({
    model: '/m.onnx',
    preprocessing: {},
    images: ['/i'],
    threats: [
      { norm: 'l2', eps: [1], attacks: [{ id: 'ddn' }] },
      { norm: 'l0', eps: [4], attacks: [{ id: 'fmn' }, { id: 'fgsm' }] },
    ],
  });
  const image = {
    id: '00000-a',
    index: 0,
    source: 'a.png',
    hash: 'h',
    width: 1,
    height: 1,
    channels: 3,
    label: 2,
    labelGiven: true,
    prediction: 2,
    top: [],
    file: 'clean/00000-a.png',
    outputs: [],
    leastLikely: 0,
  };
  const eightBit = { l0: 3, l0Pixels: 1, l1: 0.5, l2: 0.25, linf: 0.125 };
  const finding = {
    image: '00000-a',
    reason: null,
    float: eightBit,
    eightBit,
    prediction: 1,
    top: [],
    file: null,
    output: null,
    forwards: 1,
    backwards: 1,
  };
  const journal = Journal.open(folder);
  const records = [
    { type: 'setup', setup: setup([image.id]) },
    { type: 'image', image },
    {
      type: 'finding',
      finding: { ...finding, threat: 0, attack: 'ddn', state: 'broken', file: FILES.adversarial(0, 'l2', 'ddn', image.id) },
    },
    {
      type: 'finding',
      finding: { ...finding, threat: 1, attack: 'fmn', state: 'broken', file: FILES.adversarial(1, 'l0', 'fmn', image.id) },
    },
    { type: 'finding', finding: { ...finding, threat: 1, attack: 'fgsm', state: 'held' } },
  ] as JournalRecord[];
  for (const record of records) journal.append(record);
  const told = CALLS.progress.out.parse(historyOf('one', plan, folder));
  journal.close();
  expect(told.images).toEqual([{ type: 'image', audit: 'one', image: '00000-a', label: 2, prediction: 2, right: true, source: 'a.png' }]);
  expect(told.findings.map(({ threat, attack, state, distance }) => [threat, attack, state, distance])).toEqual([
    [0, 'ddn', 'broken', 0.25],
    [1, 'fmn', 'broken', 3],
    [1, 'fgsm', 'held', null],
  ]);
});
