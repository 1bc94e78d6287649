import { existsSync } from 'node:fs';
import { copyFile, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import type { Drop } from '../../shared/plan.ts';
import { walk } from '../images/index.ts';
import { digestOf } from './namedFiles.ts';

/** Where files of these hashes lie. @throws UserError for a place that does not exist */
export async function find(places: readonly string[], drops: readonly Drop[]): Promise<Map<string, string>> {
  const wanted = new Set(drops.flatMap(({ files }) => files.map(({ sha256 }) => sha256)));
  const sizes = new Set(drops.flatMap(({ files }) => files.map(({ bytes }) => bytes)));
  const found = new Map<string, string>();
  for (const place of places) {
    const facts = await stat(place).catch(() => null);
    if (facts === null) throw new UserError(`${place} does not exist: check the path of the images.`);
    const files = facts.isDirectory() ? (await walk(place)).files.map((file) => join(place, file)) : [place];
    for (const file of files) {
      if (found.size === wanted.size) return found;
      if (!sizes.has((await stat(file).catch(() => null))?.size ?? -1)) continue;
      // What cannot be read is not what was dropped.
      const sha256 = (await digestOf(file).catch(() => null))?.sha256;
      if (sha256 !== undefined && wanted.has(sha256) && !found.has(sha256)) found.set(sha256, resolve(file));
    }
  }
  return found;
}

/**
 * Puts a file where it is wanted; none: an empty one.
 * @param whole a link will not do. Windows lets few people make any
 */
export async function put(from: string | null, to: string, whole: boolean): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  if (from === null) await writeFile(to, '');
  else if (whole) await copyFile(from, to);
  else await symlink(from, to).catch(() => copyFile(from, to));
}

/** Copies that are still there: what the plan names, and what lies beside that. A folder that only the drop names may be any. */
export function copies(drops: readonly Drop[], paths: readonly string[]): string[] {
  const [own, beside] = [new Set(paths), new Set(paths.map((path) => dirname(path)))];
  const isOfPlan = (file: string): boolean => beside.has(dirname(file)) || above(file).some((folder) => own.has(folder));
  return drops
    .flatMap(({ folder, files }) => files.map(({ name }) => join(folder, name)))
    .filter((file) => isOfPlan(file) && existsSync(file));
}

/** A file and the folders it lies in. */
function above(file: string): string[] {
  const all = [file];
  for (let next = dirname(file); next !== all.at(-1); next = dirname(next)) all.push(next);
  return all;
}
