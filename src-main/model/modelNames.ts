import { UserError } from '../../shared/errors.ts';
import { ints, strings } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { parseClasses } from './labels.ts';
import { namesFromJson } from './namesJson.ts';
import type { ClassList } from './ordered.ts';

/** Class names that a model file itself holds. */
export interface OwnNames extends ClassList {
  /** Where, as the end of a sentence: `its metadata "names"`. */
  where: string;
}

/** Metadata that programs keep class names under, without case, spaces and underscores: Ultralytics, fastai, Azure Custom Vision, and by hand. */
const KEYS =
  /^(class|label|category|categorie)?(name|label|class|categorie|category)(e?s)?(list|map)?$|^id2label$|^label2id$|^idxtoclass$|^classtoidx$/;
/** Longer text is something else. */
const MOST = 2 ** 20;

/**
 * The names of a model's classes from its own file: metadata, or the labels that an operator of ONNX-ML (ZipMap, a classifier) puts
 * out. What is not as many as the classes is something else.
 */
export function namesInModel(graph: Graph, classes: number): OwnNames | null {
  for (const { key, list } of listsIn(graph)) if (fits(list, classes)) return { ...list, where: `its metadata "${key}"` };
  for (const node of graph.nodes) {
    const names = strings(node, 'classlabels_strings') ?? ints(node, 'classlabels_int64s')?.map(String) ?? [];
    const plain = names.every((name, i) => name === String(i));
    if (!plain && fits({ names, ids: null }, classes)) return { names, ids: null, where: `the labels of its ${node.opType}` };
  }
  return null;
}

/** What is said of names in a file's metadata that are not as many as its classes; nothing where others are taken. */
export function strayNames(graph: Graph, classes: number): string[] {
  if (namesInModel(graph, classes) !== null) return [];
  const stray = listsIn(graph).find(({ list: { names } }) => names.length > 1 && names.length !== classes);
  return stray
    ? [
        `The file's metadata "${stray.key}" hold ${stray.list.names.length} names, and the model tells ${classes} classes apart: they are not taken.`,
      ]
    : [];
}

/** The lists of names among a file's metadata. */
function listsIn({ model }: Graph): { key: string; list: ClassList }[] {
  return model.metadataProps.flatMap(({ key, value }) => {
    const list = KEYS.test(key.toLowerCase().replaceAll(/[\s_.-]/g, '')) && value.length <= MOST ? listIn(value) : null;
    return list === null ? [] : [{ key, list }];
  });
}

const fits = ({ names }: ClassList, classes: number): boolean => names.length === classes && new Set(names).size === classes;

/** A list, a dictionary, names with commas or line ends between; null for anything else. */
function listIn(text: string): ClassList | null {
  try {
    const list = /^\s*\(/.test(text) ? namesFromJson(text, '') : parseClasses(text, '');
    return list.names.length > 1
      ? list
      : parseClasses(
          text
            .split(/[,;|]/)
            .map((name) => name.trim())
            .join('\n'),
          '',
        );
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}
