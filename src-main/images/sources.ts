import { stat } from 'node:fs/promises';
import { basename, isAbsolute, relative, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UserError } from '../../shared/errors.ts';
import { readIdx, readNpy, readNumbers } from './arrayFile.ts';
import { arraySource } from './arrayPictures.ts';
import { firstBytes, openBytes, readable } from './bytes.ts';
import { cifarSource } from './cifar.ts';
import { folderSource } from './folder.ts';
import { MOST_PICTURES } from './limits.ts';
import { naturalSort } from './naturalOrder.ts';
import { fileSource } from './pictureFiles.ts';
import type { NamedFile } from './pictureFiles.ts';
import { PICTURE_FORMATS, SNIFF_BYTES, isPicture, namedLikePicture, sniff } from './sniff.ts';
import type { Source } from './source.ts';
import { freshRoom } from './unpack.ts';
import type { Room } from './unpack.ts';

/**
 * Opens what the user named: files and data sets in the order given, a folder's and a glob's in natural order.
 * @throws UserError naming the path that does not exist, matches nothing, is no regular file, or no picture and no data set.
 */
export async function openSources(paths: readonly string[]): Promise<Source[]> {
  const sources: Source[] = [];
  // Neighbouring picture files make one source.
  let run: NamedFile[] = [];
  const room = freshRoom();
  const flush = (): void => {
    if (run.length > 0) sources.push(fileSource(run));
    run = [];
  };
  for (const path of paths) {
    for (const file of await expand(path)) {
      const folder = (await readable(file.path, stat(file.path))).isDirectory();
      // Opened even when its name says enough: what is no regular file is refused here, and not picture by picture.
      const isOne = !folder && (isPicture(sniff((await firstBytes(file.path)).start)) || namedLikePicture(file.path));
      if (isOne) run.push(file);
      else {
        flush();
        sources.push(folder ? await folderSource(file.path) : await dataSetSource(file, room));
      }
    }
  }
  flush();
  return sources;
}

/** A pattern becomes a regular expression, which may try every way to share out a path among its wildcards. */
const MOST_WILDCARDS = 5;
const MOST_PATTERN = 4096;

/** A path that exists is meant as it is, even with brackets in its name; else it may be a glob. */
async function expand(path: string): Promise<NamedFile[]> {
  if (await stat(path).catch(() => null)) return [{ path, name: basename(resolve(path)) }];
  const pattern = process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
  if (!isDynamicPattern(pattern)) throw new UserError(`${path} does not exist: check the path of the images.`);
  const wildcards = pattern.match(/\*+|[({]/g)?.length ?? 0;
  if (wildcards > MOST_WILDCARDS || pattern.length > MOST_PATTERN) throw new UserError(`${path} is too long or has more than ${MOST_WILDCARDS} wildcards: write a simpler pattern, or give the folder.`);
  const matched = await readable(path, glob(pattern, { onlyFiles: true, expandDirectories: false, absolute: isAbsolute(path) }));
  // What it calls files may be pipes or devices.
  const found: string[] = [];
  for (const file of matched) if ((await stat(file).catch(() => null))?.isFile()) found.push(file);
  if (found.length === 0) throw new UserError(`No file matches ${path}: check the pattern of the images.`);
  // Names start after the last folder that the pattern spells out.
  const base = pattern.split('/').slice(0, pattern.split('/').findIndex((part) => isDynamicPattern(part))).join('/');
  const nameOf = (file: string): string => (base || isAbsolute(path) ? relative(base || '/', file).replaceAll('\\', '/') : file);
  return naturalSort(found.map((file) => ({ path: file, name: nameOf(file) })), ({ name }) => name);
}

/** A file that is no picture: IDX, NPY (each also with gzip) or CIFAR binary. */
async function dataSetSource({ path, name }: NamedFile, room: Room): Promise<Source> {
  const bytes = await openBytes(path, name, room);
  if (bytes.size === 0) throw new UserError(`${path} is empty (0 bytes): copy it again or leave it out.`);
  const kind = sniff(await bytes.read(0, SNIFF_BYTES));
  if (kind === 'npy') return arraySource(await readNpy(bytes, name));
  const cifar = await cifarSource(bytes, path, name);
  if (cifar) return cifar;
  if (kind === 'idx') {
    const source = await arraySource(await readIdx(bytes, name));
    return { ...source, ...(await labelsBeside(path, name, source.count, room)) };
  }
  throw new UserError(`${path} is neither a picture (${PICTURE_FORMATS}) nor a data set (IDX, CIFAR binary or .npy, of full length).`);
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
