import { stat } from 'node:fs/promises';
import { basename, isAbsolute, relative, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UserError } from '../../shared/errors.ts';
import { readIdx, readNpy, readNumbers } from './arrayFile.ts';
import { arraySource } from './arrayPictures.ts';
import { firstBytes, openBytes } from './bytes.ts';
import { cifarSource } from './cifar.ts';
import { folderSource } from './folder.ts';
import { naturalOrder } from './naturalOrder.ts';
import { fileSource } from './pictureFiles.ts';
import type { NamedFile } from './pictureFiles.ts';
import { PICTURE_FORMATS, SNIFF_BYTES, isPicture, namedLikePicture, sniff } from './sniff.ts';
import type { Source } from './source.ts';

/**
 * Opens what the user named: files and data sets in the order given, a folder's and a glob's in natural order.
 * @throws UserError naming the path that does not exist, matches nothing, or is no picture and no data set.
 */
export async function openSources(paths: readonly string[]): Promise<Source[]> {
  const sources: Source[] = [];
  // Neighbouring picture files make one source.
  let run: NamedFile[] = [];
  const flush = (): void => {
    if (run.length > 0) sources.push(fileSource(run));
    run = [];
  };
  for (const path of paths) {
    for (const file of await expand(path)) {
      const facts = await stat(file.path);
      if (!facts.isDirectory() && (namedLikePicture(file.path) || isPicture(sniff((await firstBytes(file.path)).start)))) run.push(file);
      else {
        flush();
        sources.push(facts.isDirectory() ? await folderSource(file.path) : await dataSetSource(file));
      }
    }
  }
  flush();
  return sources;
}

/** A path that exists is meant as it is, even with brackets in its name; else it may be a glob. */
async function expand(path: string): Promise<NamedFile[]> {
  if (await stat(path).catch(() => null)) return [{ path, name: basename(resolve(path)) }];
  const pattern = process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
  if (!isDynamicPattern(pattern)) throw new UserError(`${path} does not exist: check the path of the images.`);
  const found = await glob(pattern, { onlyFiles: true, expandDirectories: false, absolute: isAbsolute(path) });
  if (found.length === 0) throw new UserError(`No file matches ${path}: check the pattern of the images.`);
  // Names start after the last folder that the pattern spells out.
  const base = pattern.split('/').slice(0, pattern.split('/').findIndex((part) => isDynamicPattern(part))).join('/');
  const nameOf = (file: string): string => (base || isAbsolute(path) ? relative(base || '/', file).replaceAll('\\', '/') : file);
  const named = found.map((file) => ({ path: file, name: nameOf(file) }));
  return named.sort((a, b) => naturalOrder(a.name, b.name));
}

/** A file that is no picture: IDX, NPY (each also with gzip) or CIFAR binary. */
async function dataSetSource({ path, name }: NamedFile): Promise<Source> {
  const bytes = await openBytes(path, name);
  if (bytes.size === 0) throw new UserError(`${path} is empty (0 bytes): copy it again or leave it out.`);
  const kind = sniff(await bytes.read(0, SNIFF_BYTES));
  if (kind === 'npy') return arraySource(await readNpy(bytes, name));
  const cifar = await cifarSource(bytes, path, name);
  if (cifar) return cifar;
  if (kind === 'idx') {
    const source = await arraySource(await readIdx(bytes, name));
    return { ...source, ...(await labelsBeside(path, name, source.count)) };
  }
  throw new UserError(`${path} is neither a picture (${PICTURE_FORMATS}) nor a data set (IDX, CIFAR binary or .npy, of full length).`);
}

/** MNIST keeps its labels in a file beside the images: `x-images-idx3-ubyte.gz` has `x-labels-idx1-ubyte.gz`, packed or not. */
async function labelsBeside(path: string, name: string, count: number): Promise<Partial<Source>> {
  const other = path.replace(/images([-_.])idx\d([^/\\]*)$/, 'labels$1idx1$2');
  if (other === path) return {};
  for (const candidate of [other, other.replace(/\.gz$/, ''), `${other}.gz`]) {
    if (!(await stat(candidate).catch(() => null))?.isFile()) continue;
    const bytes = await openBytes(candidate, candidate);
    if (sniff(await bytes.read(0, SNIFF_BYTES)) !== 'idx') continue;
    const file = await readIdx(bytes, candidate);
    if (file.dims.length !== 1 || file.dims[0] !== count) continue;
    const labels = Array.from(await readNumbers(file, 0, count));
    return { labels, labelNote: `The labels of ${name} come from ${basename(candidate)} beside it.` };
  }
  return {};
}
