import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { AuditPlan } from '../../../shared/plan.ts';
import { FILES } from '../../../src-main/audit/jobs.ts';
import type { JournalRecord } from '../../../src-main/audit/records.ts';
import { AuditState } from '../../../src-main/audit/state.ts';
import { leftoverProblems } from '../../../src-main/audit/verify/leftovers.ts';
import type { Told } from '../../../src-main/audit/verify/told.ts';
import { finding, image, setup } from '../records.ts';

/* What lies in an audit's folder besides what its records speak of. */

const root = mkdtempSync(join(tmpdir(), 'hairline-leftovers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder: string;
let n = 0;
const put = (name: string, text = ''): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
};
const mark = (change: object = {}): void => put(FILES.mark, JSON.stringify({ hairline: '0.0.0', name: 'Mine', ...change }));

beforeEach(() => {
  folder = join(root, String(++n));
  mkdirSync(folder);
  mark();
});

const plan = AuditPlan.parse({
  name: 'Mine',
  model: 'some/m.onnx',
  preprocessing: {},
  images: ['i'],
  threats: [{ norm: 'l2', eps: [1], attacks: [{ id: 'ddn' }, { id: 'pgd' }] }],
});

function said(more: JournalRecord[] = [], of = plan) {
  const records: JournalRecord[] = [
    { type: 'image', image: { ...image('a'), outputs: [{ figures: { psnr: 20 }, file: 'clean-output/a.png' }] } },
    ...more,
  ];
  return leftoverProblems(folder, { plan: of, setup: setup(['a', 'b']), state: new AuditState(records) } as unknown as Told);
}
const FINE = { problems: [], notes: [] };
const broken: JournalRecord = {
  type: 'finding',
  finding: { ...finding('a', 'ddn', 'broken', 1), output: { figures: { psnr: 1 }, file: 'adversarial-output/x.png' } },
};

it('pictures that records speak of are none, nor are those of an attack that failed or was stopped', () => {
  for (const file of ['clean/a.png', 'clean-output/a.png', 'adversarial/a.png', 'adversarial-output/x.png']) put(file);
  expect(said([broken])).toEqual(FINE);
  put(FILES.adversarial(0, 'l2', 'pgd', 'a'));
  put(FILES.broken(0, 'l2', 'pgd', 'a'));
  expect(said([broken])).toEqual(FINE);
  expect(said([broken, { type: 'finding', finding: finding('a', 'pgd', 'failed') }])).toEqual(FINE);
  // An image that was not looked at yet may have its picture.
  put(FILES.clean('b'));
  put(FILES.output('b'));
  put('adversarial/half.png.part');
  expect(said([broken])).toEqual(FINE);
  // Of an attack that held there is no picture.
  expect(said([broken, { type: 'finding', finding: finding('a', 'pgd', 'held') }]).problems).toEqual(
    expect.arrayContaining([`${FILES.adversarial(0, 'l2', 'pgd', 'a')} is no picture of this audit: no record speaks of it.`]),
  );
});

it('pictures that no record speaks of are named, a hundred of them and the number of the others', () => {
  put('adversarial/deep/er/z.png');
  expect(said().problems).toEqual(['adversarial/deep/er/z.png is no picture of this audit: no record speaks of it.']);
  for (let i = 0; i < 102; i++) put(`clean/z${i}.png`);
  const { problems } = said();
  expect(problems.length).toBe(101);
  expect(problems.at(-1)).toBe('3 more files are no pictures of this audit.');
});

it('what the window made, and what is no file of an audit, is told of', () => {
  put('noise-output/a.png');
  expect(said().notes).toEqual(['1 picture in noise-output, which the window made when it was asked to, are not checked.']);
  put('noise-output/deep/b.png');
  for (const name of ['1.txt', '2.txt', '3.txt', '4.txt', '5.txt']) put(name);
  for (const name of [FILES.plan, FILES.journal, FILES.results, 'x.part']) put(name);
  expect(said().notes).toEqual([
    '2 pictures in noise-output, which the window made when it was asked to, are not checked.',
    '1.txt, 2.txt, 3.txt, 4.txt, 5.txt in the folder are no files of an audit, and not checked.',
  ]);
  put('6.txt');
  expect(said().notes.at(-1)).toBe('1.txt, 2.txt, 3.txt, 4.txt, 5.txt and 1 more in the folder are no files of an audit, and not checked.');
});

it('the file that the desktop knows an audit by says its name and its program', () => {
  mark({ name: 'Yours' });
  expect(said().problems).toEqual([`${FILES.mark}, name: it says "Yours", the plan "Mine".`]);
  mark({ hairline: '9.9.9' });
  expect(said().problems).toEqual([`${FILES.mark}, hairline: it says 9.9.9, the journal 0.0.0.`]);
  // An audit without a name goes by its model's.
  mark({ name: 'm.onnx' });
  expect(said([], { ...plan, name: '' })).toEqual(FINE);
  put(FILES.mark, '{');
  expect(said().problems).toEqual([`${FILES.mark} is damaged.`]);
  rmSync(join(folder, FILES.mark));
  expect(said()).toEqual({ problems: [], notes: [`${FILES.mark}, by which the desktop knows an audit, is missing.`] });
});
