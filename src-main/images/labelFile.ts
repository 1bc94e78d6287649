import { UserError } from '../../shared/errors.ts';
import { decodeText, demandUtf8 } from '../../shared/decodeText.ts';
import { parseJson } from '../../shared/json.ts';
import { shortened, shown } from '../../shared/printable.ts';
import { parseTable, wholeNumber } from '../../shared/table.ts';
import { readIdx, readNpy, readNumbers } from './arrayFile.ts';
import type { ArrayFile } from './arrayFile.ts';
import { openBytes } from './bytes.ts';
import { MOST_JSON, MOST_PICTURES, MOST_TEXT } from './limits.ts';
import { FILE_COLUMNS, LABEL_COLUMNS, columnName, fromOneHot, namesBeside } from './columns.ts';
import { plainPath } from './plainPath.ts';
import type { LabelFile, RawLabel } from './rawLabels.ts';
import { sniff } from './sniff.ts';

/**
 * Reads a file of labels: IDX or .npy of whole numbers (also with gzip), JSON (an array, an object from picture to
 * label, or what `byHand.ts` writes), or text: a label a line, or a table of picture and label with comma, semicolon or tab, with or without a
 * header; also `name label` with a space, as ImageNet's val.txt has it, and a column for each class with a single 1 in each row.
 * @throws UserError when it cannot be read that way.
 */
export async function readLabelFile(path: string): Promise<LabelFile> {
  const bytes = await openBytes(path, path);
  if (bytes.size === 0) throw new UserError(`The labels file ${path} is empty.`);
  const kind = sniff(await bytes.read(0, 16));
  if (kind === 'idx') return { kind: 'list', labels: await numbers(await readIdx(bytes, path)) };
  if (kind === 'npy') return { kind: 'list', labels: await numbers(await readNpy(bytes, path)) };
  if (kind !== null) throw new UserError(`${path} is no labels file but a ${kind.toUpperCase()} file.`);
  if (bytes.size > MOST_TEXT)
    throw new UserError(
      `The labels file ${path} has ${bytes.size.toLocaleString('en')} bytes, and ${MOST_TEXT.toLocaleString('en')} are plenty: check that it is the right file.`,
    );
  const text = decodeText(await bytes.read(0, bytes.size));
  if (text.includes('\0')) throw new UserError(`${path} is no labels file: it needs text, JSON, IDX or .npy.`);
  demandUtf8(text, path);
  if (/^\s*\{[^\n]*\}\s*\n\s*\{/.test(text))
    return fromRecords(
      text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => jsonOf(line, path)),
      path,
    );
  return /^\s*[[{]/.test(text) ? fromJson(text, path) : fromTable(text, path);
}

async function numbers(file: ArrayFile): Promise<number[]> {
  const [count = 1, ...rest] = file.dims;
  if (rest.some((d) => d !== 1))
    throw new UserError(`${file.name} has the shape ${file.dims.join('x')}: labels need one number per picture.`);
  if (count > MOST_PICTURES) throw new UserError(`${file.name} holds ${count.toLocaleString('en')} labels, more than there can be images.`);
  const values = Array.from(await readNumbers(file, 0, count));
  if (values.some((v) => !Number.isInteger(v)))
    throw new UserError(`${file.name} holds numbers that are not whole: labels are class numbers.`);
  return values;
}

function fromJson(text: string, path: string): LabelFile {
  if (text.length > MOST_JSON)
    throw new UserError(`The labels file ${path} is larger than ${MOST_JSON.toLocaleString('en')} bytes of JSON: give the labels as CSV.`);
  const value = jsonOf(text, path);
  if (Array.isArray(value) && value.length > 0 && value.every(isRecord)) return fromRecords(value, path);
  if (isRecord(value) && Array.isArray(value['annotations']) && Array.isArray(value['images']))
    throw new UserError(
      `The labels file ${path} is one of COCO, whose boxes are no label of a whole picture: give a table of picture and label.`,
    );
  const label = (v: unknown): RawLabel => {
    if (typeof v === 'number' && Number.isInteger(v)) return v;
    if (typeof v === 'string') return cell(v);
    throw new UserError(`The labels file ${path} holds ${shown(v)}, which is neither a class number nor a class name.`);
  };
  const list = (values: unknown[]): (RawLabel | null)[] => values.map((v) => (v === null ? null : label(v)));
  if (Array.isArray(value)) return { kind: 'list', labels: list(value) };
  const { labels, byHand, was } = value as { labels?: unknown; byHand?: unknown; was?: unknown };
  if (Array.isArray(labels) && Array.isArray(byHand)) {
    const before = Array.isArray(was) && was.length === byHand.length ? { was: list(was) } : {};
    return { kind: 'list', labels: list(labels), byHand: byHand.map((place) => placeOf(place, path)), ...before };
  }
  return { kind: 'map', labels: new Map(Object.entries(value as object).map(([name, v]) => [name, label(v)])) };
}

function jsonOf(text: string, path: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new UserError(`The labels file ${path} is not valid JSON.`);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Objects with the same keys, in a list or a line each as Hugging Face's metadata.jsonl has them: the rows of a table. */
function fromRecords(records: readonly unknown[], path: string): LabelFile {
  const [first] = records;
  const keys = isRecord(first) ? Object.keys(first) : [];
  const rows = records.map((record, i) => {
    if (!isRecord(record))
      throw new UserError(`The labels file ${path} holds ${shown(record)} in line ${i + 1}, where an object was expected.`);
    return keys.map((key) => {
      const value = record[key];
      return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value ?? '');
    });
  });
  return fromRows([keys, ...rows], path);
}

function placeOf(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new UserError(`The labels file ${path} holds ${shown(value)} where the place of an image was expected.`);
}

const cell = (text: string): RawLabel => wholeNumber(text) ?? text;

function fromTable(text: string, path: string): LabelFile {
  let rows = parseTable(text, `The labels file ${path}`);
  if (rows.length === 0) throw new UserError(`The labels file ${path} is empty.`);
  // `name label` with a space: only where every line ends in a number.
  const spaced = rows.every((row) => row.length === 1) ? rows.map(([line]) => atLastSpace(line!)) : [null];
  if (spaced.every((row) => row !== null)) rows = spaced;
  return fromRows(rows, path);
}

function fromRows(rows: string[][], path: string): LabelFile {
  const width = rows[0]!.length;
  const ragged = rows.findIndex((row) => row.length !== width);
  if (ragged >= 0)
    throw new UserError(`The labels file ${path} has ${rows[ragged]!.length} columns in line ${ragged + 1}, but ${width} in the first.`);
  if (width === 1) return { kind: 'list', labels: withoutHeader(rows).map(([v]) => cell(v!)) };
  const oneHot = fromOneHot(rows, path);
  if (oneHot) return oneHot;
  const { file, label: found, body } = columns(rows, path);
  const both = namesBeside(rows[0]!, body, found, file);
  const { label, name } = both ?? { label: found, name: null };
  const cells = (at: number): RawLabel[] => body.map((row) => cell(row[at]!));
  if (file === null) return { kind: 'list', labels: cells(label), ...(name !== null && { names: cells(name) }) };
  const byFile = (labels: readonly RawLabel[]) => new Map(body.map((row, i) => [row[file]!, labels[i]!] as const));
  return {
    kind: 'map',
    labels: byFile(cells(label)),
    ...(name !== null && { names: byFile(cells(name)) }),
    ...severalOf(body.map((row) => [row[file]!, [row[label]!, ...(name === null ? [] : [row[name]!])].join(' ')])),
  };
}

/** Pictures with several labels; none may be taken for the right one. */
function severalOf(rows: readonly (readonly [name: string, label: string])[]): { twice?: Map<string, string> } {
  const known = new Map<string, string>();
  const twice = new Map<string, string>();
  for (const [name, label] of rows) {
    const path = plainPath(name);
    const other = known.get(path) ?? label;
    if (other !== label) twice.set(path, `${shortened(other, 40)} and ${shortened(label, 40)}`);
    known.set(path, other);
  }
  return twice.size > 0 ? { twice } : {};
}

/** `name label`: what stands before and after the last space of a line that ends in a number. */
function atLastSpace(line: string): [string, string] | null {
  const at = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t'));
  const [name, label] = [line.slice(0, Math.max(0, at)).trim(), line.slice(at + 1)];
  return name !== '' && /^\d+$/.test(label) ? [name, label] : null;
}

/** A first line that is a word above nothing but numbers, or names the column, is a header. */
function withoutHeader(rows: string[][]): string[][] {
  const [first, ...rest] = rows;
  const header = LABEL_COLUMNS.includes(columnName(first![0]!));
  const odd = wholeNumber(first![0]!) === null && rest.length > 0 && rest.every(([v]) => wholeNumber(v!) !== null);
  return header || odd ? rest : rows;
}

function columns(rows: string[][], path: string): { file: number | null; label: number; body: string[][] } {
  const names = rows[0]!.map(columnName);
  const find = (wanted: string[], not = -1): number => wanted.map((name) => names.indexOf(name)).find((at) => at >= 0 && at !== not) ?? -1;
  const label = find(LABEL_COLUMNS);
  if (label >= 0) {
    const file = find(FILE_COLUMNS, label);
    return { file: file < 0 ? null : file, label, body: rows.slice(1) };
  }
  if (rows[0]!.length > 2)
    throw new UserError(
      `The labels file ${path} has ${rows[0]!.length} columns (${shortened(rows[0]!.join(', '), 80)}), none of them called label or class: name them in a first line, such as file,label.`,
    );
  // Two columns without a header: the one of whole numbers is the label; of two such, the first is the picture's number.
  const numeric = (at: number): boolean => rows.every((row) => wholeNumber(row[at]!) !== null);
  return numeric(0) && !numeric(1) ? { file: 1, label: 0, body: rows } : { file: 0, label: 1, body: rows };
}
