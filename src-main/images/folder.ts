import { basename, join, resolve } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { firstBytes } from './bytes.ts';
import { CIFAR10_RECORD } from './cifar.ts';
import { codeUnits, naturalSort } from './naturalOrder.ts';
import { fileSource } from './pictureFiles.ts';
import { isPicture, namedLikePicture, sniff } from './sniff.ts';
import type { Source } from './source.ts';
import { walk } from './walk.ts';

/**
 * The pictures of a folder and of the folders in it, in natural order of their paths. Hidden files are left out; so is
 * what neither is a picture nor is named like one.
 *
 * When all pictures lie in two or more sub-folders, these are the classes: labels are the positions in the names
 * sorted by code unit, as torchvision's ImageFolder counts, or, when every name is a whole number, that number.
 * @throws UserError when there is no picture, or a folder in it cannot be read.
 */
export async function folderSource(folder: string): Promise<Source> {
  const top = basename(resolve(folder));
  const { folders, nameless, ...walked } = await walk(folder);
  const pictures: string[] = [];
  const others: string[] = [];
  for (const file of walked.files) (namedLikePicture(file) || (await isPictureFile(join(folder, file))) ? pictures : others).push(file);
  if (pictures.length === 0) throw new UserError(await nothingIn(folder, others));
  const files = naturalSort(pictures, (file) => file);
  const warnings = nameless > 0 ? [`${nameless} entries of ${top} were left out, for their names are not UTF-8: rename them.`] : [];
  const source = { ...fileSource(files.map((file) => ({ path: join(folder, file), name: `${top}/${file}` }))), warnings };
  const classes = folders.filter((name) => !name.includes('/'));
  const numbered = classes.every((name) => /^\d{1,15}$/.test(name));
  const direct = files.some((file) => !file.includes('/'));
  const filled = new Set(files.filter((file) => file.includes('/')).map(classOf));
  if (direct || classes.length === 0 || (classes.length === 1 && !numbered)) {
    const mixed = direct && filled.size > 0;
    return mixed ? { ...source, labelNote: `${top} holds pictures beside its sub-folders, so these were not taken for classes.` } : source;
  }
  classes.sort(codeUnits);
  const numbers = new Map(classes.map((name, i) => [name, numbered ? Number(name) : i]));
  const labels = files.map((file) => numbers.get(classOf(file))!);
  const empty = classes.find((name) => !filled.has(name));
  const labelNote = empty === undefined ? undefined : `${top}: the sub-folder ${empty} holds no picture, but was counted as a class.`;
  return { ...source, labels, classNames: numbered ? null : classes, labelNote };
}

/** The first folder on the way to a file. */
const classOf = (file: string): string => file.slice(0, file.indexOf('/'));

/** A file that cannot be read, and is not named like a picture, is none. */
async function isPictureFile(path: string): Promise<boolean> {
  const bytes = await firstBytes(path).catch(() => null);
  return bytes !== null && isPicture(sniff(bytes.start));
}

async function nothingIn(folder: string, others: string[]): Promise<string> {
  // A few tell enough.
  for (const other of others.slice(0, 1000)) {
    const { start, size } = await firstBytes(join(folder, other)).catch(() => ({ start: new Uint8Array(), size: 0 }));
    const data = ['gzip', 'npy', 'idx'].includes(sniff(start) ?? '') || (size > 0 && size % CIFAR10_RECORD === 0);
    if (data) return `${folder} holds no pictures, but files such as ${other}, which may be a data set: give that file itself.`;
  }
  return `${folder} holds no pictures: give a folder with PNG or JPEG files, or a data set file.`;
}
