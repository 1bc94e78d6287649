import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { isFileName } from '../../shared/names.ts';
import { Results } from '../../shared/results.ts';
import { outFolder } from '../../src-main/cli/outFolder.ts';
import { folderWithBadFiles } from '../images/badFiles.ts';
import { hairline, MODEL, scratch, untimed } from './hairline.ts';

const folder = scratch();
const photos = join(folder, 'photos');
const out = join(folder, 'out');
let bad: Record<string, RegExp>;
beforeAll(() => void (bad = folderWithBadFiles(photos, 190)));

const audit = (images: string, to: string, ...more: string[]) =>
  hairline(['audit', '--model', MODEL, '--images', images, '--eps', '8/255', '--attacks', 'fgsm', '--out', to, ...more], {
    limit: 240_000,
  });
const read = (to: string): Results => Results.parse(JSON.parse(readFileSync(join(to, 'results.json'), 'utf8')));

it('audits a folder with every kind of bad file in one go, and names each with its reason', { timeout: 300_000 }, async () => {
  const { code, err } = await audit(photos, out);
  expect(code, err).toBe(0);
  const results = read(out);
  expect(results.images).toHaveLength(190);
  const names = results.leftOut!.files.map(({ source }) => source.slice('photos/'.length));
  expect(names.sort()).toEqual(Object.keys(bad).sort());
  expect(results.leftOut!.total).toBe(names.length);
  for (const { source, reason } of results.leftOut!.files) {
    expect(reason, source).toMatch(bad[source.slice('photos/'.length)]!);
    expect(err).toContain(`${source} ${reason}`);
  }
  expect(err).toContain(`190 taken, ${names.length} left out:`);
});

it(
  'gives an audit that is checked, goes on after it was cut off, and repeats, with the same files left out',
  { timeout: 300_000 },
  async () => {
    const whole = untimed(out);
    const verified = await hairline(['verify', out, '--model', MODEL], { limit: 120_000 });
    expect(verified.code, verified.out).toBe(0);
    // As a crash leaves it: the journal ends in the middle of the attacks, and there are no documents.
    const journal = readFileSync(join(out, 'journal.jsonl'), 'utf8').split('\n');
    writeFileSync(join(out, 'journal.jsonl'), journal.slice(0, Math.floor(journal.length * 0.7)).join('\n'));
    rmSync(join(out, 'results.json'));
    const { code, err } = await audit(photos, out, '--resume');
    expect(code, err).toBe(0);
    expect(untimed(out)).toBe(whole);
  },
);

it('ends with one sentence and 2 when nothing is left', async () => {
  const none = join(folder, 'none');
  mkdirSync(none);
  for (const name of ['a.png', 'b.jpg', 'c.txt', 'd.webp', 'e.heic']) writeFileSync(join(none, name), name === 'c.txt' ? 'text' : '');
  const { code, err } = await audit(none, join(folder, 'never'));
  expect([code, err.trim().split('\n').length]).toEqual([2, 1]);
  expect(err).toMatch(
    /^hairline: No image in \S+none can be taken: none\/a\.png is empty .*; none\/b\.jpg is empty .*; none\/c\.txt is text.*; and 2 more\.\n$/,
  );
});

it('puts an audit whose title no folder can have into a folder of its own', () => {
  const titles = [
    'x'.repeat(16_000),
    `${'x'.repeat(16_000)}y`,
    '../../elsewhere',
    'a/b',
    'CON',
    '日本'.repeat(200),
    '😀'.repeat(100),
    '...',
    'ends with. ',
  ];
  const folders = titles.map((name) => outFolder({ name, model: '/m.onnx' }));
  for (const one of folders) expect(isFileName(one.slice('audits/'.length)), one).toBe(true);
  expect(new Set(folders).size).toBe(titles.length);
  expect(outFolder({ name: '', model: '/models/first.onnx' })).toBe('audits/first');
  expect(outFolder({ name: 'My audit', model: '/m.onnx' })).toBe('audits/My audit');
});
