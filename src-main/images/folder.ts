import { basename, join, resolve } from 'node:path';
import { firstBytes } from './bytes.ts';
import { CIFAR10_RECORD } from './cifar.ts';
import { DATA_SET, FOREIGN_BYTES, foreign } from './foreign.ts';
import { refused } from './leftOut.ts';
import type { Refused } from './leftOut.ts';
import { codeUnits, naturalSort } from './naturalOrder.ts';
import { fileSource } from './pictureFiles.ts';
import { isPicture, namedLikePicture, sniff } from './sniff.ts';
import type { Source } from './source.ts';
import { walk } from './walk.ts';

/**
 * The pictures of a folder and of the folders in it, in natural order of their paths, or null where there is none; and what lies
 * beside them and is no picture, each with its reason. Hidden files are left out without a word.
 *
 * When all pictures lie in two or more sub-folders, these are the classes: labels are the positions in the names
 * sorted by code unit, as torchvision's ImageFolder counts, or, when every name is a whole number, that number.
 * @throws UserError when the folder cannot be read.
 */
export async function folderSource(folder: string): Promise<{ source: Source | null; leftOut: Refused[] }> {
  const top = basename(resolve(folder));
  const walked = await walk(folder);
  const pictures: string[] = [];
  const out = new Map(walked.others.map(({ path, reason }) => [path, reason]));
  for (const file of walked.files) {
    const why = namedLikePicture(file) ? null : await whyNot(join(folder, file));
    if (why === null) pictures.push(file);
    else out.set(file, why);
  }
  const within = new Set(pictures.flatMap(foldersAbove));
  // Such a folder is meant as a picture, and is no class.
  const hollow = walked.folders.filter((name) => namedLikePicture(name) && !within.has(name));
  for (const name of hollow) out.set(name, 'is a folder, not a picture, and holds none.');
  const leftOut = naturalSort([...out], ([path]) => path).map(([path, reason]) => ({ path: join(folder, path), source: `${top}/${path}`, reason }));
  if (pictures.length === 0) return { source: null, leftOut: [...nothingIn(folder, top, leftOut), ...leftOut] };
  return { source: labelled(top, folder, naturalSort(pictures, (file) => file), walked.folders.filter((name) => !hollow.includes(name))), leftOut };
}

/** Pictures with the labels that their sub-folders give, if these are classes. */
function labelled(top: string, folder: string, files: string[], folders: string[]): Source {
  const source = fileSource(files.map((file) => ({ path: join(folder, file), name: `${top}/${file}` })));
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

/** All folders on the way to a file. */
function foldersAbove(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** Why a file that is not named like a picture is none; null where it is one. */
async function whyNot(path: string): Promise<string | null> {
  try {
    const { start, size } = await firstBytes(path, FOREIGN_BYTES);
    if (isPicture(sniff(start))) return null;
    return size > 0 && size % CIFAR10_RECORD === 0 ? DATA_SET : foreign(start, size);
  } catch (error) {
    return refused(error, path, path).reason;
  }
}

/** Of a folder as such: that it is empty, or that it may be a data set's. */
function nothingIn(folder: string, top: string, others: Refused[]): Refused[] {
  const data = others.find(({ reason }) => reason === DATA_SET);
  if (data) return [{ path: folder, source: top, reason: `holds no pictures, but files such as ${data.source.slice(top.length + 1)}, which may be a data set: give that file itself.` }];
  return others.length > 0 ? [] : [{ path: folder, source: top, reason: 'holds no pictures: give a folder with PNG or JPEG files, or a data set file.' }];
}
