import { look } from './look.ts';
import { classNumbers } from './labels.ts';
import { readLabelFile } from './labelFile.ts';
import type { LabelFile, RawLabel } from './rawLabels.ts';
import { matchLabels } from './matchLabels.ts';
import type { Asked } from './openRequest.ts';
import { asNamed } from './namedLabels.ts';
import { placedByOrder } from './placedByOrder.ts';
import { placeClasses } from './places.ts';
import type { ModelClasses } from './places.ts';
import type { Stratum } from './draw.ts';
import type { Entry, Source } from './source.ts';

/** What is known of the labels of a whole set. */
export interface Labelled {
  labels: (number | null)[] | null;
  warnings: string[];
  byHand: number[];
  byFolders: boolean;
  /** Classes as they were given, before any label was set by hand: what a sample is drawn by. */
  strata: readonly Stratum[] | null;
}

/**
 * The labels of a set: those of a labels file, else those that class folders or the data set give.
 * @throws UserError for labels that do not fit the images or the model
 */
export async function labelsOf(
  request: Asked,
  sources: readonly Source[],
  entries: readonly Entry[],
  ownNames: string[] | null,
): Promise<Labelled> {
  const none = { labels: null, byHand: [], byFolders: false };
  if (request.unlabelled) return { ...none, warnings: [], strata: await strataOf(request, sources, entries) };
  if (request.labels !== null) return { ...(await labelsOfFile(request, request.labels, entries, ownNames)), byFolders: false };
  const notes = sources.flatMap((source) => source.labelNote ?? []);
  if (sources.every((source) => source.labels === null)) return { ...none, warnings: notes, strata: null };
  const own = ownLabels(sources);
  const placed = request.foldersByOrder
    ? placedByOrder(own, ownNames, request.classNames ?? null)
    : byFolders(own, sources, model(request));
  const fitted = numbered(placed.labels, { ...request, classNames: null }, 'The data set');
  return {
    labels: fitted.labels,
    warnings: [...notes, ...placed.warnings, ...missing(placed.labels), ...fitted.warnings],
    byHand: [],
    byFolders: sources.some(({ folders }) => folders),
    strata: own,
  };
}

async function labelsOfFile(
  request: Asked,
  path: string,
  entries: readonly Entry[],
  ownNames: string[] | null,
): Promise<Omit<Labelled, 'byFolders'>> {
  const file = await readLabelFile(path);
  const byHand = (file.kind === 'list' && file.byHand) || [];
  const matched = await matchLabels(file, entries, path, isGone);
  const strata = beforeHand(matched.labels, file);
  let raw = matched.labels;
  const warnings =
    byHand.length > 0 ? [`${byHand.length} of ${raw.length} labels were set by hand.`, ...matched.warnings] : matched.warnings;
  if (file.names) {
    const named = await asNamed(
      { ...file, names: file.names },
      raw,
      entries,
      path,
      model({ ...request, classNames: request.classNames ?? ownNames }),
    );
    raw = named.labels;
    warnings.push(...named.warnings);
  }
  if (file.columns) {
    const { columns } = file;
    const placed = placeClasses({ names: columns, kind: 'columns', of: path }, model(request));
    raw = raw.map((label) => (label === null ? null : placed.places[columns.indexOf(String(label))]!));
    warnings.push(...placed.warnings);
  }
  const { labels, warnings: more } = numbered(raw, { ...request, classNames: request.classNames ?? ownNames }, path);
  return { labels, warnings: [...warnings, ...more], byHand, strata };
}

/** What is known of the classes of the model. */
const model = ({ classes = null, classNames = null, classIds = null }: Asked): ModelClasses => ({
  count: classes,
  names: classNames,
  ids: classIds,
});

/** Labels that class folders give, as the model counts. */
function byFolders(
  own: readonly (number | null)[],
  sources: readonly Source[],
  classes: ModelClasses,
): { labels: (number | null)[]; warnings: string[] } {
  const warnings = new Set<string>();
  let next = 0;
  const labels = sources.flatMap(({ count, folders }) => {
    const mine = own.slice(next, (next += count));
    if (!folders) return mine;
    const placed = placeClasses({ names: folders.names, kind: 'class folders', of: folders.of }, classes);
    for (const warning of placed.warnings) warnings.add(warning);
    const places = new Map(folders.labels.map((label, i) => [label, placed.places[i]!]));
    return mine.map((label) => (label === null ? null : places.get(label)!));
  });
  return { labels, warnings: [...warnings] };
}

/** The labels that the sources themselves give. */
function ownLabels(sources: readonly Source[]): (number | null)[] {
  return sources.flatMap((source): readonly (number | null)[] => source.labels ?? new Array<null>(source.count).fill(null));
}

/** Classes where labels are of no other use; read from a file only where a sample is drawn by them. */
async function strataOf(
  { labels, sample }: Asked,
  sources: readonly Source[],
  entries: readonly Entry[],
): Promise<readonly Stratum[] | null> {
  if (labels === null) return sources.some((source) => source.labels !== null) ? ownLabels(sources) : null;
  if (!sample) return null;
  const file = await readLabelFile(labels);
  return beforeHand((await matchLabels(file, entries, labels, isGone)).labels, file);
}

/** The labels as they were before any was set by hand: who corrects one shall not have another sample by it. */
function beforeHand(raw: readonly Stratum[], file: LabelFile): Stratum[] {
  const strata = [...raw];
  if (file.kind === 'list') file.was?.forEach((label, i) => (strata[file.byHand![i]!] = label));
  return strata;
}

/** Whether a picture cannot be taken, and so needs no label. */
async function isGone(entry: Entry): Promise<boolean> {
  return (await look([{ entry, at: 0 }], 'all')).leftOut.length > 0;
}

/** Class numbers of those that have a label. */
function numbered(
  raw: readonly (RawLabel | null)[],
  { classNames = null, classes = null, classIds = null }: Asked,
  path: string,
): { labels: (number | null)[]; warnings: string[] } {
  const fitted = classNumbers(
    raw.filter((label) => label !== null),
    classNames,
    classes,
    path,
    classIds,
  );
  let next = 0;
  return { labels: raw.map((label) => (label === null ? null : fitted.labels[next++]!)), warnings: fitted.warnings };
}

function missing(labels: readonly unknown[]): string[] {
  const without = labels.filter((label) => label === null).length;
  return without > 0 ? [`${without} of ${labels.length} images have no label.`] : [];
}
