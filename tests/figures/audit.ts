import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AuditPlan } from '../../shared/plan.ts';
import type { Finding, Results } from '../../shared/results.ts';
import { assemble } from '../../src-main/audit/assemble.ts';
import { failure, FILES } from '../../src-main/audit/jobs.ts';
import { checkPlan } from '../../src-main/audit/plan.ts';
import { planHash } from '../../src-main/audit/begin.ts';
import type { ImageRecord, JournalRecord } from '../../src-main/audit/records.ts';
import { AuditState } from '../../src-main/audit/state.ts';
import { encodePng, pictureHash, toUnit } from '../../src-main/images/index.ts';
import { distances } from '../../src-main/norms/distances.ts';
import { setup } from '../audit/records.ts';

/*
 * An audit that was stopped, with another number of images in every state, so that no figure can be taken for another one. Under ℓ∞ at
 * 8/255, of 27 images: 2 wrong already, 3 broken (1 of them within 4/255), 4 broken at 12/255 only, 5 held (on 2 of them one of the two
 * attacks failed), 6 failed, and 7 not finished, 3 of which were not even looked at. What follows is counted by hand.
 */
export const COUNTS = { 'wrong-already': 2, broken: 3, beyond: 4, held: 5, failed: 6, unfinished: 7 } as const;

/** At each budget under ℓ∞: right and all that count; and of all 27 how many are right at least and at most. */
export const POINTS = [
  // Lost: 2 wrong and 1 broken. Nobody knows: 6 + 2 that an attack failed on, 7 not finished.
  {
    eps: '4/255',
    right: 11,
    total: 14,
    accuracy: '78.6 %',
    bounds: 'between 33.3 and 88.9 %: an attack failed on 8 images, 7 images not finished',
  },
  {
    eps: '8/255',
    right: 9,
    total: 14,
    accuracy: '64.3 %',
    bounds: 'between 25.9 and 81.5 %: an attack failed on 8 images, 7 images not finished',
  },
] as const;

/** Found by each attack under ℓ∞, within 8/255 and beyond: PGD breaks 2 of the 3, FMN all of what was broken. */
export const BY_ATTACK = {
  pgd: { attacked: 22, within: 2, beyond: 0, failed: 8 },
  fmn: { attacked: 18, within: 3, beyond: 4, failed: 6 },
} as const;

/** Levels of the smallest changes: within 4/255, within 8/255, and beyond both. */
const LEVELS = [3, 6, 7, 12, 12, 12, 12];
const SIDE = 8;

const ids = Array.from({ length: 27 }, (_, i) => `${String(i).padStart(5, '0')}-picture`);
const numbered = ids.map((id, index) => ({ id, index, stateOf: stateOf(index) }));

function stateOf(index: number): keyof typeof COUNTS | 'unseen' {
  let at = index;
  for (const [state, n] of Object.entries(COUNTS) as [keyof typeof COUNTS, number][]) {
    if (at < n) return state === 'unfinished' && at >= 4 ? 'unseen' : state;
    at -= n;
  }
  throw new Error(`there is no image ${index}`);
}

/** Grey pictures of their own. */
const clean = (index: number) => ({
  width: SIDE,
  height: SIDE,
  channels: 1 as const,
  data: Uint8Array.from({ length: SIDE * SIDE }, (_, i) => 40 + ((i * 7 + index * 13) % 150)),
});
const changed = (index: number, levels: number) => ({
  ...clean(index),
  data: clean(index).data.map((value, i) => value + (i % 2 === 0 ? levels : -levels)),
});

/** Plan, records and results of the audit, and its files, in memory. */
export async function figuresAudit(
  model = '/models/figures.onnx',
): Promise<{ plan: AuditPlan; records: JournalRecord[]; results: Results; files: Map<string, Uint8Array> }> {
  const plan = checkPlan(
    {
      name: 'Figures',
      model,
      preprocessing: {},
      images: ['/pictures'],
      sample: { size: 27, seed: 3 },
      threats: [
        { norm: 'linf', eps: [4 / 255, 8 / 255], attacks: [{ id: 'pgd' }, { id: 'fmn' }] },
        { norm: 'l2', eps: [0.5], attacks: [{ id: 'pgd' }] },
      ],
    },
    '/',
  );
  const files = new Map<string, Uint8Array>();
  const images: ImageRecord[] = [];
  const findings: Finding[] = [];
  for (const { id, index, stateOf: state } of numbered) {
    if (state === 'unseen') continue;
    const picture = clean(index);
    const prediction = state === 'wrong-already' ? 4 : 3;
    files.set(FILES.clean(id), await encodePng(picture));
    images.push({
      id,
      index,
      source: `pictures/${id}.png`,
      hash: pictureHash(picture),
      width: SIDE,
      height: SIDE,
      channels: 1,
      label: 3,
      labelGiven: true,
      prediction,
      top: [{ class: prediction, logit: 2, probability: 0.9 }],
      file: FILES.clean(id),
      outputs: [],
      leastLikely: 9,
    });
    if (state === 'wrong-already') continue;
    const held = (threat: number, attack: string): Finding => ({
      ...failure({ threat, attack }, { id }, null),
      state: 'held',
      forwards: 20,
      backwards: 10,
    });
    const failed = (attack: string): Finding => failure({ threat: 0, attack }, { id }, 'the model gave NaN at pass 3');
    const broken = async (attack: string, levels: number): Promise<Finding> => {
      const adversarial = changed(index, levels);
      const file = FILES.adversarial(0, 'linf', attack, id);
      files.set(file, await encodePng(adversarial));
      const eightBit = distances(toUnit(adversarial), toUnit(picture), 1);
      return {
        ...held(0, attack),
        state: 'broken',
        float: eightBit,
        eightBit,
        prediction: 5,
        top: [{ class: 5, logit: 1, probability: 0.6 }],
        file,
      };
    };
    const at = index - COUNTS['wrong-already'];
    if (state === 'broken') findings.push(at < 2 ? await broken('pgd', 8) : held(0, 'pgd'), await broken('fmn', LEVELS[at]!));
    else if (state === 'beyond') findings.push(held(0, 'pgd'), await broken('fmn', LEVELS[at]!));
    else if (state === 'held') findings.push(at < COUNTS.broken + COUNTS.beyond + 2 ? failed('pgd') : held(0, 'pgd'), held(0, 'fmn'));
    else if (state === 'failed') findings.push(failed('pgd'), failed('fmn'));
    // PGD was through with those, FMN was not.
    else findings.push(held(0, 'pgd'));
    if (state !== 'unfinished') findings.push(held(1, 'pgd'));
  }
  const settled = { ...setup(ids), drawn: { of: 270, byClass: true }, warnings: [] };
  const records: JournalRecord[] = [
    { type: 'plan', hash: planHash(plan), started: '2026-03-01T14:05:09.123Z' },
    { type: 'setup', setup: settled },
    ...images.map((image): JournalRecord => ({ type: 'image', image })),
    ...findings.map((finding): JournalRecord => ({ type: 'finding', finding })),
    { type: 'session', seconds: 12, done: findings.length, end: 'cancelled' },
  ];
  const state = new AuditState(records);
  return {
    plan,
    records,
    results: assemble(plan, settled, state, { started: state.started, seconds: 12, workers: 2, batch: 4, resumed: 0 }),
    files,
  };
}

/** Writes it as an audit's folder. */
export async function writeFiguresAudit(folder: string, model?: string): Promise<Results> {
  const { plan, records, results, files } = await figuresAudit(model);
  const write = (name: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  };
  for (const [name, bytes] of files) write(name, bytes);
  write(FILES.plan, JSON.stringify(plan));
  write(FILES.journal, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  write(FILES.results, JSON.stringify(results));
  return results;
}
