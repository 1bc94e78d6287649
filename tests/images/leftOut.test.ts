import { chmodSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isFileName } from '../../shared/names.ts';
import { openImages } from '../../src-main/images/index.ts';
import type { OpenRequest } from '../../src-main/images/index.ts';
import { folderWithBadFiles, LONG } from './badFiles.ts';
import { png, scratch } from './files.ts';

const { folder, file } = scratch();
const open = (paths: string[], more: Partial<OpenRequest> = {}) =>
  openImages({ paths, labels: null, offset: 0, limit: null, look: 'all', ...more });
const pixel = (level: number): Uint8Array => png(1, 1, 8, 0, [[level]]);

describe('a folder with every kind of bad file', () => {
  const mixed = join(folder, 'mixed');
  const bad = folderWithBadFiles(mixed, 30);

  it('gives the others, and names each with its reason', { timeout: 60_000 }, async () => {
    const set = await open([mixed]);
    expect(set.items).toHaveLength(30);
    expect(set.leftOut.map(({ source }) => source).sort()).toEqual(
      Object.keys(bad)
        .map((name) => `mixed/${name}`)
        .sort(),
    );
    for (const { source, reason } of set.leftOut) expect(reason, source).toMatch(bad[source.slice('mixed/'.length)]!);
    // One sentence each: it goes on after the name and ends once.
    for (const { reason } of set.leftOut) expect(reason).toMatch(/^(is|has|cannot)\b[^\n]*\.$/);
    for (const { read } of set.items) expect((await read()).data.length).toBeGreaterThan(0);
  });

  it('gives every picture an id that a file can have, whatever its name', async () => {
    const { items } = await open([mixed]);
    const long = items.filter(({ source }) => LONG.some((name) => source.endsWith(name)));
    expect(long).toHaveLength(2);
    expect(items.every(({ id }) => isFileName(`${id}.png.part`))).toBe(true);
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
  });

  it('changes no id of the others by how closely they are looked at, nor by which are asked for', async () => {
    const all = await open([mixed]);
    const quick = await open([mixed], { look: 'header' });
    // The damage inside shows only when it is decoded.
    expect(quick.items.filter(({ id }) => !all.items.some((one) => one.id === id)).map(({ source }) => source)).toEqual(
      ['mixed/cut.png', 'mixed/hollow.png', 'mixed/scan.ppm'].filter((name) => quick.items.some(({ source }) => source === name)),
    );
    const some = await open([mixed], { offset: 3, limit: 10 });
    expect(all.items.map(({ id, source }) => `${id} ${source}`)).toEqual(
      expect.arrayContaining(some.items.map(({ id, source }) => `${id} ${source}`)),
    );
    const ids = all.items.slice(4, 7).map(({ id }) => id);
    expect((await open([mixed], { only: new Set(ids) })).items.map(({ id }) => id)).toEqual(ids);
    expect((await open([mixed], { enough: 3 })).items.map(({ id }) => id)).toEqual(all.items.slice(0, 3).map(({ id }) => id));
  });

  it.skipIf(process.platform !== 'linux')('is taken as files, too, as a shell spells them out', { timeout: 60_000 }, async () => {
    const set = await open(readdirSync(mixed).map((name) => join(mixed, name)));
    expect(set.items).toHaveLength(30);
    const names = set.leftOut.map(({ source }) => source);
    for (const name of ['cut.png', 'empty.png', 'text.png', 'pipe.png', 'endless.png', 'vast.png', 'photo.heic', 'notes.txt', 'scan.ppm'])
      expect(names).toContain(name);
  });
});

describe('what is left out', () => {
  it('needs no label, while a picture that can be taken does', async () => {
    for (const name of ['a', 'b', 'c']) file(`labelled/${name}.png`, pixel(5));
    file('labelled/bad.png', '');
    const labels = file('labels.csv', 'file,label\na.png,0\nb.png,1\nc.png,2\nnowhere.png,1\n');
    const set = await open([join(folder, 'labelled')], { labels });
    expect([set.items.map(({ label }) => label), set.leftOut.length, set.warnings]).toEqual([[0, 1, 2], 1, []]);
    const short = file('short.csv', 'file,label\na.png,0\nb.png,1\n');
    expect((await open([join(folder, 'labelled')], { labels: short })).warnings).toEqual([
      expect.stringMatching(/^1 of 4 images have no label in .*, such as labelled\/c\.png:/),
    ]);
  });

  it('keeps its place in a list of labels, and its folder among the classes', async () => {
    for (const [name, level] of [
      ['0a', 1],
      ['1b', 2],
      ['3d', 4],
    ] as const)
      file(`listed/${name}.png`, pixel(level));
    file('listed/2c.png', 'no picture');
    const labels = file('list.txt', '7\n8\n9\n10\n');
    expect((await open([join(folder, 'listed')], { labels })).items.map(({ label }) => label)).toEqual([7, 8, 10]);
    for (const name of ['cat/a.png', 'dog/b.png']) file(`classes/${name}`, pixel(1));
    file('classes/cow/a.png', '');
    const set = await open([join(folder, 'classes')]);
    expect([set.classNames, set.items.map(({ label }) => label)]).toEqual([
      ['cat', 'cow', 'dog'],
      [0, 2],
    ]);
  });

  it('is told in one sentence when nothing is left', async () => {
    file('none/a.png', '');
    file('none/b.heic', Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic\0\0\0\0')]));
    for (const name of ['c', 'd', 'e']) file(`none/${name}.txt`, 'text');
    await expect(open([join(folder, 'none')])).rejects.toThrow(
      /^No image in \S+none can be taken: none\/a\.png is empty[^;]*; none\/b\.heic is a HEIC[^;]*; none\/c\.txt is text[^;]*; and 2 more\.$/,
    );
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'is what its user may not read, files and folders (root may read all)',
    async () => {
      file('shut/a.png', pixel(1));
      const [inner, b] = [file('shut/inner/c.png', pixel(1)), file('shut/b.png', pixel(2))];
      for (const path of [dirname(inner), b]) chmodSync(path, 0);
      const { items, leftOut } = await open([join(folder, 'shut')]);
      chmodSync(dirname(inner), 0o700);
      expect(items.map(({ source }) => source)).toEqual(['shut/a.png']);
      expect(leftOut.map(({ source, reason }) => [source, /EACCES/.test(reason)])).toEqual([
        ['shut/b.png', true],
        ['shut/inner', true],
      ]);
    },
  );
});

describe('a sample of a set with bad files', () => {
  const names = Array.from({ length: 30 }, (_, i) => `s${String(i).padStart(2, '0')}`);
  const bad = new Set(['s01', 's04', 's05', 's11', 's17', 's23', 's28', 's29']);
  for (const name of names) file(`drawn/${name < 's15' ? 'a' : 'b'}/${name}.png`, bad.has(name) ? new Uint8Array(0) : pixel(9));
  const drawn = join(folder, 'drawn');
  const nameOf = (source: string): string => source.slice(-7, -4);

  it('has as many as were asked for, whatever is bad, and counts the readable ones alone', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const set = await open([drawn], { sample: { size: 15, seed } });
      expect(set.items).toHaveLength(15);
      expect(new Set(set.items.map(({ id }) => id)).size).toBe(15);
      expect(set.items.some(({ source }) => bad.has(nameOf(source)))).toBe(false);
      expect([set.total, set.drawn!.of, set.leftOut.length]).toEqual([22, 22, 8]);
      expect((await open([drawn], { sample: { size: 15, seed }, enough: 3 })).items.map(({ id }) => id)).toEqual(
        set.items.slice(0, 3).map(({ id }) => id),
      );
      const ids = set.items.slice(2, 5).map(({ id }) => id);
      expect((await open([drawn], { sample: { size: 15, seed }, only: new Set(ids) })).items.map(({ id }) => id)).toEqual(ids);
    }
  });

  it('is all that can be read where no more is asked for, and then nothing is drawn', async () => {
    for (const size of [22, 25, 29]) {
      const set = await open([drawn], { sample: { size, seed: 3 } });
      expect([set.items.length, set.total, set.drawn!.of, set.leftOut.length]).toEqual([22, 22, 22, 8]);
    }
    // Of a small sample only as many are looked at as it takes.
    const small = await open([drawn], { sample: { size: 4, seed: 3 } });
    expect([small.items.length, small.total, small.drawn!.of]).toEqual([4, 30 - small.leftOut.length, 30 - small.leftOut.length]);
  });
});
