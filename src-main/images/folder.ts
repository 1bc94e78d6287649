import { basename, join, resolve } from 'node:path';
import { firstBytes } from './bytes.ts';
import { CIFAR10_RECORD } from './cifar.ts';
import { DATA_SET, FOREIGN_BYTES, foreign } from './foreign.ts';
import { refused } from './leftOut.ts';
import type { Refused } from './leftOut.ts';
import { codeUnits, naturalSort } from './naturalOrder.ts';
import { fileSource } from './pictureFiles.ts';
import { areNumbers } from './places.ts';
import { isPicture, namedLikePicture, sniff } from './sniff.ts';
import type { Source } from './source.ts';
import { walk } from './walk.ts';

/**
 * The pictures of a folder and of the folders in it, in natural order of their paths, or null where there is none; and what lies
 * beside them and is no picture, each with its reason. Hidden files are left out without a word.
 *
 * When all pictures lie in two or more sub-folders, these are the classes: labels are the positions in the names
 * sorted by code unit, as torchvision's ImageFolder counts, or, when every name is a whole number, that number. Where the
 * sub-folders are parts of a data set (train, val, test), the classes are the folders inside them; likewise where all pictures lie in one
 * folder that only holds the others (data, images).
 * @param how.flat such a folder is not looked into, as before Hairline did
 * @throws UserError when the folder cannot be read.
 */
export async function folderSource(folder: string, how: FolderHow = {}): Promise<{ source: Source | null; leftOut: Refused[] }> {
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
  const leftOut = naturalSort([...out], ([path]) => path).map(([path, reason]) => ({
    path: join(folder, path),
    source: `${top}/${path}`,
    reason,
  }));
  if (pictures.length === 0) return { source: null, leftOut: [...nothingIn(folder, top, leftOut), ...leftOut] };
  return {
    source: labelled(
      top,
      folder,
      naturalSort(pictures, (file) => file),
      walked.folders.filter((name) => !hollow.includes(name)),
      how,
    ),
    leftOut,
  };
}

/** How the parts of a data set are called that models are trained and tested with. */
const PART = /^(train(ing)?|val(id(ation)?)?|test(ing)?|dev|eval(uation)?|holdout)([ _-]?(set|data|images|imgs))?$/i;

/** How folders are called that only hold others. */
const HOLDER = /^(data(sets?)?|images?|imgs?|pictures?|pics|photos?|jpe?gs?|pngs?)$/i;

/** How a folder's pictures are read: bits in use of 16, where somebody said so; and without looking into folders that only hold others. */
export interface FolderHow {
  bits?: number | undefined;
  flat?: boolean | undefined;
}

/** The folders that only hold those of classes or of a data set's parts, as the start of all paths: `data/`; else an empty text. */
function holderOf(files: readonly string[]): string {
  let holder = '';
  for (;;) {
    const below = files.map((file) => file.slice(holder.length).split('/'));
    const [outer, inner] = [0, 1].map((at) => [...new Set(below.map((names) => names[at]!))]) as [string[], string[]];
    if (outer.length > 1 || below.some(({ length }) => length < 3)) return holder;
    if (
      !(HOLDER.test(outer[0]!) && (inner.length > 1 || areNumbers(inner) || HOLDER.test(inner[0]!))) &&
      !inner.every((name) => PART.test(name))
    )
      return holder;
    holder += `${outer[0]!}/`;
  }
}

/** Pictures with the labels that their sub-folders give, if these are classes. */
function labelled(top: string, folder: string, all: string[], allFolders: string[], { bits, flat = false }: FolderHow): Source {
  const source = fileSource(
    all.map((file) => ({ path: join(folder, file), name: `${top}/${file}` })),
    bits,
  );
  const holder = flat ? '' : holderOf(all);
  const inside = (path: string): string => path.slice(holder.length);
  const files = all.map(inside);
  const folders = allFolders
    .filter((name) => name.startsWith(holder))
    .map(inside)
    .filter((name) => name !== '');
  const root = holder ? `${top}/${holder.slice(0, -1)}` : top;
  return { ...source, ...labelsIn(root, files, folders, flat) };
}

/** The labels that sub-folders give, and how they came about. */
function labelsIn(top: string, files: readonly string[], folders: readonly string[], flat: boolean): Partial<Source> {
  const direct = files.some((file) => !file.includes('/'));
  const outer = folders.filter((name) => !name.includes('/'));
  const parts = !direct && outer.length > 0 && outer.every((name) => PART.test(name));
  // A data set's parts are no classes: these are inside them.
  const held =
    !flat && parts && files.every((file) => file.split('/').length > 3) && new Set(files.map((file) => file.split('/')[1])).size === 1;
  const at = parts ? (held && HOLDER.test(files[0]!.split('/')[1]!) ? 2 : 1) : 0;
  const deep = files.every((file) => file.split('/').length > at + 1);
  const classes = [
    ...new Set(
      folders
        .map((name) => name.split('/'))
        .filter(({ length }) => length === at + 1)
        .map((names) => names[at]!),
    ),
  ].sort(codeUnits);
  const numbered = areNumbers(classes);
  if (!deep || classes.length === 0 || (classes.length === 1 && !numbered && !parts)) {
    const beside = direct ? files.some((file) => file.includes('/')) : parts && classes.length > 0;
    if (beside)
      return {
        labelNote: direct
          ? `${top} holds pictures beside its sub-folders, so these were not taken for classes.`
          : `${top} holds ${listed(outer)}, parts of a data set, with pictures beside their sub-folders, so none of these were taken for classes.`,
      };
    return parts
      ? {
          labelNote: `${top} holds ${listed(outer)}, which are parts of a data set and not classes, so the images have no label by their folders.`,
        }
      : below(top, files);
  }
  const classOf = (file: string): string => file.split('/')[at]!;
  const numbers = new Map(classes.map((name, i) => [name, numbered ? Number(name) : i]));
  const labels = files.map((file) => numbers.get(classOf(file))!);
  const filled = new Set(files.map(classOf));
  const empty = classes.find((name) => !filled.has(name));
  const notes = [
    ...(parts
      ? [
          `${top} holds ${listed(outer)}, which are parts of a data set and not classes: the folders inside were taken for the classes${outer.length > 1 ? ', and the pictures of all parts together; to audit one part, give its folder' : ''}.`,
        ]
      : []),
    ...(empty === undefined ? [] : [`${top}: the sub-folder ${empty} holds no picture, but was counted as a class.`]),
  ];
  return {
    labels,
    classNames: numbered ? null : classes,
    folders: { names: classes, labels: [...numbers.values()], of: top },
    labelNote: notes.join(' ') || undefined,
  };
}

const listed = (names: readonly string[]): string =>
  names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}` : names[0]!;

/** That folders further down may be classes. */
function below(top: string, files: readonly string[]): Partial<Source> {
  const names = files.map((file) => file.split('/'));
  const [outer, inner] = [0, 1].map((at) => [...new Set(names.map((one) => one[at]!))]) as [string[], string[]];
  if (outer.length > 1 || inner.length < 2 || names.some(({ length }) => length < 3)) return {};
  return {
    labelNote: `All pictures of ${top} lie in ${outer[0]!}, whose sub-folders (${inner.slice(0, 3).join(', ')}${inner.length > 3 ? ', ...' : ''}) were not taken for classes: give ${outer[0]!} itself where they are.`,
  };
}

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
  if (data)
    return [
      {
        path: folder,
        source: top,
        reason: `holds no pictures, but files such as ${data.source.slice(top.length + 1)}, which may be a data set: give that file itself.`,
      },
    ];
  return others.length > 0
    ? []
    : [{ path: folder, source: top, reason: 'holds no pictures: give a folder with PNG or JPEG files, or a data set file.' }];
}
