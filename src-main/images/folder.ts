import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { firstBytes } from './bytes.ts';
import { CIFAR10_RECORD } from './cifar.ts';
import { codeUnits, naturalOrder } from './naturalOrder.ts';
import { fileSource } from './pictureFiles.ts';
import { isPicture, namedLikePicture, sniff } from './sniff.ts';
import type { Source } from './source.ts';

/**
 * The pictures of a folder and of the folders in it, in natural order of their paths. Hidden files are left out; so is
 * what neither is a picture nor is named like one.
 *
 * When all pictures lie in two or more sub-folders, these are the classes: labels are the positions in the names
 * sorted by code unit, as torchvision's ImageFolder counts, or, when every name is a whole number, that number.
 * @throws UserError when there is no picture.
 */
export async function folderSource(folder: string): Promise<Source> {
  const top = basename(resolve(folder));
  const { files, folders, others } = await walk(folder);
  if (files.length === 0) throw new UserError(await nothingIn(folder, others));
  files.sort(naturalOrder);
  const source = fileSource(files.map((file) => ({ path: join(folder, file), name: `${top}/${file}` })));
  const classes = folders.filter((name) => !name.includes('/'));
  const numbered = classes.every((name) => /^\d+$/.test(name));
  const direct = files.some((file) => !file.includes('/'));
  if (direct || classes.length === 0 || (classes.length === 1 && !numbered)) {
    const mixed = direct && classes.some((name) => files.some((file) => file.startsWith(`${name}/`)));
    return mixed ? { ...source, labelNote: `${top} holds pictures beside its sub-folders, so these were not taken for classes.` } : source;
  }
  classes.sort(codeUnits);
  const classOf = new Map(classes.map((name, i) => [name, numbered ? Number(name) : i]));
  const labels = files.map((file) => classOf.get(file.slice(0, file.indexOf('/')))!);
  const empty = classes.filter((name) => !files.some((file) => file.startsWith(`${name}/`)));
  const labelNote = empty.length > 0 ? `${top}: the sub-folder ${empty[0]} holds no picture, but was counted as a class.` : undefined;
  return { ...source, labels, classNames: numbered ? null : classes, labelNote };
}

interface Walked {
  /** Relative paths with / between names. */
  files: string[];
  folders: string[];
  others: string[];
}

async function walk(folder: string): Promise<Walked> {
  const found: Walked = { files: [], folders: [], others: [] };
  const seen = new Set<string>();
  const visit = async (relative: string): Promise<void> => {
    const here = join(folder, relative);
    // A link to a folder above would go round for ever.
    const real = await realpath(here);
    if (seen.has(real)) return;
    seen.add(real);
    for (const name of await readdir(here)) {
      if (name.startsWith('.') || name === '__MACOSX') continue;
      const path = relative ? `${relative}/${name}` : name;
      const facts = await stat(join(folder, path)).catch(() => null);
      if (facts?.isDirectory()) {
        found.folders.push(path);
        await visit(path);
      } else if (facts?.isFile()) {
        const picture = namedLikePicture(name) || (await isPictureFile(join(folder, path)));
        (picture ? found.files : found.others).push(path);
      }
    }
  };
  await visit('');
  return found;
}

async function isPictureFile(path: string): Promise<boolean> {
  return isPicture(sniff((await firstBytes(path)).start));
}

async function nothingIn(folder: string, others: string[]): Promise<string> {
  for (const other of others) {
    const { start, size } = await firstBytes(join(folder, other));
    const data = ['gzip', 'npy', 'idx'].includes(sniff(start) ?? '') || (size > 0 && size % CIFAR10_RECORD === 0);
    if (data) return `${folder} holds no pictures, but files such as ${other}, which may be a data set: give that file itself.`;
  }
  return `${folder} holds no pictures: give a folder with PNG or JPEG files, or a data set file.`;
}
