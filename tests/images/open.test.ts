import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openImages } from '../../src-main/images/index.ts';
import type { ImageSet, OpenRequest } from '../../src-main/images/index.ts';
import { idx, noise, npy, png, scratch } from './files.ts';

const { folder, file } = scratch();
const open = (paths: string[], more: Partial<OpenRequest> = {}): Promise<ImageSet> =>
  openImages({ paths, labels: null, offset: 0, limit: null, ...more });
const fails = (promise: Promise<unknown>, message: string | RegExp): Promise<void> =>
  expect(promise).rejects.toEqual(expect.objectContaining({ name: 'UserError', message: expect.stringMatching(message) as unknown }));
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const float32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const pixel = (level: number): Uint8Array => png(1, 1, 8, 0, [[level]]);
/** First value of every image. */
const firsts = async ({ items }: ImageSet): Promise<number[]> => Promise.all(items.map(async (item) => (await item.read()).data[0]!));

describe('folders and files', () => {
  it('takes pictures by content, in natural order, without hidden files and notes', async () => {
    for (const n of [10, 9, 1]) file(`plain/p${n}.png`, pixel(n));
    file('plain/no-extension', pixel(77));
    file('plain/.hidden.png', pixel(1));
    file('plain/notes.txt', 'hello');
    const set = await open([join(folder, 'plain')]);
    expect(set.items.map((i) => i.source)).toEqual(['plain/no-extension', 'plain/p1.png', 'plain/p9.png', 'plain/p10.png']);
    expect(await firsts(set)).toEqual([77, 1, 9, 10]);
    expect(set).toMatchObject({ total: 4, classNames: null, warnings: [] });
    expect(set.items[1]).toMatchObject({ id: '00001-p1', width: 1, height: 1, channels: 1, label: null });
  });

  it('gives ids that do not depend on offset and limit and are safe as file names', async () => {
    file('odd/a b:c"ü.png', pixel(1));
    file('odd/....png', pixel(2));
    const all = await open([join(folder, 'odd'), join(folder, 'plain')]);
    for (const { id } of all.items) expect(id).toMatch(/^\d{5}-[A-Za-z0-9_-]+$/);
    expect(new Set(all.items.map((i) => i.id)).size).toBe(all.total);
    const some = await open([join(folder, 'odd'), join(folder, 'plain')], { offset: 2, limit: 2 });
    expect(some.items.map((i) => i.id)).toEqual(all.items.slice(2, 4).map((i) => i.id));
    expect(some.total).toBe(all.total);
  });

  it('takes sub-folders for classes, by code unit', async () => {
    for (const [name, level] of [
      ['cat/x.png', 1],
      ['Dog/y.png', 2],
      ['ant/deep/z.png', 3],
    ] as const)
      file(`zoo/${name}`, pixel(level));
    const set = await open([join(folder, 'zoo')]);
    expect(set.classNames).toEqual(['Dog', 'ant', 'cat']);
    const labels = Object.fromEntries(set.items.map((i) => [i.source, i.label]));
    expect(labels).toEqual({ 'zoo/Dog/y.png': 0, 'zoo/ant/deep/z.png': 1, 'zoo/cat/x.png': 2 });
    const named = await open([join(folder, 'zoo')], { classNames: ['ant', 'bee', 'cat', 'dog'] });
    expect(named.items.map((i) => i.label)).toEqual([3, 0, 2]);
    const other = await open([join(folder, 'zoo')], { classNames: ['ant', 'bee', 'cow'] });
    expect(other.warnings[0]).toContain('"Dog", "cat"');
    expect(other.items.map((i) => i.label)).toEqual([null, 0, null]);
    await fails(open([join(folder, 'zoo')], { classes: 2 }), '3 class folders .*but the model has 2 classes');
  });

  it('takes sub-folders that are numbers for these classes', async () => {
    for (const n of [0, 2, 10]) file(`digits/${n}/a.png`, pixel(n));
    const set = await open([join(folder, 'digits')]);
    expect(set.classNames).toBeNull();
    expect(await firsts(set)).toEqual(set.items.map((i) => i.label));
  });

  it('does not take one sub-folder, or sub-folders beside pictures, for classes', async () => {
    file('single/images/a.png', pixel(1));
    expect((await open([join(folder, 'single')])).items[0]!.label).toBeNull();
    file('mixed/a.png', pixel(1));
    file('mixed/b/c.png', pixel(1));
    const mixed = await open([join(folder, 'mixed')]);
    expect(mixed.items.map((i) => i.label)).toEqual([null, null]);
    expect(mixed.warnings[0]).toContain('not taken for classes');
  });

  it('counts an empty class and says so; two sets of other classes do not mix', async () => {
    file('gaps/b/a.png', pixel(1));
    file('gaps/c/a.png', pixel(1));
    mkdirSync(join(folder, 'gaps/a'));
    const set = await open([join(folder, 'gaps')]);
    expect(set.items.map((i) => i.label)).toEqual([1, 2]);
    expect(set.warnings[0]).toContain('sub-folder a holds no picture');
    await fails(open([join(folder, 'gaps'), join(folder, 'zoo')]), 'different class sub-folders');
  });

  it.skipIf(process.platform === 'win32')('does not run round a link to a folder above', async () => {
    file('loop/a.png', pixel(5));
    symlinkSync(join(folder, 'loop'), join(folder, 'loop/again'));
    expect((await open([join(folder, 'loop')])).total).toBe(1);
  });

  it('matches globs, absolute ones too, and prefers a path that exists', async () => {
    const set = await open([`${folder}/plain/p*.png`]);
    expect(await firsts(set)).toEqual([1, 9, 10]);
    expect((await open([`${folder}/{zoo,digits}/**/*.png`])).total).toBe(6);
    expect(await firsts(await open([file('odd [1].png', pixel(42))]))).toEqual([42]);
    await fails(open([`${folder}/*.webp`]), 'No file matches');
  });

  it('says when alpha was dropped', async () => {
    const set = await open([file('glass.png', png(1, 1, 8, 6, [[1, 2, 3, 4]])), join(folder, 'plain')]);
    expect(set.warnings).toEqual(['1 of 5 images have an alpha channel, which was dropped.']);
  });

  it('refuses what is missing, empty or no picture', async () => {
    await fails(open([join(folder, 'nowhere')]), 'does not exist');
    await fails(open([file('zero.png', '')]), /zero\.png is empty \(0 bytes\)/);
    await fails(open([file('text.png', 'hello, I am text')]), /text\.png is not a picture/);
    await fails(open([file('model.onnx', noise(1000))]), 'neither a picture');
    await fails(open([file('zero.bin', '')]), /zero\.bin is empty/);
    mkdirSync(join(folder, 'void'));
    await fails(open([join(folder, 'void')]), 'holds no pictures');
    file('hollow/set.npy', npy('|u1', [1, 1, 1], bytes(1)));
    await fails(open([join(folder, 'hollow')]), 'such as set.npy, which may be a data set');
    await fails(open([join(folder, 'plain')], { offset: 4 }), 'offset 4 leaves no image: there are 4');
    file('broken/a.png', pixel(1));
    file('broken/b.png', pixel(1).subarray(0, 20));
  });
});

describe('data set files', () => {
  it('reads IDX, packed or not, with its labels beside it', async () => {
    const data = noise(3 * 2 * 4);
    for (const [name, pack] of [
      ['t-images-idx3-ubyte', (b: Uint8Array) => b],
      ['z-images-idx3-ubyte.gz', gzipSync],
    ] as const) {
      const path = file(`mnist/${name}`, pack(idx([3, 2, 4], data)));
      const bare = await open([path]);
      expect(bare.items[0]!.label).toBeNull();
      file(`mnist/${name.replace('images-idx3', 'labels-idx1')}`, pack(idx([3], bytes(7, 0, 9))));
      const set = await open([path], { offset: 1, limit: 5 });
      expect(set.items.map((i) => [i.id, i.label])).toEqual([
        [`00001-${name[0]}`, 0],
        [`00002-${name[0]}`, 9],
      ]);
      expect(await set.items[0]!.read()).toEqual({ width: 4, height: 2, channels: 1, data: data.slice(8, 16) });
      expect(set.warnings[0]).toContain('beside it');
    }
    await fails(
      open([file('cut-idx', idx([3, 2, 4], data.subarray(1)))]),
      'asks for 40 bytes (3 x 2 x 4), but it has 39'.replace(/[()]/g, '\\$&'),
    );
    await fails(open([file('cut.gz', gzipSync(idx([3, 2, 4], data)).subarray(0, 30))]), 'truncated gzip');
  });

  it('reads CIFAR-10 and CIFAR-100 binaries', async () => {
    const ten = Buffer.concat([Buffer.of(3), noise(3072, 1), Buffer.of(9), noise(3072, 2)]);
    const set = await open([file('cifar/batch.bin', ten)]);
    expect(set.items.map((i) => [i.label, i.width, i.height, i.channels])).toEqual([
      [3, 32, 32, 3],
      [9, 32, 32, 3],
    ]);
    const second = await set.items[1]!.read();
    // Row 5, column 7: red, green and blue lie 1024 bytes apart in the record.
    const at = 3073 + 1 + 5 * 32 + 7;
    expect(Array.from(second.data.subarray((5 * 32 + 7) * 3, (5 * 32 + 7) * 3 + 3))).toEqual([ten[at], ten[at + 1024], ten[at + 2048]]);
    file('cifar/batches.meta.txt', `${'abcdefghij'.split('').join('\n')}\n\n`);
    expect((await open([join(folder, 'cifar/batch.bin')])).classNames).toEqual('abcdefghij'.split(''));
    const hundred = await open([file('cifar/c100.bin', Buffer.concat([Buffer.of(19, 99), noise(3072)]))]);
    expect(hundred.items[0]!.label).toBe(99);
    await fails(open([file('cifar/wrong.bin', Buffer.concat([Buffer.of(10), noise(3072)]))]), 'neither a picture');
  });

  it('reads .npy in every layout', async () => {
    const nhw = await open([file('a.npy', npy('|u1', [2, 3, 1], bytes(1, 2, 3, 4, 5, 6)))]);
    expect((await nhw.items[1]!.read()).data).toEqual(bytes(4, 5, 6));
    const nhwc = await open([file('b.npy', npy('|u1', [1, 1, 2, 3], bytes(1, 2, 3, 4, 5, 6)))]);
    expect(await nhwc.items[0]!.read()).toEqual({ width: 2, height: 1, channels: 3, data: bytes(1, 2, 3, 4, 5, 6) });
    const nchw = await open([file('c.npy', npy('|u1', [1, 3, 1, 2], bytes(1, 2, 3, 4, 5, 6)))]);
    expect(await nchw.items[0]!.read()).toEqual({ width: 2, height: 1, channels: 3, data: bytes(1, 3, 5, 2, 4, 6) });
    const one = await open([file('d.npy', npy('|u1', [1, 2, 3], bytes(1, 2, 3, 4, 5, 6)))]);
    expect(await one.items[0]!.read()).toMatchObject({ width: 2, height: 1, channels: 3 });
    await fails(open([file('e.npy', npy('|u1', [1, 2, 2, 4], noise(16)))]), 'shape 1x2x2x4');
    await fails(open([file('f.npy', npy('|u1', [2, 2], noise(4), true))]), 'Fortran order');
    await fails(open([file('g.npy', npy('|O', [2, 2], noise(4)))]), 'does not hold plain numbers');
  });

  it('takes floats for shares of 255 or for levels by their range over the whole file', async () => {
    const unit = await open([file('u.npy', npy('<f4', [2, 1, 2], float32(0, 1 / 255, 254 / 255, 1)))]);
    expect([unit.warnings, (await unit.items[0]!.read()).data, (await unit.items[1]!.read()).data]).toEqual([
      [],
      bytes(0, 1),
      bytes(254, 255),
    ]);
    const level = await open([file('l.npy', npy('<f4', [2, 1, 2], float32(0, 1, 200, 255)))]);
    expect([level.warnings, (await level.items[0]!.read()).data]).toEqual([[], bytes(0, 1)]);
    const between = await open([file('r.npy', npy('<f4', [1, 1, 2], float32(0.5, 0.25)))]);
    expect([between.warnings, (await between.items[0]!.read()).data]).toEqual([[expect.stringContaining('rounded')], bytes(128, 64)]);
    await fails(open([file('n.npy', npy('<f4', [1, 1, 2], float32(-0.42, 2.8)))]), 'values from -0.42 to 2.8');
    await fails(open([file('x.npy', npy('<f4', [1, 1, 2], float32(NaN, 0)))]), 'no numbers');
    const wide = await open([file('i.npy', npy('<i8', [1, 1, 2], new Uint8Array(BigInt64Array.of(0n, 1n).buffer)))]);
    expect((await wide.items[0]!.read()).data).toEqual(bytes(0, 1));
  });

  it('reads only what is asked for', async () => {
    // 40 pictures of 3 MB: opening and reading one must not take 120 MB.
    const size = 1024 * 1024 * 3;
    const path = file('large.npy', npy('|u1', [40, 1024, 1024, 3], new Uint8Array(40 * size)));
    const before = process.memoryUsage().arrayBuffers;
    const set = await open([path]);
    await set.items[39]!.read();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * size);
  });
});
