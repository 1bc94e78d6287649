import { lstat, stat } from 'node:fs/promises';
import { basename, isAbsolute, relative, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UserError } from '../../shared/errors.ts';
import { readIdx, readNpy, readNumbers } from './arrayFile.ts';
import { arraySource } from './arrayPictures.ts';
import { firstBytes, openBytes, readable } from './bytes.ts';
import { cifarSource } from './cifar.ts';
import { FOREIGN_BYTES, isText, unread } from './foreign.ts';
import { folderSource } from './folder.ts';
import type { FolderHow } from './folder.ts';
import { nothingLeft, refused } from './leftOut.ts';
import type { Refused } from './leftOut.ts';
import { MOST_PICTURES } from './limits.ts';
import { naturalSort } from './naturalOrder.ts';
import { fileSource } from './pictureFiles.ts';
import type { NamedFile } from './pictureFiles.ts';
import { PICTURE_FORMATS, SNIFF_BYTES, isPicture, namedLikePicture, sniff } from './sniff.ts';
import type { Source } from './source.ts';
import { freshRoom } from './unpack.ts';
import type { Room } from './unpack.ts';

/**
 * Opens what the user named: files and data sets in the order given, a folder's and a glob's in natural order. What cannot be taken
 * is left out, with its reason.
 * @param how.bits how many are in use of pictures and arrays that have 16 a value, where somebody said so
 * @throws UserError naming the path that does not exist or matches nothing; where nothing is left, with the first reasons.
 */
export async function openSources(paths: readonly string[], how: FolderHow = {}): Promise<{ sources: Source[]; leftOut: Refused[] }> {
  const sources: Source[] = [];
  const leftOut: Refused[] = [];
  // Neighbouring picture files make one source.
  let run: NamedFile[] = [];
  const room = freshRoom();
  const flush = (): void => {
    if (run.length > 0) sources.push(fileSource(run, how.bits));
    run = [];
  };
  for (const path of paths) {
    for (const file of await expand(path)) {
      try {
        if (await isPictureFile(file.path)) run.push(file);
        else {
          flush();
          const folder = (await readable(file.path, stat(file.path))).isDirectory();
          const opened = folder ? await folderSource(file.path, how) : { source: await dataSetSource(file, room, how.bits), leftOut: [] };
          if (opened.source) sources.push(opened.source);
          for (const one of opened.leftOut) leftOut.push(one);
        }
      } catch (error) {
        leftOut.push(refused(error, file.path, file.name));
      }
    }
  }
  flush();
  if (sources.length === 0) throw nothingLeft(paths, leftOut);
  return { sources, leftOut };
}

/** Opened even when its name says enough: what is no regular file is refused here, and not picture by picture. @throws UserError then */
async function isPictureFile(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => null);
  if (facts?.isDirectory()) return false;
  if (facts === null && path.includes('\uFFFD')) throw new UserError(`${path} is not there, or has a name that is not UTF-8: rename it.`);
  return isPicture(sniff((await firstBytes(path)).start)) || namedLikePicture(path);
}

/** A pattern becomes a regular expression, which may try every way to share out a path among its wildcards. */
const MOST_WILDCARDS = 5;
const MOST_PATTERN = 4096;

/** A path that exists is meant as it is, even with brackets in its name; else it may be a glob. */
async function expand(path: string): Promise<NamedFile[]> {
  // A link that leads nowhere is there, and so may be what Node cannot name: it puts U+FFFD for what is no UTF-8.
  if (path.includes('\uFFFD') || (await lstat(path).catch(() => null))) return [{ path, name: basename(resolve(path)) }];
  const pattern = process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
  if (!isDynamicPattern(pattern)) throw new UserError(`${path} does not exist: check the path of the images.`);
  const wildcards = pattern.match(/\*+|[({]/g)?.length ?? 0;
  if (wildcards > MOST_WILDCARDS || pattern.length > MOST_PATTERN)
    throw new UserError(`${path} is too long or has more than ${MOST_WILDCARDS} wildcards: write a simpler pattern, or give the folder.`);
  const matched = await readable(path, glob(pattern, { onlyFiles: true, expandDirectories: false, absolute: isAbsolute(path) }));
  // What it calls files may be links to pipes or devices, which are left out with their reasons.
  const found: string[] = [];
  for (const file of matched) if (!(await stat(file).catch(() => null))?.isDirectory()) found.push(file);
  if (found.length === 0) throw new UserError(`No file matches ${path}: check the pattern of the images.`);
  // Names start after the last folder that the pattern spells out.
  const base = pattern
    .split('/')
    .slice(
      0,
      pattern.split('/').findIndex((part) => isDynamicPattern(part)),
    )
    .join('/');
  const nameOf = (file: string): string => (base || isAbsolute(path) ? relative(base || '/', file).replaceAll('\\', '/') : file);
  return naturalSort(
    found.map((file) => ({ path: file, name: nameOf(file) })),
    ({ name }) => name,
  );
}

/** A file that is no picture: IDX, NPY (each also with gzip) or CIFAR binary. */
async function dataSetSource({ path, name }: NamedFile, room: Room, bits?: number): Promise<Source> {
  const bytes = await openBytes(path, name, room);
  if (bytes.size === 0) throw new UserError(`${path} is empty (0 bytes): copy it again or leave it out.`);
  const kind = sniff(await bytes.read(0, SNIFF_BYTES));
  if (kind === 'npy') return arraySource(await readNpy(bytes, name), bits);
  const cifar = await cifarSource(bytes, path, name);
  if (cifar) return cifar;
  if (kind === 'idx') {
    const source = await arraySource(await readIdx(bytes, name));
    return { ...source, ...(await labelsBeside(path, name, source.count, room)) };
  }
  const start = await bytes.read(0, FOREIGN_BYTES);
  throw new UserError(
    `${path} ${unread(start) ?? `is ${isText(start) ? 'text, ' : ''}neither a picture (${PICTURE_FORMATS}) nor a data set (IDX, CIFAR binary or .npy, of full length).`}`,
  );
}

/** MNIST keeps its labels in a file beside the images: `x-images-idx3-ubyte.gz` has `x-labels-idx1-ubyte.gz`, packed or not. */
async function labelsBeside(path: string, name: string, count: number, room: Room): Promise<Partial<Source>> {
  const other = path.replace(/images([-_.])idx\d([^/\\]*)$/, 'labels$1idx1$2');
  if (other === path || count > MOST_PICTURES) return {};
  for (const candidate of [other, other.replace(/\.gz$/, ''), `${other}.gz`]) {
    if (!(await stat(candidate).catch(() => null))?.isFile()) continue;
    const bytes = await openBytes(candidate, candidate, room);
    if (sniff(await bytes.read(0, SNIFF_BYTES)) !== 'idx') continue;
    const file = await readIdx(bytes, candidate);
    if (file.dims.length !== 1 || file.dims[0] !== count) continue;
    const labels = Array.from(await readNumbers(file, 0, count));
    return { labels, labelNote: `The labels of ${name} come from ${basename(candidate)} beside it.` };
  }
  return {};
}
