import { UserError, isSystemError } from '../../shared/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { shown } from '../../shared/printable.ts';
import { parseTable, textLines, wholeNumber } from '../../shared/table.ts';
import { readRegularFile } from '../files/regular.ts';

/** Bytes: the largest published list, ImageNet-21k with all synonyms, has two million. */
const MOST = 16 * 2 ** 20;

/**
 * Reads the names of a model's classes from a file, in class order.
 * @param classes how many classes the model tells apart; null leaves the count unchecked
 * @throws UserError when the file cannot be read, is no regular file, or holds another number of names.
 */
export async function readClassNames(path: string, classes: number | null): Promise<string[]> {
  const bytes = await readRegularFile(path, { most: MOST }).catch((error: unknown) => {
    if (isSystemError(error)) throw new UserError(`The class names file ${path} cannot be read (${error.code}): check its path.`);
    throw error;
  });
  // Decoded without its byte order mark.
  const names = parseClassNames(new TextDecoder().decode(bytes), path);
  if (classes !== null && names.length !== classes)
    throw new UserError(
      `${path} holds ${names.length} class names, but the model has ${classes} classes: give the names that belong to this model.`,
    );
  return names;
}

/**
 * Class names from text: a name a line (commas may be part of it); a table of class number and name, told by a header or
 * by numbers in the first column; or JSON: an array of names, or an object from class number to name or from name to
 * class number (a name may be a list, as in Keras's ImageNet index: its last entry counts).
 * @param source how error messages call the text
 * @throws UserError when it cannot be read that way, or class numbers are not 0..K-1 (or 1..K), each once.
 */
export function parseClassNames(text: string, source: string): string[] {
  const names = /^\s*[[{]/.test(text) ? fromJson(text, source) : fromText(text, source);
  if (names.length === 0 || text.includes('\0'))
    throw new UserError(`${source} holds no class names: give a text file with one name a line.`);
  return names;
}

function fromText(text: string, source: string): string[] {
  const lines = textLines(text, source).map((line) => line.trim());
  const rows = parseTable(text, source);
  const header = rows[0]?.map((cell) => cell.toLowerCase()) ?? [];
  const number = header.findIndex((cell) => ['index', 'id', 'class', 'class_id', 'label'].includes(cell));
  const name = header.findIndex((cell, i) => i !== number && ['name', 'class_name', 'label_name', 'class', 'label'].includes(cell));
  if (number >= 0 && name >= 0) return ordered(rows.slice(1).map((row) => [wholeNumber(row[number] ?? ''), row[name] ?? '']), source);
  const numbered = lines.length > 1 && rows.every((row) => row.length >= 2 && wholeNumber(row[0]!) !== null);
  // The rest of the line is the name, commas and all.
  if (numbered) return ordered(rows.map((row) => [wholeNumber(row[0]!), row.slice(1).join(', ')]), source);
  return lines;
}

function fromJson(text: string, source: string): string[] {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new UserError(`${source} starts like JSON but is not valid JSON.`);
  }
  if (Array.isArray(value)) return value.map((name) => nameOf(name, source));
  const entries = Object.entries(value as object);
  const byName = entries.every(([, v]) => typeof v === 'number');
  return ordered(entries.map(([key, v]) => (byName ? [v as number, key] : [wholeNumber(key), nameOf(v, source)])), source);
}

function nameOf(value: unknown, source: string): string {
  const name: unknown = Array.isArray(value) ? value.at(-1) : value;
  if (typeof name !== 'string') throw new UserError(`${source} holds ${shown(value)} where a class name was expected.`);
  return name;
}

/** Names by class number; counting may start at 0 or 1. */
function ordered(pairs: [number | null, string][], source: string): string[] {
  const sorted = [...pairs].sort(([a], [b]) => (a ?? -1) - (b ?? -1));
  const first = sorted[0]?.[0];
  const complete = (first === 0 || first === 1) && sorted.every(([index], i) => index === first + i);
  if (!complete && pairs.length > 0)
    throw new UserError(`${source} does not number its ${pairs.length} classes from 0 (or 1) without gaps: give every class once.`);
  return sorted.map(([, name]) => name);
}
