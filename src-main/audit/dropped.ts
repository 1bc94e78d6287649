import { relative, resolve, sep } from 'node:path';
import { isDroppedName } from '../../shared/names.ts';
import type { AuditPlan, Drop, NamedFiles } from '../../shared/plan.ts';
import { filesOf, withPaths } from './files.ts';

/*
 * Files that were dropped into a browser's window. The plan names copies of them, in a folder that may be gone by the time somebody
 * wants the audit again; what people are told are the names, and what the files are known by is their hash.
 */

/** Where a told plan says that drops lie: beside it, or wherever they are found. */
const TOLD = '.';

/** The plan as results tell it: names in place of copies, and nothing of what changes no result. */
export function toldPlan(plan: AuditPlan): AuditPlan {
  const { dropped } = plan;
  const told = dropped
    ? { ...withPaths(plan, (path) => nameIn(dropped, path)), dropped: dropped.map(({ files }) => ({ folder: TOLD, files })) }
    : plan;
  return { ...told, workers: null, batch: null };
}

function nameIn(dropped: readonly Drop[], path: string): string {
  for (const { folder } of dropped) {
    const name = folder === TOLD ? null : within(folder, path);
    if (name !== null) return name;
  }
  return path;
}

/** A sentence without the folders that copies lie in. */
export function toldText({ dropped = [] }: Pick<AuditPlan, 'dropped'>, text: string): string {
  return dropped.filter(({ folder }) => folder !== TOLD).reduce((told, { folder }) => told.replaceAll(`${folder}${sep}`, ''), text);
}

/** A path relative to the folder of a drop, null outside. */
function within(folder: string, path: string): string | null {
  const way = relative(resolve(folder), resolve(path)).split(sep).join('/');
  return isDroppedName(way) ? way : null;
}

/** Where in the drops of a plan a file or folder is. */
export interface Place {
  drop: Drop;
  name: string;
}

/** Places of the paths of a plan that were dropped. In a told plan two files of one name have one path, and that has two places. */
export function placesOf(plan: AuditPlan): Map<string, Place[]> {
  const places = new Map<string, Place[]>();
  const { model, images, labels, classNames, pictures, surrogates } = filesOf(plan);
  const drops = (plan.dropped ?? []).map((drop) => ({ drop, names: namesIn(drop.files) }));
  for (const path of new Set([model, ...images, labels, classNames, ...pictures, ...surrogates])) {
    const all = drops.flatMap(({ drop, names }) => {
      const name = path === null ? null : within(drop.folder, path);
      return name !== null && names.has(name) ? [{ drop, name }] : [];
    });
    if (all.length > 0) places.set(path!, all);
  }
  return places;
}

/** Whether a file is what is named, or lies in the folder that is. */
export const covers = (name: string, file: string): boolean => file === name || file.startsWith(`${name}/`);

/** Names of files, and of the folders on the way to them. */
export function namesIn(files: readonly { name: string }[]): Set<string> {
  const names = new Set<string>();
  for (const { name } of files) for (let end = name.length; end > 0; end = name.lastIndexOf('/', end - 1)) names.add(name.slice(0, end));
  return names;
}

/** The files that a plan names and that nobody dropped. */
export function undropped(plan: AuditPlan): NamedFiles {
  const places = placesOf(plan);
  const own = filesOf(plan);
  const one = (path: string | null) => (path === null || places.has(path) ? null : path);
  const all = (paths: string[]) => (paths.some((path) => places.has(path)) ? [] : paths);
  return {
    model: one(own.model),
    images: all(own.images),
    labels: one(own.labels),
    classNames: one(own.classNames),
    pictures: all(own.pictures),
    surrogates: all(own.surrogates),
  };
}
