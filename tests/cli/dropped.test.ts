import { createHash, randomUUID } from 'node:crypto';
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Results } from '../../shared/results.ts';
import type { Verified } from '../../src-main/engine/verification.ts';
import { objectsOf } from '../../src-main/report/check/pdfFile.ts';
import { serve } from '../e2e/hairline.ts';
import { part } from '../part.ts';
import { Visitor } from '../web/visitor.ts';
import { hairline, hairlineHere, IMAGES, MODEL, SAMPLES, scratch } from './hairline.ts';

/* An audit of what was dropped into the served window, from the drop to the repeat once the copies are gone. */

const root = scratch();
const audits = join(root, 'data/audits');
/** What the person has: the pictures lie elsewhere and are called otherwise than when they were dropped, with others between them. */
const owned = join(root, 'mine');
const HEARTS = readdirSync(join(IMAGES, 'heart'))
  .slice(0, 2)
  .map((name) => join(IMAGES, 'heart', name));
const [STAR, OTHER] = readdirSync(join(IMAGES, 'star')).map((name) => join(IMAGES, 'star', name)) as [string, string];
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
let folder: string;
let batches: string[];
let results: Results;

beforeAll(async () => {
  const labels = join(root, 'labels.txt');
  writeFileSync(labels, '3\n3\n8\n8\n');
  const served = await serve(join(root, 'data'));
  const visitor = new Visitor(served.url);
  try {
    await visitor.enter();
    await visitor.connect();
    const drop = async (batch: string, file: string, as: string): Promise<string> => {
      const { body } = await visitor.ask(`/upload?batch=${batch}&path=${encodeURIComponent(as)}`, {
        method: 'POST',
        body: readFileSync(file),
      });
      return (JSON.parse(body.toString()) as { root: string }).root;
    };
    batches = Array.from({ length: 4 }, () => randomUUID());
    const model = await drop(batches[0]!, MODEL, 'my signs.onnx');
    const labelled = await drop(batches[0]!, labels, 'labels.txt');
    const classNames = await drop(batches[0]!, join(SAMPLES, 'classes.txt'), 'classes.txt');
    // Two pictures of one name, and a folder.
    const images = [
      await drop(batches[1]!, HEARTS[0]!, 'same.png'),
      await drop(batches[2]!, HEARTS[1]!, 'same.png'),
      await drop(batches[3]!, STAR, 'stars/deep/Stern ü.png'),
    ];
    await drop(batches[3]!, OTHER, 'stars/two.png');
    const over = new Promise<void>((done, fail) =>
      visitor.listen((event) =>
        event.type === 'finished' ? done() : event.type === 'failed' ? fail(new Error(event.message)) : undefined,
      ),
    );
    const { audit } = await visitor.call('start', {
      plan: {
        model,
        images,
        labels: labelled,
        classNames,
        preprocessing: {},
        threats: [{ norm: 'linf', eps: [1 / 255, 24 / 255], attacks: [{ id: 'pgd', options: { steps: 5 } }] }],
      },
    });
    folder = join(audits, audit);
    await over;
    expect((await visitor.call('results', { audit })).model.file).toBe('my signs.onnx');
    visitor.leave();
  } finally {
    await served.stop();
  }
  results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Results;
  mkdirSync(join(owned, 'a/b'), { recursive: true });
  cpSync(MODEL, join(owned, 'renamed.onnx'));
  cpSync(labels, join(owned, 'a/targets'));
  cpSync(join(SAMPLES, 'classes.txt'), join(owned, 'a/names.txt'));
  cpSync(HEARTS[1]!, join(owned, '1.png'));
  cpSync(HEARTS[0]!, join(owned, 'a/z.png'));
  cpSync(STAR, join(owned, 'a/b/any.png'));
  cpSync(OTHER, join(owned, 'a/other.png'));
  cpSync(join(IMAGES, 'moon'), join(owned, 'moons'), { recursive: true });
}, 180_000);

/** Where the copies lay, as it would stand in a document. */
const traces = (): string[] => ['imports', ...batches];

describe('what was dropped', () => {
  it('is called in results, CSV and PDF as it was dropped, with its hash, and never as the copy', () => {
    const { plan, images, model, files } = results;
    expect(images.map(({ source }) => source)).toEqual(['same.png', 'same.png', 'stars/deep/Stern ü.png', 'stars/two.png']);
    expect(new Set(images.map(({ id }) => id)).size).toBe(4);
    expect(model).toMatchObject({ file: 'my signs.onnx', sha256: sha256(MODEL) });
    expect(files!.map(({ file }) => file)).toEqual(['labels.txt', 'classes.txt']);
    expect(plan).toMatchObject({
      model: 'my signs.onnx',
      images: ['same.png', 'same.png', 'stars'],
      labels: 'labels.txt',
      classNames: 'classes.txt',
      dropped: [
        {},
        { files: [{ name: 'same.png', sha256: sha256(HEARTS[0]!) }] },
        { files: [{ name: 'same.png', sha256: sha256(HEARTS[1]!) }] },
        {},
      ],
    });
    const pdf = [...objectsOf(readFileSync(join(folder, 'report.pdf')))!.values()]
      .map(({ dict, stream }) => `${dict}${stream?.toString('latin1') ?? ''}`)
      .join('\n');
    for (const text of [readFileSync(join(folder, 'results.json'), 'utf8'), readFileSync(join(folder, 'results.csv'), 'utf8'), pdf])
      for (const trace of traces()) expect(text).not.toContain(trace);
  });

  it('has copies that its audit keeps; without them it is said where they are wanted', { timeout: 60_000 }, async () => {
    for (const batch of batches) expect(existsSync(join(root, 'data/imports', batch))).toBe(true);
    expect(await verified()).toMatchObject({ problems: [], notes: [] });
    rmSync(join(root, 'data/imports'), { recursive: true });
    const { code, err } = await hairlineHere(['verify', folder]);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(
        /my signs\.onnx is a copy of what was dropped into the window, and is gone: name the folder that the files came from \(--images\), where they are found by their hash\.\n$/,
      ),
    ]);
  });

  it('is found again by its hash: the audit verifies, and a sample of it repeats', { timeout: 120_000 }, async () => {
    const found = await verified('--images', owned, '--repeat', '2');
    expect(found).toMatchObject({ problems: [], notes: [], pictures: 4, repeated: 2 });
    expect(found.successes).toBeGreaterThan(0);
    expect(found.trust.join('; ')).not.toMatch(/labels|clean pictures/);
    expect(await verified('--images', join(owned, '1.png'), join(owned, 'a'), '--model', join(owned, 'renamed.onnx'))).toMatchObject({
      problems: [],
      notes: [],
    });
  });

  it('is found when the audit is gone on with, which needs the pictures as they were', { timeout: 120_000 }, async () => {
    const { file } = results.findings.find(({ state }) => state === 'broken')!;
    const picture = readFileSync(join(folder, file!));
    rmSync(join(folder, file!));
    expect(await hairline(['audit', '--resume', '--out', folder])).toMatchObject({
      code: 2,
      err: expect.stringContaining('name the folder that the files came from (--images)') as string,
    });
    expect((await hairline(['audit', '--resume', '--out', folder, '--images', owned])).code).toBe(0);
    expect(readFileSync(join(folder, file!))).toEqual(picture);
    expect(await verified('--images', owned)).toMatchObject({ problems: [], notes: [] });
  });

  it('is found on another machine, too, where none of the paths counts', { timeout: 60_000 }, async () => {
    const mark = join(folder, 'audit.hairline');
    const kept = readFileSync(mark, 'utf8');
    writeFileSync(mark, kept.replace(/"seal":"../, '"seal":"00'));
    const found = await verified('--images', owned);
    writeFileSync(mark, kept);
    expect(found.problems).toEqual([]);
    expect(found.notes).toEqual([]);
    expect(found.trust.join('; ')).not.toMatch(/labels|clean pictures/);
  });

  it.each(part(['the plan in its results', 'the plan of the audit'], 2))(
    'repeats to the same results from %s',
    { timeout: 120_000 },
    async (which) => {
      const plan = join(root, 'elsewhere', `${randomUUID()}.json`);
      mkdirSync(join(root, 'elsewhere'), { recursive: true });
      if (which.includes('results')) writeFileSync(plan, JSON.stringify(results.plan));
      else cpSync(join(folder, 'plan.json'), plan);
      const out = join(root, `again ${which}`);
      const { code, err } = await hairline(['audit', plan, '--images', owned, '--out', out]);
      expect(err).not.toMatch(/hairline-dropped/);
      expect(code).toBe(0);
      const again = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Results;
      expect({ ...again, timing: null }).toEqual({ ...results, timing: null });
      const found = await hairlineHere(['verify', out, '--images', owned, '--json']);
      expect(JSON.parse(found.out)).toMatchObject({ problems: [], notes: [] });
    },
  );

  it('that has changed since is named, and an audit of it is not run', { timeout: 60_000 }, async () => {
    appendFileSync(join(owned, '1.png'), ' ');
    const found = await verified('--images', owned);
    expect(found.problems).toEqual([]);
    expect(found.notes.join('\n')).toMatch(
      /^Not checked: 1 of the files that were dropped into the window is not in .*mine as it was \(looked for by hash\), such as same\.png\.$/m,
    );
    expect(found.notes.join('\n')).toMatch(/Not checked: 1 of 4 images that the plan names are not there any more, such as 00001-same\./);
    const { code, err } = await hairline(['audit', join(folder, 'plan.json'), '--images', owned, '--out', join(root, 'never')]);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(
        /1 of the files that were dropped into the window is not in .*, such as same\.png: name the folder that they came from\.\n$/,
      ),
    ]);
  });

  it('is forged by no other hash: the journal knows the plan', { timeout: 60_000 }, async () => {
    cpSync(HEARTS[1]!, join(owned, '1.png'));
    const forged = join(root, basename(folder));
    cpSync(folder, forged, { recursive: true });
    for (const name of ['plan.json', 'results.json'])
      writeFileSync(join(forged, name), readFileSync(join(forged, name), 'utf8').replaceAll(sha256(HEARTS[1]!), sha256(HEARTS[0]!)));
    const { code, out } = await hairlineHere(['verify', forged, '--images', owned, '--json']);
    expect(code).toBe(1);
    expect((JSON.parse(out) as Verified).problems.join('\n')).toMatch(/The plan in plan\.json is not the one that the journal began with/);
  });
});

async function verified(...flags: string[]): Promise<Verified> {
  const { out, err } = await hairlineHere(['verify', folder, ...flags, '--json']);
  expect(err).toBe('');
  return JSON.parse(out) as Verified;
}
