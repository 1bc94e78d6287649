import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import { openLabels } from '../images/index.ts';
import type { OpenRequest } from '../images/index.ts';
import { parseClassNames } from '../model/labels.ts';

/*
 * What people set by hand becomes a file, since a plan names files. Its name has the hash of its content, and no file is
 * ever written over: a plan that was made with it repeats.
 */

/**
 * A labels file with one label set by hand, beside those that were there.
 * @param at place in the whole set
 * @param audits folder that keeps the audits
 * @throws UserError for labels that do not fit, and an image that is not there
 */
export async function relabel(
  request: Pick<OpenRequest, 'paths' | 'labels' | 'classNames'>,
  at: number,
  label: number | null,
  audits: string,
): Promise<string> {
  const { labels, byHand, was } = await openLabels(request);
  if (at >= labels.length) throw new UserError(`There is no image ${at} to label: there are ${labels.length}.`);
  const before = new Map([[at, labels[at]!] as const, ...byHand.map((place, i) => [place, was[i]!] as const)]);
  labels[at] = label;
  const places = [...before.keys()].sort((a, b) => a - b);
  return write(audits, 'labels-by-hand', JSON.stringify({ byHand: places, was: places.map((place) => before.get(place) ?? null), labels }));
}

/**
 * A file of class names that were typed or pasted.
 * @throws UserError for text that holds none, or another number of them
 */
export async function nameClasses(text: string, classes: number | null, audits: string): Promise<string> {
  const names = parseClassNames(text, 'The list');
  if (classes !== null && names.length !== classes)
    throw new UserError(`The list holds ${names.length} class names, but the model has ${classes} classes.`);
  return write(audits, 'class-names', JSON.stringify(names));
}

async function write(audits: string, kind: string, content: string): Promise<string> {
  const folder = join(audits, 'labels');
  const file = join(folder, `${kind}-${createHash('sha256').update(content).digest('hex').slice(0, 12)}.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${content}\n`);
  return file;
}
