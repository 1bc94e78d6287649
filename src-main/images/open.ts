import { resolve } from 'node:path';
import { UserError } from '../../shared/errors.ts';
import type { Drawn, LeftOut } from '../../shared/results.ts';
import type { Picture } from './picture.ts';
import { sortedNote } from './draw.ts';
import type { Stratum } from './draw.ts';
import { lookAt } from './lookAt.ts';
import type { Looked } from './look.ts';
import type { Depth } from './depth.ts';
import { nothingLeft } from './leftOut.ts';
import { naturalSort } from './naturalOrder.ts';
import { MOST_PICTURES } from './limits.ts';
import type { Asked, OpenRequest } from './openRequest.ts';
import { depthOf, reductions } from './reductions.ts';
import { labelsOf } from './setLabels.ts';
import { openSources } from './sources.ts';
import type { Entry, Source } from './source.ts';

export interface ImageRef {
  /** Unique in its set, safe as a file name, and the same for the same paths whatever offset and limit: `00012-t10k`. */
  id: string;
  /** Place in the whole set, files that were left out counted. */
  at: number;
  /** Where it came from, without the folders above what was given: `digits/3/a.png`, `t10k-images-idx3-ubyte.gz#12`. */
  source: string;
  width: number;
  height: number;
  channels: 1 | 3;
  label: number | null;
  /** Decodes the picture anew at every call. @throws UserError when it is damaged or gone. */
  read(): Promise<Picture>;
}

export interface ImageSet {
  items: ImageRef[];
  /** Of how many the sample was drawn, without those that were looked at and cannot be taken; absent where none was asked for. */
  drawn?: Drawn;
  /** Images before offset, limit and sample, without those that were looked at and cannot be taken. */
  total: number;
  /** What was given and is not among the images, in natural order. */
  leftOut: LeftOut[];
  /** Names of the classes as the images' own folders or data set give them, or null. */
  classNames: string[] | null;
  warnings: string[];
  /** How many bits were found to be in use of picture files that have 16 a value, all looked at together. */
  bitsFound?: number;
  /** The labels are those of class folders. */
  byFolders?: true;
  /** Where only some were asked for by id: how many others lie between them. */
  others?: number;
}

/**
 * Opens images for an audit; only those asked for are looked at. A file that cannot be taken is left out, with its reason: no other
 * one changes its id or its label by that.
 * @throws UserError for paths that do not exist, labels that do not fit, an offset beyond the last image, and where no image is left.
 */
export async function openImages(request: OpenRequest): Promise<ImageSet> {
  const { sources, entries, ownNames, labelled, leftOut } = await openSet(request);
  const total = entries.length;
  if (request.offset >= total) throw new UserError(`The offset ${request.offset} leaves no image: there are ${total}.`);
  const warnings = [...sources.flatMap((source) => source.warnings), ...labelled.warnings];

  const digits = Math.max(5, String(total - 1).length);
  const end = Math.min(total, request.offset + (request.limit ?? total));
  const idOf = (entry: Entry, at: number): string => `${String(at).padStart(digits, '0')}-${entry.stem}`;
  const at = (place: number) => ({ entry: entries[place]!.source.entry(entries[place]!.index), at: place });
  const places = Array.from({ length: end - request.offset }, (_, i) => request.offset + i);
  const note = end < total && labelled.strata ? sortedNote(places.length, labelled.strata.slice(request.offset)) : null;
  if (note !== null) warnings.push(note);
  const looked = await lookAt(request, places, labelled.strata, at, (one) => idOf(one.entry, one.at));
  const out = naturalSort([...leftOut, ...looked.leftOut], ({ source }) => source);
  if (looked.taken.length === 0) throw nothingLeft(request.paths, out);
  const depth = await depthIn(request, looked.taken);
  const items = looked.taken.map(({ entry, at, header: { width, height, channels } }): ImageRef => ({
    id: idOf(entry, at),
    at,
    source: entry.source,
    width,
    height,
    channels,
    label: labelled.labels?.[at] ?? null,
    read: () => entry.read(depth.bits ?? undefined),
  }));
  warnings.push(...reductions(looked.taken, depth));
  return {
    items,
    total: total - looked.leftOut.length,
    leftOut: out.map(({ source, reason }) => ({ source, reason })),
    classNames: ownNames,
    warnings,
    others: looked.others,
    ...(depth.highs.length > 0 && depth.bits !== null && { bitsFound: depth.bits }),
    ...(labelled.byFolders && { byFolders: true }),
    ...(looked.drawn && { drawn: looked.drawn }),
  };
}

/** How many bits are in use of pictures that have 16 a value. */
async function depthIn({ bits, bitsFound, look }: OpenRequest, taken: readonly Looked[]): Promise<Depth> {
  const known = bits ?? bitsFound;
  return known === undefined ? depthOf(taken, look === 'all') : { bits: known, byHand: bits !== undefined, highs: [] };
}

/** The labels of a whole set, in order, which of them were set by hand before, and what these were before that. */
export async function openLabels(request: Asked): Promise<{ labels: (number | null)[]; byHand: number[]; was: Stratum[] }> {
  const { entries, labelled } = await openSet(request);
  return {
    labels: labelled.labels ?? new Array<null>(entries.length).fill(null),
    byHand: labelled.byHand,
    was: labelled.byHand.map((at) => labelled.strata?.[at] ?? null),
  };
}

async function openSet(request: Asked) {
  const { sources, leftOut: all } = await openSources(request.paths, { bits: request.bits, flat: request.foldersByOrder });
  const lists = new Set(request.lists?.map((path) => resolve(path)));
  const leftOut = all.filter(({ path }) => !lists.has(resolve(path)));
  const total = sources.reduce((sum, { count }) => sum + count, 0);
  if (total > MOST_PICTURES)
    throw new UserError(
      `There are ${total.toLocaleString('en')} images in ${request.paths.join(', ')}, and at most ${MOST_PICTURES.toLocaleString('en')} can be opened at once: give a part of them.`,
    );
  const entries = sources.flatMap((source) => Array.from({ length: source.count }, (_, i) => ({ source, index: i })));
  if (entries.length === 0) throw nothingLeft(request.paths, leftOut);
  const ownNames = request.unlabelled ? null : commonClassNames(sources);
  const labelled = await labelsOf(
    request,
    sources,
    entries.map(({ source, index }) => source.entry(index)),
    ownNames,
  );
  return { sources, entries, ownNames, labelled, leftOut };
}

/** The class names of the sources that have any. @throws UserError when two sources name classes differently. */
function commonClassNames(sources: readonly Source[]): string[] | null {
  const named = sources.flatMap((source) => (source.classNames ? [source.classNames] : []));
  const [first, ...rest] = named;
  if (rest.some((names) => names.join('\n') !== first!.join('\n')))
    throw new UserError('The folders given have different class sub-folders: audit them one at a time, or give a labels file.');
  return first ? [...first] : null;
}
