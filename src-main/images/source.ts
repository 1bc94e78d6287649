import type { PictureHeader } from './decode.ts';
import type { Picture } from './picture.ts';

/**
 * Pictures in a fixed order, opened but not decoded: one file of a data set, or a run of picture files.
 * Everything but the labels is asked for picture by picture, so a large set costs little to open.
 */
export interface Source {
  count: number;
  /** The source's own labels, or null. */
  labels: readonly number[] | null;
  /** How the labels came about, where that is not plain to see; said unless a labels file replaces them. */
  labelNote?: string | undefined;
  classNames: readonly string[] | null;
  /** Where the labels are those of class folders: what these are called, the label of each, and the folder that they are in. */
  folders?: { names: readonly string[]; labels: readonly number[]; of: string };
  warnings: readonly string[];
  entry(index: number): Entry;
}

export interface Entry {
  /** Where it came from, for people: file, or data set and index; without the folders above what was given. */
  source: string;
  /** Short name, the readable part of an id. */
  stem: string;
  /** What a labels file may call it: a path, most of it may be left out; null for pictures in a data set file. */
  file: string | null;
  /** Where its file lies; null for pictures in a data set file, which are as sound as that. */
  path: string | null;
  header(): Promise<PictureHeader>;
  /** @param bits how many are in use, where a file has 16 a value and nobody said it; absent: as many as its own values show */
  read(bits?: number): Promise<Picture>;
  /** How many bits somebody said are in use of 16. */
  bits?: number | undefined;
  /** The highest value in its file, where that has 16 bits a value. */
  high?(): Promise<number | null>;
}

/** The readable part of an id: file name without folders and extensions, safe on every file system, at most 40 characters. */
export function stemOf(name: string): string {
  const base = name.split(/[\\/]/).at(-1)!;
  const bare = base.replace(/(\.(gz|npy|idx|bin|png|jpe?g|jpe|jfif|webp|bmp|dib|gif|tiff?|avif|p[pgbn]m))+$/i, '');
  const short = bare.replace(/[-_.]images[-_.]idx\d.*$/i, '');
  const safe = short.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^_+|_+$/g, '');
  return safe.slice(0, 40) || 'image';
}
