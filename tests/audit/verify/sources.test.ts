import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditPlan } from '../../../shared/plan.ts';
import type { AuditPlanInput } from '../../../shared/plan.ts';
import { hashNamed } from '../../../src-main/audit/namedFiles.ts';
import type { ImageRecord, Setup } from '../../../src-main/audit/records.ts';
import { AuditState } from '../../../src-main/audit/state.ts';
import { checkSources } from '../../../src-main/audit/verify/sources.ts';
import type { May } from '../../../src-main/audit/verify/sources.ts';
import type { Told } from '../../../src-main/audit/verify/told.ts';
import { openImages, pictureHash } from '../../../src-main/images/index.ts';
import { writePicture } from '../here.ts';
import { image, setup } from '../records.ts';

/* The files that a plan names, against what is told of them: one thing told wrong at a time. */

const root = mkdtempSync(join(tmpdir(), 'hairline-sources-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const [pictures, labels, names] = ['pictures', 'labels.csv', 'names.txt'].map((name) => join(root, name)) as [string, string, string];
const ALL: May = { model: true, images: true, labels: true, classNames: true, pictures: true, surrogates: true };
let plan: AuditPlan;
let records: ImageRecord[];
let settled: Setup;

const planOf = (change: Partial<AuditPlanInput> = {}): AuditPlan =>
  AuditPlan.parse({
    model: join(root, 'm.onnx'),
    preprocessing: {},
    images: [pictures],
    labels,
    classNames: names,
    threats: [{ norm: 'l2', eps: [1], attacks: [{ id: 'ddn' }] }],
    ...change,
  });

beforeAll(async () => {
  mkdirSync(pictures);
  for (let i = 0; i < 3; i++) await writePicture(join(pictures, `${i}.png`), new Float32Array(16).fill((i + 1) / 5), 1, 4);
  writeFileSync(labels, '0.png,1\n1.png,0\n2.png,1\n');
  writeFileSync(names, 'dark\nlight\n');
  plan = planOf();
  const { items } = await openImages({ paths: [pictures], labels, offset: 0, limit: null });
  records = await Promise.all(
    items.map(async (item, index) => ({
      ...image(item.id, item.label!),
      ...{ index, source: item.source, hash: pictureHash(await item.read()) },
    })),
  );
  settled = { ...setup(items.map(({ id }) => id)), classes: 2, classNames: ['dark', 'light'], files: await hashNamed(plan) };
});

async function said(
  change: {
    setup?: Partial<Setup>;
    records?: ImageRecord[];
    may?: Partial<May>;
    plan?: AuditPlan;
    opened?: AuditPlan;
    whole?: boolean;
  } = {},
) {
  const state = new AuditState((change.records ?? records).map((one) => ({ type: 'image' as const, image: one })));
  const told = { plan: change.plan ?? plan, setup: { ...settled, ...change.setup }, state } as unknown as Told;
  const how = { may: { ...ALL, ...change.may }, whole: change.whole ?? true };
  return checkSources(told, change.opened ?? change.plan ?? plan, how, () => undefined);
}
const second = (change: Partial<ImageRecord>): ImageRecord[] => records.map((one, i) => (i === 1 ? { ...one, ...change } : one));
const file = (at: number, change: object) => settled.files!.map((one, i) => (i === at ? { ...one, ...change } : one));

describe('the files that a plan names', () => {
  it('give nothing to say where all is as it is told', async () => {
    expect(await said()).toEqual({ problems: [], notes: [], labels: true, originals: true });
  });

  it('are those that were read: by their hash, their length, and which there are', async () => {
    expect((await said({ setup: { files: file(0, { sha256: 'f'.repeat(64) }) } })).problems).toEqual([
      expect.stringMatching(/labels\.csv is not the file that the audit read: its sha256 is \w{16}…, the report says f{16}…\.$/),
    ]);
    expect((await said({ setup: { files: file(1, { bytes: 3 }) } })).problems).toEqual([`${names} has 11 bytes, the report says 3.`]);
    expect((await said({ setup: { files: settled.files!.slice(0, 1) } })).problems).toEqual([expect.stringContaining('files')]);
    expect((await said({ setup: { files: file(0, { file: 'other.csv' }) } })).problems).not.toEqual([]);
  });

  it('have hashes only in audits of a newer program, and where there are such files', async () => {
    const older = await said({ setup: { files: undefined } });
    expect(older.problems).toEqual([]);
    expect(older.notes).toEqual(['The results hold no hash of labels.csv, names.txt: they were written by an older Hairline.']);
    const bare = planOf({ labels: null, classNames: null });
    const unlabelled = records.map((one) => ({ ...one, labelGiven: false }));
    expect(await said({ plan: bare, setup: { files: undefined, classNames: null }, records: unlabelled })).toEqual({
      problems: [],
      notes: [],
      labels: true,
      originals: true,
    });
  });

  it('are opened only where somebody named them', async () => {
    const none = await said({ may: { labels: false, classNames: false, images: false, pictures: false } });
    expect(none).toEqual({
      problems: [],
      notes: ['Not checked: labels.csv; name it with --labels.', 'Not checked: names.txt; name it with --class-names.'],
      labels: false,
      originals: false,
    });
    // Without its labels a picture can still be told from another one.
    const blind = await said({ may: { labels: false }, records: second({ hash: 'f'.repeat(64), label: 1 }) });
    expect([blind.labels, blind.originals, blind.problems.length]).toEqual([false, true, 1]);
    expect((await said({ whole: false, records: second({ label: 1 }) })).problems).toEqual([]);
  });

  it('that are gone are no difference from the report', async () => {
    const opened = planOf({ classNames: join(root, 'gone.txt') });
    const out = await said({ opened });
    expect(out.problems).toEqual([]);
    expect(out.notes.length).toBeGreaterThan(0);
    for (const note of out.notes) expect(note).toMatch(/^Not checked: .*gone\.txt cannot be read/);
  });
});

describe('pictures, labels and names of classes', () => {
  it('are those that are told', async () => {
    expect((await said({ records: second({ hash: 'f'.repeat(64) }) })).problems).toEqual([
      expect.stringMatching(/1\.png is not the picture of the report: its hash differs\.$/),
    ]);
    expect((await said({ records: second({ label: 1 }) })).problems).toEqual([
      expect.stringMatching(/^The label of .*1\.png is 0, the report says 1\.$/),
    ]);
    expect((await said({ records: second({ labelGiven: false }) })).problems).toEqual([
      expect.stringMatching(/^The label of .*1\.png is 0, the report says that none was given\.$/),
    ]);
    expect((await said({ records: second({ source: 'else.png' }) })).problems).toEqual([
      expect.stringMatching(/^image \S+, source: the report says else\.png, and it is .*1\.png\.$/),
    ]);
    expect((await said({ setup: { classNames: ['dark', 'bright'] } })).problems).toEqual([
      `classNames, number 2: the journal says "bright", ${names} gives "light".`,
    ]);
  });

  it('that the plan names and that are gone are told of, and are no originals', async () => {
    const more = { ...image('00009-gone', 1), index: 3 };
    const out = await said({ records: [...records, more], setup: { images: [...settled.images, more.id] } });
    expect(out).toEqual({
      problems: [],
      notes: ['Not checked: 1 of 4 images that the plan names are not there any more, such as 00009-gone.'],
      labels: false,
      originals: false,
    });
  });
});
