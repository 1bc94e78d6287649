import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nameClasses, relabel } from '../../src-main/engine/byHand.ts';
import { openImages } from '../../src-main/images/index.ts';
import { readClassNames } from '../../src-main/model/labels.ts';
import { classChoices, classFrom } from '../../src-renderer/logic/labels.ts';
import { IMAGES } from '../cli/hairline.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hairline-by-hand-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const set = { paths: [IMAGES], labels: null as string | null, classNames: null };
const open = (labels: string | null, limit: number | null = null) => openImages({ ...set, labels, offset: 0, limit });

describe('labels set by hand', () => {
  it('stand beside those of the class folders, are counted, and never change a file that is there', async () => {
    const before = (await open(null)).items.map(({ label }) => label);
    const first = await relabel(set, 1, 7, folder);
    const then = readFileSync(first, 'utf8');
    const second = await relabel({ ...set, labels: first }, 2, null, folder);
    const third = await relabel({ ...set, labels: second }, 1, 8, folder);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(readFileSync(first, 'utf8')).toBe(then);
    const { items, warnings } = await open(third);
    expect(items.map(({ label }) => label)).toEqual(before.with(1, 8).with(2, null));
    expect(warnings).toEqual([`2 of ${before.length} labels were set by hand.`, `1 of ${before.length} images have no label.`]);
    // The same labels are the same file: what a plan names stays.
    expect(await relabel(set, 1, 7, folder)).toBe(first);
  });

  it('go on from a label file, and are refused for an image that is not there', async () => {
    const file = join(folder, 'all-nine.txt');
    const total = (await open(null, 1)).total;
    writeFileSync(file, '9\n'.repeat(total));
    const made = await relabel({ ...set, labels: file }, 0, 3, folder);
    expect((await open(made, 2)).items.map(({ label }) => label)).toEqual([3, 9]);
    await expect(relabel(set, total, 0, folder)).rejects.toThrow(`There is no image ${total} to label: there are ${total}.`);
  });
});

it('keeps class names with commas and leading numbers as they are, and counts them', async () => {
  const names = ['tench, Tinca tinca', '3 cats', 'dog'];
  const file = await nameClasses(`${names.join('\n')}\n\n`, 3, folder);
  expect(await readClassNames(file, 3)).toEqual(names);
  await expect(nameClasses('a\nb', 3, folder)).rejects.toThrow('The list holds 2 class names, but the model has 3 classes.');
  await expect(nameClasses(' \n', null, folder)).rejects.toThrow('holds no class names');
});

it('takes a class by its number, its name, or both', () => {
  const names = ['Cat', 'dog', '7'];
  expect(classChoices(names, 4)).toEqual(['0 Cat', '1 dog', '2 7', '3']);
  expect(['1', 'cat', '1 DOG', '3', ' 0 cat '].map((text) => classFrom(text, names, 4))).toEqual([1, 0, 1, 3, 0]);
  // A class that is called 7 is meant by its name; without any names a number is taken as it is.
  expect([classFrom('7', names, 4), classFrom('7', null, 0)]).toEqual([2, 7]);
  expect(['4', '-1', '1.5', 'bird', ''].map((text) => classFrom(text, names, 4))).toEqual([null, null, null, null, null]);
});
