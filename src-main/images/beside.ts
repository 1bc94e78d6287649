import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import type { LabelFile } from './rawLabels.ts';
import { matchLabels } from './matchLabels.ts';
import { openSources } from './sources.ts';

/** How files of labels and of class names are called that lie beside pictures, the likeliest first. */
const NAMES = [
  /^labels?$/,
  /^(train|training|val|valid|validation|test)[ _-]labels?$/,
  /^annotations?$/,
  /^(ground[ _-]?truth|gt|targets?)$/,
  /^metadata$/,
  /^class(es)?$/,
  /^(class|label)[ _-]?names?$/,
  /^names$/,
  /^categor(y|ies)$/,
  /^(imagenet[ _-])?class[ _-]?index$/,
  /^synsets?([ _-]words)?$/,
  /^(id2label|label[ _-]?map|idx[ _-]to[ _-]class|class[ _-]to[ _-]idx)$/,
];
const TEXT = /\.(csv|tsv|txt|jsonl?)$/i;

/** Files that lie in the folders given, and may hold labels or class names by what they are called. */
export async function besideImages(paths: readonly string[]): Promise<string[]> {
  const found: { path: string; rank: number }[] = [];
  for (const folder of paths) {
    if (!(await stat(folder).catch(() => null))?.isDirectory()) continue;
    for (const name of (await readdir(folder)).sort()) {
      const rank = TEXT.test(name) ? NAMES.findIndex((one) => one.test(name.replace(TEXT, '').toLowerCase())) : -1;
      if (rank >= 0) found.push({ path: join(folder, name), rank });
    }
  }
  return found.sort((a, b) => a.rank - b.rank).map(({ path }) => path);
}

/** What the images are called in label files, and whether they bring labels of their own. */
export interface Outline {
  files: { file: string | null }[];
  labelled: boolean;
}

/** @throws UserError as `openImages` for the paths */
export async function imagesOf(paths: readonly string[]): Promise<Outline> {
  const { sources } = await openSources(paths);
  return {
    files: sources.flatMap((source) => Array.from({ length: source.count }, (_, i) => ({ file: source.entry(i).file }))),
    labelled: sources.some(({ labels }) => labels !== null),
  };
}

/** Whether a labels file has these images. That it gives one several labels is said when it is taken. */
export async function fitsImages(labels: LabelFile, { files }: Outline): Promise<boolean> {
  try {
    await matchLabels(labels.kind === 'map' ? { ...labels, twice: new Map() } : labels, files, '', () => Promise.resolve(false));
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
