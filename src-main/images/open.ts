import { UserError } from '../../shared/errors.ts';
import type { Picture } from './picture.ts';
import { classFinder, classNumbers, matchLabels } from './labels.ts';
import { readLabelFile } from './labelFile.ts';
import type { RawLabel } from './labelFile.ts';
import { MOST_PICTURES } from './limits.ts';
import { openSources } from './sources.ts';
import type { Entry, Source } from './source.ts';

export interface OpenRequest {
  /** Files, folders, globs, data set files. */
  paths: string[];
  /** Labels file, or null: class folders or the data set's own labels, where there are any. */
  labels: string | null;
  /** Images left out at the start, and the most that are given; both count after labelling. */
  offset: number;
  limit: number | null;
  /** Classes of the model, when known: labels are checked against it, and ones that count from 1 are recognised. */
  classes?: number | null;
  /** The model's class names, when known: class folders and labels given as words are looked up in them. */
  classNames?: readonly string[] | null;
  /** Labels are of no use and not looked for. */
  unlabelled?: boolean;
}

export interface ImageRef {
  /** Unique in its set, safe as a file name, and the same for the same paths whatever offset and limit: `00012-t10k`. */
  id: string;
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
  /** Images before offset and limit. */
  total: number;
  /** Names of the classes as the images' own folders or data set give them, or null. */
  classNames: string[] | null;
  warnings: string[];
}

/**
 * Opens images for an audit. Pictures are not decoded here; only the headers of those asked for are read.
 * @throws UserError for paths that do not exist or hold no pictures, damaged headers, labels that do not fit, and an
 *   offset beyond the last image.
 */
export async function openImages(request: OpenRequest): Promise<ImageSet> {
  const { sources, entries, ownNames, labelled } = await openSet(request);
  const total = entries.length;
  if (request.offset >= total) throw new UserError(`The offset ${request.offset} leaves no image: there are ${total}.`);
  const warnings = [...sources.flatMap((source) => source.warnings), ...labelled.warnings];

  const digits = Math.max(5, String(total - 1).length);
  const end = Math.min(total, request.offset + (request.limit ?? total));
  const chosen = entries.slice(request.offset, end).map(({ source, index }, i) => ({ entry: source.entry(index), at: request.offset + i }));
  const headers = await inParallel(chosen, ({ entry }) => entry.header());
  const items = chosen.map(({ entry, at }, i): ImageRef => {
    const { width, height, channels } = headers[i]!;
    const id = `${String(at).padStart(digits, '0')}-${entry.stem}`;
    return { id, source: entry.source, width, height, channels, label: labelled.labels?.[at] ?? null, read: entry.read };
  });
  const alpha = headers.filter((header) => header.alpha).length;
  if (alpha > 0) warnings.push(`${alpha} of ${items.length} images have an alpha channel, which was dropped.`);
  return { items, total, classNames: ownNames, warnings };
}

/** The labels of a whole set, in order, and which of them were set by hand before. */
export async function openLabels(request: Omit<OpenRequest, 'offset' | 'limit'>): Promise<{ labels: (number | null)[]; byHand: number[] }> {
  const { entries, labelled } = await openSet(request);
  return { labels: labelled.labels ?? new Array<null>(entries.length).fill(null), byHand: labelled.byHand };
}

async function openSet(request: Omit<OpenRequest, 'offset' | 'limit'>) {
  const sources = await openSources(request.paths);
  const total = sources.reduce((sum, { count }) => sum + count, 0);
  if (total > MOST_PICTURES) throw new UserError(`There are ${total.toLocaleString('en')} images in ${request.paths.join(', ')}, and at most ${MOST_PICTURES.toLocaleString('en')} can be opened at once: give a part of them.`);
  const entries = sources.flatMap((source) => Array.from({ length: source.count }, (_, i) => ({ source, index: i })));
  if (entries.length === 0) throw new UserError(`There are no images in ${request.paths.join(', ') || 'what was given'}.`);
  const ownNames = request.unlabelled ? null : commonClassNames(sources);
  const labelled = await labelsOf(request, sources, entries.map(({ source, index }) => source.entry(index)), ownNames);
  return { sources, entries, ownNames, labelled };
}

interface Labelled {
  labels: (number | null)[] | null;
  warnings: string[];
  byHand: number[];
}

async function labelsOf(
  request: Omit<OpenRequest, 'offset' | 'limit'>,
  sources: readonly Source[],
  entries: readonly Entry[],
  ownNames: string[] | null,
): Promise<Labelled> {
  if (request.unlabelled) return { labels: null, warnings: [], byHand: [] };
  const classes = request.classes ?? null;
  if (request.labels !== null) {
    const file = await readLabelFile(request.labels);
    const byHand = (file.kind === 'list' && file.byHand) || [];
    const { labels, warnings } = numbered(matchLabels(file, entries, request.labels), request.classNames ?? ownNames, classes, request.labels);
    if (byHand.length > 0) warnings.unshift(`${byHand.length} of ${labels.length} labels were set by hand.`);
    return { labels, warnings, byHand };
  }
  const warnings = sources.flatMap((source) => source.labelNote ?? []);
  if (sources.every((source) => source.labels === null)) return { labels: null, warnings, byHand: [] };
  const own = sources.flatMap((source): readonly (number | null)[] => source.labels ?? new Array<null>(source.count).fill(null));
  // Class folders count among themselves; the model may know more classes, under the same names.
  const places = ownNames && request.classNames ? ownNames.map(classFinder(request.classNames)) : null;
  if (places?.every((place) => place >= 0)) return { labels: own.map((label) => (label === null ? null : places[label]!)), warnings: [...warnings, ...missing(own)], byHand: [] };
  const stranger = places && ownNames![places.indexOf(-1)];
  if (stranger) warnings.push(`The class "${stranger}" of the images is not among the model's class names, so classes were matched by their order.`);
  const fitted = numbered(own, null, classes, 'The data set');
  return { labels: fitted.labels, warnings: [...warnings, ...fitted.warnings], byHand: [] };
}

/** Class numbers of those that have a label. */
function numbered(raw: readonly (RawLabel | null)[], names: readonly string[] | null, classes: number | null, path: string): { labels: (number | null)[]; warnings: string[] } {
  const fitted = classNumbers(raw.filter((label) => label !== null), names, classes, path);
  let next = 0;
  return { labels: raw.map((label) => (label === null ? null : fitted.labels[next++]!)), warnings: [...missing(raw), ...fitted.warnings] };
}

function missing(labels: readonly unknown[]): string[] {
  const without = labels.filter((label) => label === null).length;
  return without > 0 ? [`${without} of ${labels.length} images have no label.`] : [];
}

/** The class names of the sources that have any. @throws UserError when two sources name classes differently. */
function commonClassNames(sources: readonly Source[]): string[] | null {
  const named = sources.flatMap((source) => (source.classNames ? [source.classNames] : []));
  const [first, ...rest] = named;
  if (rest.some((names) => names.join('\n') !== first!.join('\n')))
    throw new UserError('The folders given have different class sub-folders: audit them one at a time, or give a labels file.');
  return first ? [...first] : null;
}

/** Headers at a time: enough to keep the disk busy. */
const PARALLEL = 8;

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const out = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      out[i] = await work(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
  return out;
}
