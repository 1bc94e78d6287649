/* eslint-disable @typescript-eslint/no-explicit-any -- what is forged has no type */
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AuditPlanInput } from '../../../shared/plan.ts';
import { Results } from '../../../shared/results.ts';
import { assemble } from '../../../src-main/audit/assemble.ts';
import { Journal } from '../../../src-main/audit/journal.ts';
import { planOf } from '../../../src-main/audit/plan.ts';
import { AuditState } from '../../../src-main/audit/state.ts';
import { readAnyResults, writeDocuments } from '../../../src-main/engine/documents.ts';
import { encodePng } from '../../../src-main/images/index.ts';
import { embedding, labelBelow, louder, other, plain, severalLabels, write } from '../models.ts';
import { singular } from '../singular.ts';
import { audit, copy, edit, folderOf, journal, picture, root, verify } from './forge.ts';

const images = folderOf('images');
const THREATS: AuditPlanInput['threats'] = [
  { norm: 'linf', eps: [0.5 / 255, 2 / 255], attacks: [{ id: 'fgsm' }, { id: 'pgd', options: { steps: 3 } }] },
];
const plan = (more: Partial<AuditPlanInput> = {}): AuditPlanInput => ({
  model: join(root, 'plain.onnx'),
  preprocessing: {},
  images: [images],
  threats: THREATS,
  batch: 2,
  ...more,
});

beforeAll(async () => {
  for (let i = 0; i < 5; i++) await picture(join(images, `${i}.png`), i);
  for (const [name, bytes] of Object.entries({ plain, louder, other })) write(join(root, `${name}.onnx`), bytes());
});

/** Grey pictures for the linear network that puts out pictures. */
async function greyPictures(): Promise<string> {
  const folder = folderOf('grey');
  const side = 12;
  for (let k = 0; k < 3; k++)
    writeFileSync(
      join(folder, `${k}.png`),
      await encodePng({
        width: side,
        height: side,
        channels: 1,
        data: Uint8Array.from({ length: side * side }, (_, i) => 60 + ((i * (7 + k)) % 120)),
      }),
    );
  cpSync(join(folder, '1.png'), join(root, 'target.png'));
  write(join(root, 'picture.onnx'), singular(side).bytes);
  return folder;
}

async function outputPlan(): Promise<AuditPlanInput> {
  const grey = await greyPictures();
  const attacks = [{ id: 'pgd', options: { steps: 5 } }];
  return {
    ...plan({ model: join(root, 'picture.onnx'), images: [grey] }),
    threats: [
      { norm: 'l2', eps: [2], goal: { kind: 'deviation', psnr: 18 }, attacks },
      { norm: 'linf', eps: [0.2], goal: { kind: 'match', picture: join(root, 'target.png'), psnr: 28 }, attacks },
    ],
  };
}

describe('an honest folder is verified without a difference', () => {
  const HONEST: [string, () => Promise<string>][] = [
    ['resumed twice', () => audit(plan(), join(root, 'resumed'), { stops: [4, 4] })],
    [
      'targeted',
      () =>
        audit(
          plan({
            threats: [
              { ...THREATS[0]!, norm: 'l2', eps: [0.5], goal: { kind: 'targeted', target: [1, 2, 3, 4, 5] } },
              { ...THREATS[0]!, goal: { kind: 'targeted', target: 'least-likely' } },
            ],
          }),
          join(root, 'targeted'),
        ),
    ],
    [
      'transfer',
      () =>
        audit(
          plan({
            threats: [
              {
                ...THREATS[0]!,
                knowledge: { kind: 'transfer', surrogates: [{ model: join(root, 'louder.onnx') }, { model: join(root, 'other.onnx') }] },
              },
            ],
          }),
          join(root, 'transfer'),
        ),
    ],
    ...Object.entries({ 'several labels': severalLabels, 'a doubtful name': embedding, 'a label by a threshold': () => labelBelow(3) }).map(
      ([name, bytes]): [string, () => Promise<string>] => [
        name,
        () => audit(plan({ model: write(join(root, `${name}.onnx`), bytes()) }), join(root, name)),
      ],
    ),
    ['outputs', async () => audit(await outputPlan(), join(root, 'outputs'))],
    [
      'pictures that were lost, and made again',
      async () => {
        const folder = await audit(plan(), join(root, 'lost'));
        rmSync(join(folder, 'clean/00001-1.png'));
        rmSync(join(folder, 'adversarial'), { recursive: true });
        return audit(plan(), folder, { goesOn: true });
      },
    ],
  ];
  it.each(HONEST)('%s', { timeout: 120_000 }, async (_, make) => {
    const found = await verify(await make());
    expect(found).toMatchObject({ problems: [], notes: [] });
    expect(found.pictures).toBeGreaterThan(2);
    expect(found.successes).toBeGreaterThan(0);
  });

  it('moved from another machine, whose plan names paths that nobody may open here', { timeout: 120_000 }, async () => {
    const labels = join(root, 'labels.txt');
    const names = readAnyResults(await audit(plan(), join(root, 'for labels'))).images;
    writeFileSync(labels, names.map(({ prediction }) => prediction).join('\n'));
    const folder = join(folderOf('moved'), 'here');
    renameSync(await audit(plan({ labels }), join(root, 'there')), folder);
    // Another processor of another make computes the same to within rounding.
    const { labels: _, images: __, ...bare } = { labels, images, model: join(root, 'plain.onnx') };
    await expect(verify(folder, { elsewhere: true })).rejects.toThrow(
      /begun elsewhere, so no file that it names is opened: name them yourself \(--model\)/,
    );
    const found = await verify(folder, { elsewhere: true, named: bare });
    expect(found.problems).toEqual([]);
    expect(found.notes.join('\n')).toMatch(/Not checked: labels\.txt; name it with --labels/);
    expect(found.trust.join('; ')).toMatch(/the labels; that the clean pictures are those of images \(name them: --images\)/);
    const all = await verify(folder, { elsewhere: true, named: { ...bare, labels, images: [images] } });
    expect(all.problems).toEqual([]);
    expect(all.trust.join('; ')).not.toMatch(/labels|clean pictures/);
  });

  it('stopped: what is not there is said', { timeout: 60_000 }, async () => {
    const found = await verify(await audit(plan(), join(root, 'stopped'), { stops: [6], stay: true }));
    expect(found.problems).toEqual([]);
    expect(found.notes.join('\n')).toMatch(
      /The audit was stopped before it was through: 8 of 10 attack runs were not made; of these there is nothing to check\./,
    );
    expect(found.notes.join('\n')).toMatch(/report\.pdf is missing, as of an audit that was stopped/);
    const early = await verify(await audit(plan(), join(root, 'early'), { stops: [3], stay: true }));
    expect(early.notes.join('\n')).toMatch(/3 of 5 images were not looked at, and 10 of 10 attack runs were not made/);
  });

  it('by an older Hairline: what it lacks is said', { timeout: 60_000 }, async () => {
    const names = join(root, 'names.txt');
    writeFileSync(names, Array.from({ length: 10 }, (_, k) => `class ${k}`).join('\n'));
    const folder = await audit(plan({ classNames: names }), join(root, 'older'));
    journal(folder, (records) => (delete records[1].setup.files, delete records[1].seal));
    const results = readAnyResults(folder);
    delete results.files;
    await writeDocuments(folder, results);
    expect(await verify(folder)).toMatchObject({
      problems: [],
      notes: ['The results hold no hash of names.txt: they were written by an older Hairline.'],
    });
  });
});

describe('what rests on trust', () => {
  /** Says of a broken image, in every file of the folder, that the attacks found nothing. */
  async function hide(folder: string): Promise<string> {
    const { findings } = readAnyResults(folder);
    const { image } = findings.find(({ state }) => state === 'broken')!;
    for (const { file } of findings.filter((one) => one.image === image)) if (file) rmSync(join(folder, file));
    journal(folder, (records) => {
      for (const { finding } of records)
        if (finding?.image === image)
          Object.assign(finding, { state: 'held', float: null, eightBit: null, prediction: null, top: [], file: null });
    });
    const state = new AuditState(Journal.read(folder).records);
    const { timing } = readAnyResults(folder);
    await writeDocuments(folder, { ...assemble(planOf(folder), state.setup!, state, timing), timing });
    return image;
  }

  it(
    'is a forgery that is consistent through all files: it is not called checked, and a repeat finds it',
    { timeout: 120_000 },
    async () => {
      const folder = copy(await audit(plan(), join(root, 'to be hidden')));
      const image = await hide(folder);
      const found = await verify(folder);
      expect(found.problems).toEqual([]);
      expect(found.trust.join('; ')).toMatch(
        /that the attacks that are said to have found nothing on \d images? were run \(repeat a sample: --repeat 5\).*that not all files were changed alike/,
      );
      const again = await verify(folder, { repeat: 100 });
      expect(again.repeated).toBe(5);
      expect(again.trust.join('; ')).toMatch(/were run, but for those run again/);
      expect(again.problems.join('\n')).toMatch(
        new RegExp(`repeat of pgd on ${image} under linf, state: the report says "held", the repeat gives "broken"`),
      );
    },
  );

  it(
    'is sampled where nothing else shows, in an order that the results settle, and an honest audit repeats to the same findings',
    { timeout: 120_000 },
    async () => {
      const folder = await audit(plan({ threats: [{ ...THREATS[0]!, eps: [0.7 / 255] }] }), join(root, 'to be repeated'));
      const seen = async (): Promise<any> => verify(folder, { repeat: 2 });
      expect(await seen()).toMatchObject({ problems: [], notes: [], repeated: 2 });
      expect(await verify(folder, { repeat: 100 })).toMatchObject({ problems: [], repeated: 5 });
      // Versions that are not those of the audit: what became of an image is compared, and that is said.
      journal(folder, (records) => (records[1].setup.versions.onnxruntime = '1.0.0'));
      edit(folder, 'results.json', (r) => (r.versions.onnxruntime = '1.0.0'));
      await writeDocuments(folder, Results.parse(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'))));
      const elsewhere = await seen();
      expect(elsewhere.problems, 'the only difference is that this was done by hand').toEqual([
        expect.stringMatching(/its seal does not fit\.$/),
      ]);
      expect(elsewhere.notes.join()).toMatch(/compared by their outcome alone, since machine or versions are not those of the audit/);
    },
  );
});

describe('the picture to be matched', () => {
  it('has its hash in the results: another one is named, and an audit does not go on with it', { timeout: 120_000 }, async () => {
    const matched = await outputPlan();
    const folder = await audit(matched, join(root, 'matched'), { stops: [4], stay: true });
    const target = join(root, 'target.png');
    const kept = `${target}.kept`;
    cpSync(target, kept);
    expect(readAnyResults(folder).files).toMatchObject([{ role: 'picture', file: 'target.png' }]);
    cpSync(join(root, 'grey/2.png'), target);
    expect((await verify(folder)).problems.join('\n')).toMatch(/target\.png is not the file that the audit read: its sha256 is/);
    await expect(audit(matched, folder, { goesOn: true })).rejects.toThrow(/target\.png is not the file this audit began with/);
    renameSync(kept, target);
    expect((await verify(folder)).problems).toEqual([]);
  });
});
