import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openImages } from '../../src-main/images/index.ts';
import type { OpenRequest } from '../../src-main/images/index.ts';
import { idx, npy, png, scratch } from './files.ts';

const { folder, file } = scratch();
for (const name of ['a.png', 'sub/b.png', 'sub/c.png']) file(`set/${name}`, png(1, 1, 8, 0, [[0]]));

let count = 0;
/** Labels that a file with this content gives the three pictures. */
async function labels(content: Uint8Array | string, more: Partial<OpenRequest> = {}): Promise<(number | null)[]> {
  return (await set(content, more)).items.map((item) => item.label);
}
const set = (content: Uint8Array | string, more: Partial<OpenRequest> = {}) =>
  openImages({ paths: [join(folder, 'set')], labels: file(`labels-${count++}`, content), offset: 0, limit: null, ...more });
const fails = (content: Uint8Array | string, message: string, more: Partial<OpenRequest> = {}): Promise<void> =>
  expect(set(content, more)).rejects.toEqual(
    expect.objectContaining({ name: 'UserError', message: expect.stringContaining(message) as unknown }),
  );

describe('a labels file', () => {
  it.each([
    ['a label a line', '5\n0\n7\n'],
    ['with a header, mark and Windows line ends', '\uFEFFlabel\r\n5\r\n0\r\n7\r\n'],
    ['name,label', 'c.png,7\na.png,5\nb.png,0\n'],
    ['name;label with a header', 'picture;label\n'.replace('picture', 'file') + 'sub/c.png;7\na.png;5\nset/sub/b.png;0\n'],
    ['label and name, tabs, quotes', '5\t"a.png"\n0\tb.png\n7\tc.png\n'],
    ['name and label with a space', 'a.png 5\nb.png 0\nc.png 7\n'],
    ['many columns, named', 'index,wnid,name,file\n7,n3,dog,c.png\n5,n1,"cat, tabby",a.png\n0,n2,ant,b.png\n'],
    ['names without extension', 'id,class\na,5\nb,0\nc,7\n'],
    ['a JSON array', '[5, 0, 7]'],
    ['a JSON map', '{"a.png": 5, "sub\\\\b.png": "0", "c": 7}'],
    ['a JSON list of objects', '[{"file": "c.png", "label": 7}, {"file": "a.png", "label": 5}, {"file": "b.png", "label": 0}]'],
    ['an object a line', '{"file_name": "c.png", "label": 7}\n{"file_name": "a.png", "label": "5"}\n{"file_name": "b.png", "label": 0}\n'],
    ['IDX', idx([3], Uint8Array.of(5, 0, 7))],
    ['IDX.gz', gzipSync(idx([3], Uint8Array.of(5, 0, 7)))],
    ['int64 .npy', npy('<i8', [3], new Uint8Array(BigInt64Array.of(5n, 0n, 7n).buffer))],
    ['int32 .npy, a column', npy('<i4', [3, 1], new Uint8Array(Int32Array.of(5, 0, 7).buffer))],
  ])('%s', async (_, content) => {
    expect(await labels(content)).toEqual([5, 0, 7]);
    expect(await labels(content, { offset: 1, limit: 1 })).toEqual([0]);
  });

  it('may hold class names', async () => {
    expect(await labels('dog\nGreat_White Shark\ndog\n', { classNames: ['cat', 'great white shark', 'dog'] })).toEqual([2, 1, 2]);
    await fails('dog\ncat\nemu\n', '"emu", which is not among the 2 class names', { classNames: ['cat', 'dog'] });
    await fails('dog\ncat\nemu\n', '"dog", which is no number');
  });

  it('of the wrong length is refused with both counts', async () => {
    await fails('1\n2\n', '2 labels, but there are 3 images');
    await fails('1\n2\n3\n4\n', '4 labels, but there are 3 images');
  });

  it('that counts from 1 is moved only when it can mean nothing else', async () => {
    const moved = await set('1\n3\n2\n', { classes: 3 });
    expect(moved.items.map((i) => i.label)).toEqual([0, 2, 1]);
    expect(moved.warnings).toEqual([expect.stringContaining('count from 1')]);
    expect(await labels('1\n2\n1\n', { classes: 3 })).toEqual([1, 2, 1]);
    await fails('0\n3\n1\n', 'label 3, but the model has 3 classes', { classes: 3 });
    await fails('0\n-1\n1\n', 'label -1');
    await fails('1\n-1\n1\n', 'leave pictures out of it that have no class', { classes: 3 });
  });

  it('of -1 and 1 is of the two classes of a model that has two, said', async () => {
    const set = await openImages({
      paths: [join(folder, 'set')],
      labels: file('signs.csv', 'label\n1\n-1\n1\n'),
      offset: 0,
      limit: null,
      classes: 2,
    });
    expect([set.items.map(({ label }) => label), set.warnings]).toEqual([[1, 0, 1], [expect.stringMatching(/-1 was taken for class 0/)]]);
  });

  it('may be in UTF-16 with tabs, as Excel writes its Unicode text', async () => {
    const names = { classNames: ['Küche', 'Bad'], classes: 2 };
    const text = Buffer.from('\uFEFFlabel\r\nBad\r\nKüche\r\nBad\r\n', 'utf16le');
    const set = { paths: [join(folder, 'set')], offset: 0, limit: null, ...names };
    const { items } = await openImages({ ...set, labels: file('excel.txt', text) });
    expect(items.map(({ label }) => label)).toEqual([1, 0, 1]);
  });

  it('that cannot be read says why', async () => {
    await fails('', 'is empty');
    await fails('[1, 2', 'not valid JSON');
    await fails('{"a": 1.5}', '1.5');
    await fails('a,1\nb,2,3\nc,4\n', '3 columns in line 2, but 2 in the first');
    await fails('a,b,1\nc,d,2\ne,f,3\n', 'name them in a first line');
    await fails(png(1, 1, 8, 0, [[0]]), 'no labels file but a PNG file');
    await fails(npy('<f4', [3], new Uint8Array(Float32Array.of(0.5, 1, 2).buffer)), 'not whole');
    await expect(openImages({ paths: [join(folder, 'set')], labels: join(folder, 'none.txt'), offset: 0, limit: null })).rejects.toThrow(
      'cannot be read (ENOENT)',
    );
  });

  it('does not guess between pictures of one name', async () => {
    file('twins/x/p.png', png(1, 1, 8, 0, [[0]]));
    file('twins/y/p.png', png(1, 1, 8, 0, [[0]]));
    const twins = { paths: [join(folder, 'twins')] };
    await fails('p.png,1\nq.png,2\n', 'which may be twins/x/p.png or twins/y/p.png', twins);
    expect(await labels('x/p.png,1\ny/p.png,2\n', twins)).toEqual([1, 2]);
  });
});

it('refuses what is no label of a whole picture, and letters that are lost, by name', async () => {
  await fails('{"images": [], "annotations": [], "categories": []}', 'is one of COCO, whose boxes are no label of a whole picture');
  await fails(Buffer.from('a.png;gr\u00fcn\n', 'latin1'), 'is not in UTF-8');
});
