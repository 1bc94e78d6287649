import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import type { AuditPlan, Drop, NamedFiles } from '../../shared/plan.ts';
import { covers, namesIn, placesOf } from './dropped.ts';
import { copies, find, put } from './droppedFiles.ts';
import { FLAG, filesOf, KINDS, planToOpen } from './files.ts';
import type { Opening } from './files.ts';

/** What was dropped, found again. */
interface Restored {
  named: NamedFiles;
  /** Where it lies now. */
  dropped: AuditPlan['dropped'];
  /** Files of a drop that were not found. */
  missing: string[];
  /** Takes away what was put together for it. */
  done(): Promise<void>;
}

export interface Opened extends Restored {
  plan: AuditPlan;
}

/** `planToOpen`, where what was dropped into a window is found again. @throws UserError saying which files are to be named */
export async function openPlan(plan: AuditPlan, opening: Opening): Promise<Opened> {
  const back = await restored(plan, opening);
  try {
    const opened = planToOpen(plan, { ...opening, named: back.named });
    return { ...back, plan: back.dropped ? { ...opened, dropped: back.dropped } : opened };
  } catch (error) {
    await back.done();
    throw error;
  }
}

/**
 * Looks under what `--images` names for what was dropped, by size and hash, and puts it together as it was dropped: names and order,
 * and so ids and labels, are those of the audit whatever the files are called now. An empty file stands for one that is not found.
 * @returns what was named as it is, where nothing was dropped, or nothing is named to look in
 * @throws UserError when there is nothing to look in, and the copies are gone
 */
async function restored(plan: AuditPlan, { named, begunHere, needs = KINDS }: Opening): Promise<Restored> {
  const places = placesOf(plan);
  const as: Restored = { named, dropped: plan.dropped, missing: [], done: () => Promise.resolve() };
  if (places.size === 0) return as;
  if (named.images.length === 0) {
    if (begunHere) demandCopies(plan, places, named, needs);
    return as;
  }
  // Nobody vouches for pictures that the plan names beside those that were dropped.
  if (!begunHere && plan.images.some((path) => !places.has(path))) return as;
  const drops = plan.dropped!;
  const found = await find([...named.images, ...(begunHere ? copies(drops, [...places.keys()]) : [])], drops);
  const scratch = await mkdtemp(join(tmpdir(), 'hairline-dropped-'));
  const done = () => rm(scratch, { recursive: true, force: true });
  try {
    const models = new Set([plan.model, ...filesOf(plan).surrogates].flatMap((path) => (places.get(path) ?? []).map(({ drop }) => drop)));
    for (const [k, drop] of drops.entries())
      // onnxruntime takes weights for those beside the file that a link leads to.
      for (const { name, sha256 } of drop.files) await put(found.get(sha256) ?? null, join(scratch, String(k), name), models.has(drop));
    const lost = (drop: Drop) => drop.files.filter(({ sha256 }) => !found.has(sha256)).map(({ name }) => name);
    const turns = new Map<string, number>();
    /** Of two files of one name the first is meant first. */
    const at = (path: string): string => {
      const turn = turns.get(path) ?? 0;
      turns.set(path, turn + 1);
      const place = places
        .get(path)
        ?.slice(0, turn + 1)
        .at(-1);
      return place ? join(scratch, String(drops.indexOf(place.drop)), place.name) : path;
    };
    const there = new Map(drops.map((drop) => [drop, namesIn(drop.files.filter(({ sha256 }) => found.has(sha256)))]));
    const isThere = (path: string) => places.get(path)?.every(({ drop, name }) => there.get(drop)!.has(name)) ?? begunHere;
    const isAnyThere = (path: string) => (places.get(path) ?? []).some(({ drop, name }) => there.get(drop)!.has(name));
    const one = (given: string | null, path: string | null) =>
      given ?? (path !== null && places.has(path) && isThere(path) ? at(path) : null);
    const all = (given: string[], paths: string[]) => (given.length > 0 || !paths.every(isThere) ? given : paths.map(at));
    const { model, images, labels, classNames, pictures, surrogates } = filesOf(plan);
    const others = [
      named.model && model,
      named.labels && labels,
      named.classNames && classNames,
      ...(named.pictures.length > 0 ? pictures : []),
      ...(named.surrogates.length > 0 ? surrogates : []),
    ];
    const instead = others.flatMap((path) => (path ? (places.get(path) ?? []) : []));
    return {
      named: {
        model: one(named.model, model),
        images: !images.some((path) => places.has(path)) ? named.images : images.some(isAnyThere) ? images.map(at) : [],
        labels: one(named.labels, labels),
        classNames: one(named.classNames, classNames),
        pictures: all(named.pictures, pictures),
        surrogates: all(named.surrogates, surrogates),
      },
      dropped: drops.map(({ files }, k) => ({ folder: join(scratch, String(k)), files })),
      missing: drops.flatMap((drop) =>
        lost(drop).filter((file) => !instead.some((other) => other.drop === drop && covers(other.name, file))),
      ),
      done,
    };
  } catch (error) {
    await done();
    throw error;
  }
}

/** @throws UserError naming the first copy that is gone */
function demandCopies(
  plan: AuditPlan,
  dropped: ReadonlyMap<string, unknown>,
  named: NamedFiles,
  needs: readonly (keyof NamedFiles)[],
): void {
  const own = filesOf(plan);
  for (const kind of needs) {
    const [given, paths] = [named[kind], own[kind]];
    if (given !== null && given.length > 0) continue;
    const gone = [paths ?? []].flat().find((path) => dropped.has(path) && !existsSync(path));
    if (gone !== undefined)
      throw new UserError(
        `${gone} is a copy of what was dropped into the window, and is gone: name the folder that the files came from (${FLAG.images}), where they are found by their hash.`,
      );
  }
}

/** That not everything was found, as the end of a sentence. */
export function missingWords(missing: readonly string[], places: readonly string[]): string {
  return `${missing.length} of the files that were dropped into the window ${missing.length === 1 ? 'is' : 'are'} not in ${places.join(', ')} as ${missing.length === 1 ? 'it was' : 'they were'} (looked for by hash), such as ${missing[0]}`;
}
