import type { Sample } from '../../shared/plan.ts';
import type { Look } from './look.ts';

/** Which images are opened, and what is known of their classes. */
export interface OpenRequest {
  /** Files, folders, globs, data set files. */
  paths: string[];
  /** Labels file, or null: class folders or the data set's own labels, where there are any. */
  labels: string | null;
  /** Images left out at the start, and the most that are given; both count after labelling. */
  offset: number;
  limit: number | null;
  /** Drawn from what offset and limit leave. */
  sample?: Sample | undefined;
  /** Classes of the model, when known: labels are checked against it, and ones that count from 1 are recognised. */
  classes?: number | null;
  /** The model's class names, when known: class folders and labels given as words are looked up in them. */
  classNames?: readonly string[] | null;
  /** WordNet ids of the model's classes, where their names do not begin with them. */
  classIds?: readonly string[] | null;
  /** Class folders are numbered as Hairline did before it looked for their names one by one: of an audit that was begun so. */
  foldersByOrder?: boolean;
  /** Files of labels and class names that lie beside the pictures: they are no pictures that were left out. */
  lists?: readonly string[];
  /** Labels are of no use and not looked for. */
  unlabelled?: boolean;
  /** How many bits are in use of pictures that have 16 a value: as somebody said; or, of picture files, as was found before. */
  bits?: number | undefined;
  bitsFound?: number | undefined;
  /** How closely each is looked at before it is taken; by its header where nothing is said. */
  look?: Look;
  /** So many images are enough; the rest is not looked at. */
  enough?: number;
  /** Ids of those that are wanted; the others are not looked at. */
  only?: ReadonlySet<string>;
}

/** A whole set. */
export type Asked = Omit<OpenRequest, 'offset' | 'limit'>;
