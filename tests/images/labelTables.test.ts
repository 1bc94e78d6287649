import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openImages } from '../../src-main/images/index.ts';
import type { ImageSet, OpenRequest } from '../../src-main/images/index.ts';
import { png, scratch } from './files.ts';

const { folder, file } = scratch();
for (const name of ['a.png', 'sub/b.png', 'sub/c.png']) file(`set/${name}`, png(1, 1, 8, 0, [[0]]));
let made = 0;
const set = (content: string, more: Partial<OpenRequest> = {}): Promise<ImageSet> =>
  openImages({ paths: [join(folder, 'set')], labels: file(`labels-${made++}.csv`, content), offset: 0, limit: null, ...more });
const labels = async (content: string, more: Partial<OpenRequest> = {}): Promise<(number | null)[]> =>
  (await set(content, more)).items.map((item) => item.label);
const fails = (content: string, message: RegExp, more: Partial<OpenRequest> = {}): Promise<void> =>
  expect(set(content, more)).rejects.toEqual(
    expect.objectContaining({ name: 'UserError', message: expect.stringMatching(message) as unknown }),
  );

describe('a column for each class', () => {
  const table = 'image,melanoma,nevus,other\nb,0.0,1.0,0.0\nc,1.0,0.0,0.0\na,0.0,0.0,1.0\n';

  it("is matched to the model's names", async () => {
    const found = await set(table, { classNames: ['other', 'Melanoma', 'benign', 'nevus, mole'], classes: 4 });
    expect([found.items.map(({ label }) => label), found.warnings]).toEqual([[0, 3, 1], []]);
  });

  it('goes by order without names, said; and is refused where there are more or fewer', async () => {
    const found = await set(table, { classes: 3 });
    expect([found.items.map(({ label }) => label), found.warnings]).toEqual([
      [2, 1, 0],
      [expect.stringMatching(/3 columns of .* by their order, which is a guess/)],
    ]);
    await fails(table, /has 3 columns \("melanoma", "nevus", "other"\), but the model has 4 classes/, { classes: 4 });
    await fails(table, /None of the 3 columns/, { classNames: ['w', 'x', 'y', 'z'], classes: 4 });
  });

  it.each([
    ['no first line, a semicolon', 'a.png;0;0;1\nb.png;1;0;0\nc.png;0;1;0\n', [2, 0, 1]],
    ['no pictures: in order', 'p,q,r\n0,0,1\n1,0,0\n0,1,0\n', [2, 0, 1]],
    ['the picture last, another column between', 'p,q,age,file\n0,1,40,a.png\n1,0,35,b.png\n0,1,71,c.png\n', [1, 0, 1]],
  ])('may have %s', async (_, content, expected) => {
    expect(await labels(content)).toEqual(expected);
  });

  it('leaves a picture of zeros without label, and refuses one of several classes', async () => {
    const zeros = await set('image,p,q\na,0,0\nb,1,0\nc,0,1\n');
    expect([zeros.items.map(({ label }) => label), zeros.warnings]).toEqual([
      [null, 0, 1],
      [expect.stringMatching(/^1 of 3 images have no label in .*such as set\/a\.png/)],
    ]);
    await fails('image,cataract,glaucoma,normal\na,1,1,0\nb,0,0,1\nc,0,0,1\n', /gives a several classes at once \(cataract, glaucoma\)/);
  });

  it('is no column of 0 and 1 beside a label', async () => {
    expect(await labels('file,train,label,flip\na.png,1,5,0\nb.png,0,6,1\nc.png,1,7,1\n')).toEqual([5, 6, 7]);
    await fails('image,age,sex\na,40,1\nb,30,0\nc,20,1\n', /has 3 columns \(image, age, sex\), none of them called label/);
  });
});

describe('paths of another machine', () => {
  it.each([
    ['Windows', 'C:\\data\\x\\a.png,5\nC:\\data\\x\\b.png,6\nC:\\data\\x\\c.png,7\n'],
    ['another home', 'file,label\n/home/me/train/c.png,7\n/home/me/train/a.png,5\n/home/me/train/b.png,6\n'],
    ['another folder, no extensions', 'test/a,5\ntest/b,6\ntest/c,7\n'],
    ['addresses', 'https://example.org/p/a.png,5\nhttps://example.org/p/b.png,6\nhttps://example.org/p/c.png,7\n'],
  ])('%s: are matched by what is unique at their end, said', async (_, content) => {
    const found = await set(content);
    expect([found.items.map(({ label }) => label), found.warnings]).toEqual([
      [5, 6, 7],
      [expect.stringMatching(/names its pictures in another folder \(.*a(\.png)?\), so they were matched .* set\/a\.png/)],
    ]);
  });

  it('are told apart by their folders where names come twice', async () => {
    for (const name of ['x/p.png', 'y/p.png']) file(`twins/${name}`, png(1, 1, 8, 0, [[0]]));
    const paths = [join(folder, 'twins')];
    expect(await labels('/home/me/y/p.png,2\n/home/me/x/p.png,1\n', { paths })).toEqual([1, 2]);
    await fails(
      '/home/me/1/p.png,2\n/home/me/2/p.png,1\n',
      /names both \/home\/me\/1\/p\.png and \/home\/me\/2\/p\.png, and twins\/x\/p\.png may be either/,
      { paths },
    );
    await fails('/home/me/1/p.png,2\n/home/me/2/q.png,1\n', /which may be twins\/x\/p\.png or twins\/y\/p\.png/, { paths });
  });

  it('that have nothing in common with the images are refused with an entry of both', async () => {
    await fails(
      'cat1.png,1\ncat2.png,1\n',
      /holds 2 labels, but none for any of the 3 images: it names cat1\.png, and there is set\/a\.png/,
    );
  });
});

it('a table that lacks some pictures leaves these without label, said', async () => {
  const found = await set('file,label\na.png,1\nc.png,0\n');
  expect([found.items.map(({ label }) => label), found.warnings]).toEqual([
    [1, null, 0],
    [expect.stringMatching(/^1 of 3 images have no label in .*, such as set\/sub\/b\.png: they count as without label\.$/)],
  ]);
});

it('labels that are the numbers classes are called by are these classes', async () => {
  expect(await labels('90\n0\n270\n', { classNames: ['0', '180', '270', '90'], classes: 4 })).toEqual([3, 0, 2]);
  await fails('90\n1\n270\n', /label 270/, { classNames: ['0', '180', '270', '90'], classes: 4 });
});

it.each([['Width;Height;ClassId;Path'], ['lesion,age,dx,image_id'], ['x,y2,Category,File_Name']])(
  'columns may be called %s',
  async (head) => {
    const [mark] = head.match(/[;,]/)!;
    expect(await labels([head, '1,2,5,a.png', '1,2,6,b.png', '1,2,7,c.png'].map((line) => line.replaceAll(',', mark!)).join('\n'))).toEqual(
      [5, 6, 7],
    );
  },
);

describe('a table of numbers and names of classes', () => {
  const table = 'file,class_id,class_name\na.png,5,cat\nb.png,9,ant\nc.png,5,cat\n';
  const of = async (content: string, more: Partial<OpenRequest>) => {
    const found = await set(content, more);
    return [found.items.map(({ label }) => label), found.warnings];
  };

  it('goes by the names where all are of the model, and says where the numbers say another class', async () => {
    const names = { classNames: ['ant', 'bee', 'cat'], classes: 3 };
    expect(await of(table, names)).toEqual([
      [2, 0, 2],
      [expect.stringMatching(/for 3 of 3 images they say another class of the model: the names were taken/)],
    ]);
    // One after the other, whichever comes first, and numbers that count from 1.
    expect(await of('file,label,class\na,3,cat\nb,1,ant\nc,3,cat\n', names)).toEqual([[2, 0, 2], []]);
    expect(await of('class,label\ncat,2\nant,0\nbee,1\n', names)).toEqual([[2, 0, 1], []]);
  });

  it('goes by the numbers where the names are others, or none are known', async () => {
    const ids = table.replaceAll('9', '0').replaceAll('5', '1');
    expect(await of(ids, { classNames: ['x', 'y'], classes: 2 })).toEqual([[1, 0, 1], []]);
    expect(await of(ids, { classes: 2 })).toEqual([[1, 0, 1], []]);
    expect(await of('file,class,class_id\na,cat,1\nb,ant,0\nc,cat,1\n', { classes: 2 })).toEqual([[1, 0, 1], []]);
    expect(await of(ids, { classNames: ['x', 'cat'], classes: 2 })).toEqual([
      [1, 0, 1],
      [expect.stringMatching(/"ant" is not among the model's class names, so its numbers were taken/)],
    ]);
  });
});

it('a picture with two labels is refused by its name, and one that is named twice alike is not', async () => {
  await fails(
    'file,label\na.png,1\nb.png,0\n./a.png,2\nc.png,0\n',
    /gives (\.\/)?a\.png several labels, 1 and 2: leave the right one in the table/,
  );
  expect(await labels('file,label\na.png,1\nb.png,0\na.png,1\nc.png,0\nother.png,1\nother.png,2\n')).toEqual([1, 0, 0]);
});
