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
  const told = dropped ? { ...withPaths(plan, (path) => nameIn(dropped, path)), dropped: dropped.map(({ files }) => ({ folder: TOLD, files })) } : plan;
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
  for (const path of [model, ...images, labels, classNames, ...pictures, ...surrogates])
    for (const drop of plan.dropped ?? []) {
      const name = path === null || places.get(path)?.some((place) => place.drop === drop) ? null : within(drop.folder, path);
      if (name !== null && drop.files.some((file) => covers(name, file.name))) places.set(path!, [...(places.get(path!) ?? []), { drop, name }]);
    }
  return places;
}

/** Whether a file is what is named, or lies in the folder that is. */
export const covers = (name: string, file: string): boolean => file === name || file.startsWith(`${name}/`);

/** The files that a plan names and that nobody dropped. */
export function undropped(plan: AuditPlan): NamedFiles {
  const places = placesOf(plan);
  const own = filesOf(plan);
  const one = (path: string | null) => (path === null || places.has(path) ? null : path);
  const all = (paths: string[]) => (paths.some((path) => places.has(path)) ? [] : paths);
  return { model: one(own.model), images: all(own.images), labels: one(own.labels), classNames: one(own.classNames), pictures: all(own.pictures), surrogates: all(own.surrogates) };
}
