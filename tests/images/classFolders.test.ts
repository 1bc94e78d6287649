import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openImages } from '../../src-main/images/index.ts';
import type { ImageSet, OpenRequest } from '../../src-main/images/index.ts';
import { png, scratch } from './files.ts';

const { folder, file } = scratch();
/** A folder of class folders with a picture each, whose grey level is its place in the list. */
function classes(root: string, names: string[]): string {
  names.forEach((name, i) => file(`${root}/${name}/p.png`, png(1, 1, 8, 0, [[i]])));
  return join(folder, root);
}
const open = (path: string, more: Partial<OpenRequest>): Promise<ImageSet> =>
  openImages({ paths: [path], labels: null, offset: 0, limit: null, ...more });
const fails = (promise: Promise<unknown>, message: RegExp): Promise<void> =>
  expect(promise).rejects.toEqual(expect.objectContaining({ name: 'UserError', message: expect.stringMatching(message) as unknown }));
/** The label of each picture, by the place of its folder in the list it was made from. */
async function labels({ items }: ImageSet): Promise<(number | null)[]> {
  const found: (number | null)[] = [];
  for (const item of items) found[(await item.read()).data[0]!] = item.label;
  return found;
}

describe('class folders of a model whose classes have names', () => {
  it.each<[string, string[], string[], string[] | null, number[]]>([
    [
      'some of the classes, in any case and spelling',
      ['dog', 'Great_White-Shark'],
      ['ant', 'great white shark', 'cat', 'dog'],
      null,
      [3, 1],
    ],
    [
      'WordNet ids at the start of the names',
      ['n02102040', 'n01440764'],
      ['n01440764 tench, Tinca tinca', 'n01443537 goldfish', 'n02102040 spaniel'],
      null,
      [2, 0],
    ],
    [
      'WordNet ids beside the names, folders with a word behind them',
      ['n02102040-spaniel', 'n01440764_a_fish'],
      ['tench', 'goldfish', 'spaniel'],
      ['n01440764', 'n01443537', 'n02102040'],
      [2, 0],
    ],
    ['one synonym of several', ['dark', 'Tinca tinca'], ['tench, Tinca tinca', 'red', 'dark, black'], null, [2, 0]],
    ['several synonyms for one name', ['dark, black', 'red'], ['red', 'black'], null, [1, 0]],
    [
      'numbers before the names',
      ['002.Laysan_Albatross', '1_black footed albatross'],
      ['Black_footed_Albatross', '2 Laysan Albatross'],
      null,
      [1, 0],
    ],
    ['numbers that are the names', ['0', '180', '270', '90'], ['90', '0', '270', '180'], null, [1, 3, 2, 0]],
    ['numbers that are places', ['2', '0'], ['red', 'green', 'blue'], null, [2, 0]],
    ['accents as a Mac writes them', ['Ku\u0308che', 'й'.normalize('NFD')], ['й', 'K\u00fcche'], null, [1, 0]],
  ])('%s', async (name, own, classNames, classIds, expected) => {
    const set = await open(classes(`named ${name}`, own), { classNames, classIds, classes: classNames.length });
    expect([await labels(set), set.warnings]).toEqual([expected, []]);
  });

  it('does not take a word for a class that two classes share', async () => {
    const set = await open(classes('shared two', ['crane', 'heron']), {
      classNames: ['crane, bird', 'crane, machine', 'heron'],
      classes: 3,
    });
    expect([await labels(set), set.warnings[0]]).toEqual([
      [null, 2],
      expect.stringMatching(/"crane" of shared two is not among the model's class names/),
    ]);
  });

  it('leaves those without label that it does not find, whatever their order', async () => {
    const set = await open(classes('one stranger', ['blue', 'green', 'night', 'red']), {
      classNames: ['red', 'green', 'blue', 'dark'],
      classes: 4,
    });
    expect(await labels(set)).toEqual([2, 1, null, 0]);
    expect(set.warnings).toEqual([expect.stringContaining('"night"'), '1 of 4 images have no label.']);
  });

  it('refuses names of which none is known, and calls their order a guess where there are as many', async () => {
    const [three, four] = [classes('three', ['x', 'y', 'z']), classes('four', ['w', 'x', 'y', 'z'])];
    const names = { classNames: ['a', 'b', 'c', 'd'], classes: 4 };
    await fails(
      open(three, names),
      /^None of the 3 class folders of three \("x", "y", "z"\) is among the model's 4 class names: give the model's class names/,
    );
    const guess = await open(four, names);
    expect([await labels(guess), guess.warnings]).toEqual([
      [0, 1, 2, 3],
      [
        expect.stringMatching(
          /by their order, which is a guess: none of them is among the model's class names, so "w" is taken for class 0 \(a\)/,
        ),
      ],
    ]);
  });
});

describe('class folders of a model whose classes have no names', () => {
  it('are refused where there are more or fewer, never numbered in silence', async () => {
    const three = classes('fewer', ['a_red', 'c_blue', 'd_dark']);
    await fails(
      open(three, { classes: 4 }),
      /^fewer has 3 class folders \("a_red", "c_blue", "d_dark"\), but the model has 4 classes, so which is which cannot be told: give /,
    );
    await fails(open(three, { classes: 2 }), /3 class folders .* 2 classes/);
    // Without a model they count among themselves.
    expect(await labels(await open(three, {}))).toEqual([0, 1, 2]);
  });

  it('go by order where there are as many, which is called a guess', async () => {
    const set = await open(classes('as many', ['a', 'b', 'c']), { classes: 3 });
    expect([await labels(set), set.warnings]).toEqual([[0, 1, 2], [expect.stringMatching(/3 class folders of as many .* guess/)]]);
  });

  it('go by number where they are numbers that can be classes, else by order as text', async () => {
    expect(await labels(await open(classes('places', ['7', '00002']), { classes: 10 }))).toEqual([7, 2]);
    expect(await labels(await open(classes('from one', ['1', '2', '3']), { classes: 3 }))).toEqual([0, 1, 2]);
    const angles = await open(classes('angles', ['0', '180', '270', '90']), { classes: 4 });
    expect([await labels(angles), angles.warnings[0]]).toEqual([[0, 1, 2, 3], expect.stringContaining('guess')]);
    await fails(open(classes('beyond', ['3', '413']), { classes: 10 }), /2 class folders .* 10 classes/);
  });

  it('may count from 0 or from 1, which is said', async () => {
    const set = await open(classes('either', ['2', '3', '6']), { classes: 10 });
    expect([await labels(set), set.warnings]).toEqual([
      [2, 3, 6],
      [expect.stringMatching(/^The class folders of either are called 2 to 6, .* a guess: if 2 is the model's class 1, they count from 1/)],
    ]);
    expect((await open(classes('from nought', ['0', '6']), { classes: 10 })).warnings).toEqual([]);
  });

  it('of an audit that was begun before keep their numbers', async () => {
    const own = classes('before', ['ant', 'cat', 'Dog']);
    expect(await labels(await open(own, { classNames: ['ant', 'bee', 'cow'], classes: 3, foldersByOrder: true }))).toEqual([1, 2, 0]);
    expect(await labels(await open(own, { classes: 10, foldersByOrder: true }))).toEqual([1, 2, 0]);
  });
});

describe('folders of train, val and test', () => {
  it('are no classes: these are the folders inside, of all of them', async () => {
    const set = await open(classes('split', ['train/a_red', 'train/b_green', 'val/c_blue', 'val/d_dark', 'val/a_red']), {});
    expect([await labels(set), set.classNames]).toEqual([
      [0, 1, 2, 3, 0],
      ['a_red', 'b_green', 'c_blue', 'd_dark'],
    ]);
    expect(set.warnings).toEqual([
      'split holds train and val, which are parts of a data set and not classes: the folders inside were taken for the classes, and the pictures of all parts together; to audit one part, give its folder.',
    ]);
    // One part alone counts its own folders: levels 2 to 4 are c_blue, d_dark and a_red.
    expect((await labels(await open(join(folder, 'split/val'), {}))).slice(2)).toEqual([1, 2, 0]);
    expect(await labels(await open(classes('only', ['Test/cat', 'Test/dog']), {}))).toEqual([0, 1]);
  });

  it('give no label where the pictures lie in them directly', async () => {
    const set = await open(classes('flat', ['train', 'test']), { classes: 2 });
    expect([await labels(set), set.warnings[0]]).toEqual([
      [null, null],
      expect.stringMatching(/flat holds test and train, which are parts of a data set and not classes/),
    ]);
  });

  it('are found in a folder that only holds them, and so are class folders', async () => {
    const names = ['train/b_dog', 'test/a_cat'];
    for (const holder of ['data', 'images', 'anything', 'data/images']) {
      const root = classes(
        `hub ${holder.replace('/', ' ')}`,
        names.map((name) => `${holder}/${name}`),
      );
      const set = await open(root, {});
      expect([await labels(set), set.classNames]).toEqual([
        [1, 0],
        ['a_cat', 'b_dog'],
      ]);
      expect((await open(root, { foldersByOrder: true })).items.map(({ label }) => label)).toEqual([null, null]);
    }
    expect(await labels(await open(classes('only images', ['images/dog', 'images/cat']), {}))).toEqual([1, 0]);
    expect(await labels(await open(classes('inner', ['train/images/dog', 'val/images/cat']), {}))).toEqual([1, 0]);
    // A name that may be anything's is not looked into, but said.
    const one = await open(classes('pets', ['animals/dog', 'animals/cat']), { classes: 10 });
    expect([await labels(one), one.warnings]).toEqual([
      [null, null],
      ['All pictures of pets lie in animals, whose sub-folders (cat, dog) were not taken for classes: give animals itself where they are.'],
    ]);
  });

  it('are classes beside others', async () => {
    expect(await labels(await open(classes('vehicles', ['car', 'train']), {}))).toEqual([0, 1]);
  });
});
