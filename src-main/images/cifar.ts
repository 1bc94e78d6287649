import { dirname, join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { readRegularFile } from '../files/regular.ts';
import type { ByteSource } from './byteSource.ts';
import { MOST_PICTURES } from './limits.ts';
import { stemOf } from './source.ts';
import type { Source } from './source.ts';

/**
 * The binary versions of CIFAR-10 and CIFAR-100: one record per picture, the label or labels first, then 32 x 32
 * values of red, of green and of blue. There is no header, so the size and every label are checked instead.
 */
interface Kind {
  /** Upper bounds of the label bytes; the last is the label that counts (CIFAR-100: coarse, then fine). */
  classes: readonly number[];
  /** File beside it with the class names, one a line. */
  names: string;
}

const KINDS: readonly Kind[] = [
  { classes: [10], names: 'batches.meta.txt' },
  { classes: [20, 100], names: 'fine_label_names.txt' },
];

const SIDE = 32;
const PIXELS = 3 * SIDE * SIDE;
export const CIFAR10_RECORD = 1 + PIXELS;
/** Records read in one go while the labels are collected. */
const CHUNK = 512;

/** The pictures of a CIFAR binary file, or null when it is none. Class names come from the set's own list beside it, where there is one. */
export async function cifarSource(bytes: ByteSource, path: string, name: string): Promise<Source | null> {
  for (const { classes, names } of KINDS) {
    const labels = await labelsOf(bytes, classes);
    if (!labels) continue;
    const list = await classNames(join(dirname(path), names), classes.at(-1)!);
    return { ...pictures(bytes, name, classes.length, labels), classNames: list };
  }
  return null;
}

async function labelsOf(bytes: ByteSource, classes: readonly number[]): Promise<number[] | null> {
  const record = classes.length + PIXELS;
  if (bytes.size === 0 || bytes.size % record !== 0 || bytes.size / record > MOST_PICTURES) return null;
  const labels: number[] = [];
  for (let first = 0; first < bytes.size; first += CHUNK * record) {
    const chunk = await bytes.read(first, CHUNK * record);
    for (let at = 0; at < chunk.length; at += record) {
      if (classes.some((count, i) => chunk[at + i]! >= count)) return null;
      labels.push(chunk[at + classes.length - 1]!);
    }
  }
  return labels;
}

function pictures(bytes: ByteSource, name: string, labelBytes: number, labels: number[]): Omit<Source, 'classNames'> {
  const stem = stemOf(name);
  const record = labelBytes + PIXELS;
  return {
    count: labels.length,
    labels,
    warnings: [],
    entry: (index) => ({
      source: `${name}#${index}`,
      stem,
      file: null,
      path: null,
      header: async () => ({ width: SIDE, height: SIDE, channels: 3, alpha: false }),
      read: async () => {
        const planes = await bytes.read(index * record + labelBytes, PIXELS);
        if (planes.length < PIXELS) throw new UserError(`${name} has become shorter while it was read: start again.`);
        const data = new Uint8Array(PIXELS);
        for (let i = 0; i < PIXELS; i++) data[i] = planes[(i % 3) * SIDE * SIDE + Math.floor(i / 3)]!;
        return { width: SIDE, height: SIDE, channels: 3, data };
      },
    }),
  };
}

async function classNames(path: string, count: number): Promise<string[] | null> {
  const bytes = await readRegularFile(path, { most: 1 << 16 }).catch(() => null);
  const names = bytes
    ?.toString()
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
  return names?.length === count ? names : null;
}
