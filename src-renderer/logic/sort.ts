/** What an imported path is, by its name; the engine looks at the content later. */
export interface Sorted {
  /** A `.hairline` file: an earlier audit. */
  audit: string | null;
  model: string | null;
  labels: string | null;
  classNames: string | null;
  images: string[];
}

const WEIGHTS = /\.(data|bin|weights|weight|pb)$/i;
const TEXT = /\.(txt|csv|tsv|json)$/i;

/** Whether a file is named like a text that may hold labels or class names. */
export const isText = (path: string): boolean => TEXT.test(path);

/**
 * Sorts what was dropped into a model, label files and pictures. External weights go with their model.
 * @param told what texts hold, where their content tells; else their names do
 */
export function sortPaths(paths: readonly string[], told: ReadonlyMap<string, 'labels' | 'classNames' | null> = new Map()): Sorted {
  const sorted: Sorted = { audit: null, model: null, labels: null, classNames: null, images: [] };
  const labelled: string[] = [];
  const texts: string[] = [];
  const named: string[] = [];
  const hasModel = paths.some(isModel);
  for (const path of paths) {
    const name = baseName(path);
    if (/\.hairline$/i.test(name)) sorted.audit ??= path;
    else if (isModel(path)) sorted.model ??= path;
    else if (told.get(path)) (told.get(path) === 'labels' ? labelled : named).push(path);
    else if (/idx1-ubyte/i.test(name) || (/label/i.test(name) && /\.(txt|csv|tsv|json|npy|gz)$/i.test(name))) labelled.push(path);
    else if (TEXT.test(name)) (/class|name|categor|synset/i.test(name) ? named : texts).push(path);
    else if (!(hasModel && WEIGHTS.test(name))) sorted.images.push(path);
  }
  // One of each; what is left over goes to the engine with the pictures, which says what it is.
  const [labels, ...rest] = [...labelled, ...texts];
  const [classNames, ...others] = named;
  return { ...sorted, labels: labels ?? null, classNames: classNames ?? null, images: [...sorted.images, ...rest, ...others] };
}

/** Last part of a path of any system. */
export function baseName(path: string): string {
  return path.split(/[/\\]/).filter(Boolean).at(-1) ?? path;
}

/** The last part with its folder, which often is the class. */
export function withFolder(path: string): string {
  return path.split(/[/\\]/).slice(-2).join('/');
}

/** The folders that paths of any system lie in, each once. */
export function foldersOf(paths: readonly string[]): string[] {
  return [...new Set(paths.map(besides))];
}

/** The folder that a path of any system lies in. */
export function besides(path: string): string {
  return path.replace(/[/\\][^/\\]*$/, '');
}

function isModel(path: string): boolean {
  return /\.onnx$/i.test(path);
}
