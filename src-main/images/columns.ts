import { UserError } from '../../shared/errors.ts';
import { shortened } from '../../shared/printable.ts';
import { wholeNumber } from '../../shared/table.ts';
import type { LabelFile } from './rawLabels.ts';

/** How tables call the picture and its class, without case, spaces and underscores; the first that is there counts. */
export const FILE_COLUMNS = [
  'file',
  'filename',
  'filepath',
  'path',
  'image',
  'imagename',
  'imagepath',
  'img',
  'picture',
  'imageid',
  'id',
  'name',
  'index',
];
export const LABEL_COLUMNS = [
  'label',
  'class',
  'target',
  'classid',
  'classindex',
  'labelid',
  'category',
  'categoryid',
  'classname',
  'labelname',
  'labels',
  'diagnosis',
  'dx',
  'groundtruth',
  'gt',
  'index',
  'y',
];

export const columnName = (cell: string): string => cell.toLowerCase().replaceAll(/[\s_-]/g, '');

/** Of these, such as may stand for the same class twice, as a number and as a word. */
const CLASS_COLUMNS = LABEL_COLUMNS.filter((name) => /^(label|class|categor|target$)/.test(name));

/**
 * Where a table has its classes both as numbers and as words: the columns of either. Null where it has but one.
 * @param label column that was found, by its name
 */
export function namesBeside(
  head: readonly string[],
  body: readonly string[][],
  label: number,
  file: number | null,
): { label: number; name: number } | null {
  const all = [label, ...head.flatMap((cell, at) => (CLASS_COLUMNS.includes(columnName(cell)) && at !== label && at !== file ? [at] : []))];
  const isNumber = (at: number): boolean => body.every((row) => wholeNumber(row[at]!) !== null);
  const [number, name] = [all.find(isNumber), all.find((at) => !isNumber(at))];
  return body.length > 0 && CLASS_COLUMNS.includes(columnName(head[label]!)) && number !== undefined && name !== undefined
    ? { label: number, name }
    : null;
}

const IS_BIT = /^[01](\.0*)?$/;
const isBit = (cell: string): boolean => IS_BIT.test(cell);
const isOne = (cell: string): boolean => cell.startsWith('1');

/**
 * A table with a column for each class, as sets of skin and eye pictures have it: 0 and 1, and a single 1 in each row. A row of zeros is a picture without label. Null for any other table.
 * @throws UserError where a row has several
 */
export function fromOneHot(rows: readonly string[][], path: string): LabelFile | null {
  const width = rows[0]!.length;
  // The first line, if it holds names.
  const head = rows[0]!.slice(1).every(isBit) ? null : rows[0]!;
  const body = head ? rows.slice(1) : rows;
  if (body.length === 0 || (head && LABEL_COLUMNS.some((name) => head.map(columnName).includes(name) && !FILE_COLUMNS.includes(name))))
    return null;
  const known = head ? FILE_COLUMNS.map((name) => head.map(columnName).indexOf(name)).find((at) => at >= 0) : undefined;
  const bits = Array.from({ length: width }, (_, at) => at).filter((at) => body.every((row) => isBit(row[at]!)));
  const file = known ?? (bits.includes(0) ? -1 : 0);
  const classes = bits.filter((at) => at !== file);
  const onesOf = (row: readonly string[]): number[] => classes.flatMap((at, i) => (isOne(row[at]!) ? [i] : []));
  if (classes.length < 2) return null;
  // With other columns between, 0 and 1 may mean something else.
  if (classes.length < width - (file < 0 ? 0 : 1) && !body.every((row) => onesOf(row).length === 1)) return null;
  const columns = classes.map((at, i) => head?.[at] ?? String(i));
  const labels = body.map((row, line): string | null => {
    const ones = onesOf(row);
    if (ones.length > 1) {
      const name = file < 0 ? `line ${line + 1}` : shortened(row[file]!, 80);
      throw new UserError(
        `${path} gives ${name} several classes at once (${ones.map((i) => shortened(columns[i]!, 40)).join(', ')}), which labels of an audit cannot say: give each picture one class, or leave such pictures out.`,
      );
    }
    return ones.length === 1 ? columns[ones[0]!]! : null;
  });
  if (file < 0) return { kind: 'list', labels, columns };
  return {
    kind: 'map',
    labels: new Map(body.flatMap((row, i) => (labels[i] === null ? [] : [[row[file]!, labels[i]!] as const]))),
    columns,
  };
}
